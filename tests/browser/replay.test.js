/** What real pages asked of their core is asked again natively, where the sanitizers look on. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { build } from '../../scripts/lib/cmake.mjs';
import { ROOT, run } from '../../scripts/lib/process.mjs';
import { launch } from './support/chromium.js';
import { endAll } from './support/lifetime.js';
import { noFaults } from './support/pages.js';
import { PeerPage } from './support/peer.js';
import { openRelay } from './support/relay.js';
import { startSite } from './support/site.js';

const RECORDINGS = join(ROOT, 'build', 'recordings');
const ROUNDS = 10; // of a message each way, and a new state
const ROLES = /** @type {const} */ (['sender', 'receiver']);

/** @type {import('./support/site.js').Site} */
let site;
/** @type {Awaited<ReturnType<typeof openRelay>>} */
let relay;
/** @type {import('./support/chromium.js').Chromium[]} */
let browsers;
/** @type {string} */
let replay;

before(async () => {
  await build('wasm-release'); // both from the same sources
  replay = join(await build('native-debug', 'replay'), 'tests', 'c', 'replay');
  [site, relay, ...browsers] = await Promise.all([startSite(), openRelay(), launch(), launch()]);
});

after(endAll);

afterEach(noFaults);

/** @returns {Promise<Record<'sender' | 'receiver', PeerPage>>} in a browser of its own each */
async function openBoth() {
  const opened = ROLES.map(async (role, i) => {
    const context = await browsers[i].context();
    return PeerPage.open(context, site, { role, room: 'recorded', relay: relay.url, record: '1' });
  });
  const [sender, receiver] = await Promise.all(opened);
  return { sender, receiver };
}

test('a recorded call between two browsers replays natively to the same effects', async (t) => {
  const pages = await openBoth();
  await Promise.all([pages.sender.next('channel'), pages.receiver.next('channel')]);
  for (let round = 1; round <= ROUNDS; round++) {
    await pages.sender.call('send', `${round}: to the receiver`);
    await pages.receiver.next('message');
    await pages.receiver.call('send', `${round}: to the sender`);
    await pages.sender.next('message');
    await pages.sender.call('sync', { round });
    await pages.receiver.next('sync', ({ state }) => state.round === round);
  }
  await pages.sender.call('stop');
  await pages.receiver.next('dispose');
  await pages.receiver.call('stop');

  mkdirSync(RECORDINGS, { recursive: true });
  for (const role of ROLES) {
    const file = join(RECORDINGS, `${role}.clrp`);
    writeFileSync(file, new Uint8Array(await pages[role].call('recording')));
    const { code, output } = await run(replay, [file]);
    assert.equal(code, 0, output);
    const [, calls, effects] = /: (\d+) calls, (\d+) effects identical\n$/.exec(output) ?? [];
    assert.ok(Number(calls) > 50 && Number(effects) > 20, output);
    t.diagnostic(`${role}: ${calls} calls, ${effects} effects`);
  }
});
