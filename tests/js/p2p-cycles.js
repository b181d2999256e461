/** A program: so many times (its argument) an application with a peer, opened and closed, and nothing is left of them. Not a test. */
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { Core } from '../../js-glue/core.js';
import { PEER } from '../../js-glue/peer-module.js';
import { startRelay } from '../../relay/index.js';
import { ClaspP2P } from '../../web/peering.js';
import { LOCAL, countingRtc } from './peers.js';

const CYCLES = Number(process.argv[2]);
const AT_ONCE = 4;
const PATIENCE_MS = 8000;

const { counts, allClosed, rtc } = countingRtc();
const { signal } = new AbortController();

const core = await Core.load(PEER);

/** @param {string} clientId */
const make = (clientId) =>
  new ClaspP2P({ signaling: relay.url, rtcConfig: LOCAL, clientId, rtc, maxPeers: 16 });

/** How many of them the core can still give out. @param {'p2p' | 'session'} kind */
function free(kind) {
  /** @type {number[]} */ const handles = [];
  for (let handle; (handle = core.call(`${kind}_new`)) > 0;) handles.push(handle);
  for (const handle of handles) core.call(`${kind}_free`, handle);
  return handles.length;
}

/** What keeps a program alive, and what is left to give. */
const look = () => ({
  resources: process.getActiveResourcesInfo().sort(),
  planes: free('p2p'),
  sessions: free('session'),
});

/** Sockets and their timers have some turns to go. */
async function settled() {
  const until = performance.now() + PATIENCE_MS;
  while (look().resources.length > first.resources.length && performance.now() < until)
    await new Promise(setImmediate);
}

/** @param {number} number */
async function cycle(number) {
  const own = await make(`peer ${number}`).connect({ signal });
  own.know('host', host.session);
  const peer = await own.connectToPeer('host', { signal });
  await peer.set('/number', number, { signal });
  own.close();
}

const first = look();
const relay = await startRelay({ port: 0, rendezvous: false, messagesPerSecond: 100_000 });
const host = await make('host').connect();
let number = 0;
const work = async () => {
  while (number < CYCLES) await cycle(number++);
};
await Promise.all(Array.from({ length: AT_ONCE }, work));
host.close();
await relay.close();
assert.ok(counts.made > 2 * CYCLES);
await allClosed();
assert.equal(getEventListeners(signal, 'abort').length, 0);
await settled();
assert.deepEqual(look(), first);
console.log(number);
process.exit();
