/** What a well-behaved pair of clients notices of attackers: the latency of paced SETs through the relay, with and without them. */
import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { encode, ready } from '../web/codec.js';
import { join } from './hostile/clients.mjs';
import { median, shuffled } from './lib/stats.mjs';
import { startServer } from './relay/child.mjs';

/** @typedef {import('./lib/table.mjs').Row} Row */
/** @typedef {{p50: number, p99: number}} Latency milliseconds from send() to the subscriber's handler */

const EVERY_MS = 5; // 200 SETs a second
const SAMPLES = 500; // of one run
const WARM_UP = 200; // before each run, not counted
const WORST = 2; // times the p99 without attackers
const SERVER = '../hostile/relay.mjs';
const ATTACKER = fileURLToPath(new URL('hostile/attacker.mjs', import.meta.url));
const SET = 0x21;

/**
 * Attackers stand for other machines: they get the time of the processor that is left over. With a low priority alone, a kernel
 * with lazy preemption may keep the relay waiting for them until its next tick.
 */
const IDLE = ['chrt', '--idle', '0'];
const HAS_IDLE = spawnSync(IDLE[0], [...IDLE.slice(1), 'true']).status === 0;

/** @param {string} kind @param {string} url */
function startAttacker(kind, url) {
  const idle = { execPath: IDLE[0], execArgv: [...IDLE.slice(1), process.execPath] };
  return fork(ATTACKER, [kind, url], HAS_IDLE ? idle : {});
}

/** Who attacks, and how the rows call it. */
const KINDS = {
  malformed: 'malformed messages',
  text: 'text messages',
  oversized: 'oversized messages',
  'slow-readers': 'readers that do not read',
  subscriptions: 'a flood of subscriptions',
  addresses: 'a flood of addresses',
  scope: 'messages beyond the scopes',
  handshakes: 'half-open handshakes',
  joined: 'joined frames',
  pings: 'WebSocket pings, not read',
};

/** A receiver and a sender. @param {string} url */
async function openPair(url) {
  const [receiver, sender] = [await join(url, 'pair'), await join(url, 'pair')];
  receiver.send(encode({ type: 'SUBSCRIBE', id: 1, pattern: '/pair/*', types: ['param'] }));
  return { receiver, sender };
}

/**
 * @param {Awaited<ReturnType<typeof openPair>>} pair
 * @param {number} [count]
 * @returns {Promise<Latency>}
 */
async function measure({ receiver, sender }, count = SAMPLES) {
  /** @type {number[]} */ const latencies = [];
  /** @type {number[]} */ const sent = [];
  const arrived = (/** @type {Buffer} */ data) => {
    if (data[4] === SET) latencies.push(performance.now() - sent[latencies.length]);
  };
  receiver.on('message', arrived);
  const start = performance.now();
  for (let i = 0; i < count; i++) {
    await wait(Math.max(start + i * EVERY_MS - performance.now(), 1));
    const frame = encode({ type: 'SET', address: `/pair/${i % 16}`, value: i });
    sent.push(performance.now());
    sender.send(frame);
  }
  while (latencies.length < count) await once(receiver, 'message');
  receiver.off('message', arrived);
  const sorted = latencies.toSorted((a, b) => a - b);
  return { p50: sorted[count >> 1], p99: sorted[Math.floor(count * 0.99)] };
}

/**
 * One relay, one pair: first alone, then with attackers around it.
 * @param {string} kind
 */
async function round(kind) {
  const server = await startServer(SERVER);
  const pair = await openPair(server.url);
  await measure(pair, WARM_UP);
  const quiet = await measure(pair);
  const attacker = startAttacker(kind, server.url);
  await once(attacker, 'message');
  await measure(pair, WARM_UP);
  const attacked = await measure(pair);
  const { cpu, memory } = await server.usage();
  attacker.disconnect();
  await once(attacker, 'exit');
  pair.receiver.terminate();
  pair.sender.terminate();
  await server.end();
  return { quiet, attacked, cpu, memory };
}

/**
 * @param {string} kind
 * @param {Awaited<ReturnType<typeof round>>[]} rounds
 * @returns {Row[]}
 */
function rowsOf(kind, rounds) {
  const row = (/** @type {'p50' | 'p99'} */ name, /** @type {'quiet' | 'attacked'} */ which) => {
    const runs = rounds.map((it) => it[which][name]);
    return {
      case: `latency ${name}, ${KINDS[/** @type {keyof typeof KINDS} */ (kind)]}`,
      contestant: which === 'quiet' ? 'undisturbed' : 'attacked',
      unit: 'ms',
      median: median(runs),
      min: Math.min(...runs),
      max: Math.max(...runs),
      runs: runs.length,
    };
  };
  const ratio = (/** @type {'p50' | 'p99'} */ name) =>
    median(rounds.map(({ quiet, attacked }) => attacked[name] / quiet[name]));
  return [
    row('p50', 'quiet'),
    { ...row('p50', 'attacked'), ratio: ratio('p50') },
    row('p99', 'quiet'),
    {
      ...row('p99', 'attacked'),
      ratio: ratio('p99'),
      goal: `<= ${WORST}× undisturbed`,
      met: ratio('p99') <= WORST,
    },
  ];
}

/**
 * @param {import('./run.mjs').BenchOptions} options
 * @returns {Promise<Row[]>}
 */
export async function run({ rounds = 5, only, note }) {
  await ready();
  const kinds = Object.keys(KINDS).filter((kind) => only.test(kind));
  /** @type {Map<string, Awaited<ReturnType<typeof round>>[]>} */
  const results = new Map(kinds.map((kind) => [kind, []]));
  for (let i = 0; i < rounds; i++) {
    for (const kind of shuffled(kinds, i)) results.get(kind)?.push(await round(kind));
  }
  note(
    `A SET each ${EVERY_MS} ms from one client to another through the relay, ${SAMPLES} in a run, 64 bytes at most; undisturbed and ` +
      'attacked take turns, each pair of runs on a relay of its own. Limits are those that the relay has by itself. Attackers run in ' +
      (HAS_IDLE
        ? 'a process of their own that gets the time of the processor which is left over (SCHED_IDLE).'
        : 'a process of their own with the lowest priority: for want of chrt, not with what time is left over alone.'),
  );
  return [...results].flatMap(([kind, runs]) => rowsOf(kind, runs));
}
