/** Messages through a relay in another process: one client to one, one to a hundred, and what an idle session costs. */
import { setImmediate as turn } from 'node:timers/promises';

import { lackOf, prepare } from '../scripts/lib/foreign.mjs';
import { ROUTER, startRouter } from '../scripts/lib/router.mjs';
import { encode, ready } from '../web/codec.js';
import { median, shuffled } from './lib/stats.mjs';
import { ours, raw, rawClient, theirs } from './relay/clients.mjs';
import { startServer } from './relay/child.mjs';

/** @typedef {import('./lib/table.mjs').Row} Row */
/** @typedef {Awaited<ReturnType<typeof startServer>>} Server */

const MESSAGES = 100_000; // of one run, one to one: half a second of the fastest, so that one pause of the machine is not the result
const BURST = 64; // sent in one turn of the event loop
const WINDOW = 2048; // sent and not yet arrived, at most; a client of ours takes 4,096 that are not acknowledged
const ROUTER_WINDOW = 512; // the router drops what is over 1,000 for one connection
const ROUTER_RATE = 4_000_000_000;
const LOST_MS = 60_000; // without the rest of a run
const RECEIVERS = 100;
const BROADCASTS = 2_000;
const BROADCAST_WINDOW = 64;
const IDLE = 5_000;

/**
 * @typedef {object} Pair
 * @property {'ours' | 'bare' | 'router'} server
 * @property {import('./relay/clients.mjs').Contestant} client
 * @property {number} subscriptions of the receiver
 * @property {[contestant: string, factor: number][]} goals at least so much of him
 */

/** One to one. @type {Record<string, Pair>} */
const PAIRS = {
  'raw ws, encoded before': { server: 'bare', client: raw, subscriptions: 1, goals: [] },
  '@clasp-to/core': { server: 'bare', client: theirs, subscriptions: 1, goals: [] },
  'clasp-p2p': {
    server: 'ours',
    client: ours,
    subscriptions: 1,
    goals: [
      ['raw ws, encoded before', 0.9],
      ['@clasp-to/core', 2.2],
    ],
  },
  'clasp-p2p, 1000 subscriptions': {
    server: 'ours',
    client: ours,
    subscriptions: 1000,
    goals: [['clasp-p2p', 0.85]],
  },
  'raw ws on the router of crates.io': {
    server: 'router',
    client: raw,
    subscriptions: 1,
    goals: [],
  },
  'clasp-p2p on the router of crates.io': {
    server: 'router',
    client: ours,
    subscriptions: 1,
    goals: [['raw ws on the router of crates.io', 0.9]],
  },
};

/**
 * Send as fast as what arrives allows.
 * @param {number} count
 * @param {number} window
 * @param {(arrived: () => void) => Promise<{send: (i: number) => void, close: () => void}>} open
 * @param {number} [each] deliveries of one message
 * @returns {Promise<number>} seconds from the first message to the last delivery
 */
async function timed(count, window, open, each = 1) {
  let arrivals = 0;
  /** @type {() => void} */ let moved = () => {};
  const pair = await open(() => {
    arrivals++;
    moved();
  });
  const room = (/** @type {number} */ sent) => sent - arrivals / each < window;
  const until = (/** @type {() => boolean} */ isSo) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('messages were lost on the way')), LOST_MS);
      moved = () => {
        if (!isSo()) return;
        clearTimeout(timer);
        resolve(undefined);
      };
      moved();
    });
  const start = performance.now();
  for (let sent = 0; sent < count;) {
    if (!room(sent)) await until(() => sent - arrivals / each < window / 2);
    for (const end = Math.min(sent + BURST, count); sent < end; sent++) pair.send(sent);
    await turn();
  }
  await until(() => arrivals >= count * each);
  const seconds = (performance.now() - start) / 1000;
  pair.close();
  return seconds;
}

/** @param {Record<string, {url: string}>} servers @param {string} name */
async function oneToOne(servers, name) {
  const { server, client, subscriptions } = PAIRS[name];
  const { url } = servers[server];
  const window = server === 'router' ? ROUTER_WINDOW : WINDOW;
  const open = (/** @type {() => void} */ arrived) => client(url, arrived, subscriptions);
  return MESSAGES / (await timed(MESSAGES, window, open));
}

/**
 * One to many. The receivers only count, so that the relay is what is measured.
 * @param {Server} server
 * @returns {Promise<{rate: number, cpu: number}>} deliveries a second; microseconds of the relay's CPU for each
 */
async function broadcast(server) {
  const receivers = await Promise.all(
    Array.from({ length: RECEIVERS }, () => rawClient(server.url, ['/bench/**'])),
  );
  const before = await server.usage();
  const seconds = await timed(
    BROADCASTS,
    BROADCAST_WINDOW,
    async (arrived) => {
      for (const receiver of receivers)
        receiver.on(
          'message',
          (/** @type {Buffer} */ data) => void (data[4] === 0x21 && arrived()),
        );
      const sender = await rawClient(server.url, []);
      const frames = Array.from({ length: 64 }, (_, i) =>
        encode({ type: 'SET', address: `/bench/${i}`, value: Math.random() }),
      );
      return { send: (i) => sender.send(frames[i & 63]), close: () => sender.terminate() };
    },
    RECEIVERS,
  );
  const after = await server.usage();
  for (const receiver of receivers) receiver.terminate();
  const deliveries = BROADCASTS * RECEIVERS;
  return { rate: deliveries / seconds, cpu: ((after.cpu - before.cpu) * 1000) / deliveries };
}

/** @param {Server} server @returns {Promise<number>} bytes for each idle session */
async function idle(server) {
  const before = await server.usage();
  const sockets = [];
  for (let i = 0; i < IDLE; i += 100) {
    const some = Array.from({ length: 100 }, (_, j) => rawClient(server.url, [`/idle/${i + j}`]));
    sockets.push(...(await Promise.all(some)));
  }
  const after = await server.usage();
  for (const socket of sockets) socket.terminate();
  return (after.memory - before.memory) / IDLE;
}

/**
 * @param {string} name
 * @param {string} contestant
 * @param {string} unit
 * @param {number[]} runs
 * @returns {Row}
 */
const rowOf = (name, contestant, unit, runs) => ({
  case: name,
  contestant,
  unit,
  median: median(runs),
  min: Math.min(...runs),
  max: Math.max(...runs),
  runs: runs.length,
});

/** @param {number[]} runs @param {number[]} others */
const ratioOf = (runs, others) => median(runs.map((value, round) => value / others[round]));

/** @param {Map<string, number[]>} rates @returns {Row[]} */
function pairRows(rates) {
  return [...rates].flatMap(([name, runs]) => {
    const row = rowOf(
      'one to one',
      name,
      'k/s',
      runs.map((rate) => rate / 1000),
    );
    const goals = PAIRS[name].goals.filter(([of]) => rates.has(of));
    if (goals.length === 0) return [row];
    return goals.map(([of, factor]) => {
      const ratio = ratioOf(runs, /** @type {number[]} */ (rates.get(of)));
      return { ...row, ratio, goal: `>= ${factor}× ${of}`, met: ratio >= factor };
    });
  });
}

/**
 * Ours against the bare one, in rows where less, or more, is better.
 * @param {string} name
 * @param {string} unit
 * @param {Record<string, number[]>} runs
 * @param {{least?: number, most?: number}} goal
 * @returns {Row[]}
 */
function serverRows(name, unit, { ours: own, bare }, { least, most }) {
  const ratio = ratioOf(own, bare);
  const met = least ? ratio >= least : ratio <= Number(most);
  const goal = `${least ? `>= ${least}` : `<= ${most}`}× bare ws`;
  return [
    rowOf(name, 'bare ws', unit, bare),
    { ...rowOf(name, 'clasp-p2p relay', unit, own), ratio, goal, met },
  ];
}

/** @param {() => Promise<void>} each @param {number} rounds */
async function repeat(each, rounds) {
  for (let round = 0; round < rounds; round++) await each();
}

/**
 * @param {import('./run.mjs').BenchOptions} options
 * @returns {Promise<Row[]>}
 */
export async function run({ rounds = 9, only, note }) {
  await ready();
  await prepare(ROUTER);
  const lack = lackOf(ROUTER);
  if (lack) note(`Without the router of crates.io: ${lack}`);
  const router = lack ? undefined : await startRouter(0, 300, ROUTER_RATE);
  const servers = { ours: await startServer('ours.mjs'), bare: await startServer('forwarder.mjs') };
  const all = { ...servers, ...(router && { router }) };
  const names = Object.keys(PAIRS).filter(
    (name) => PAIRS[name].server in all && only.test(`one to one ${name}`),
  );
  /** @type {Map<string, number[]>} */ const rates = new Map(names.map((name) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const name of shuffled(names, round)) {
      const rate = await oneToOne(all, name);
      if (round >= 0) rates.get(name)?.push(rate); // the round before the first warms everything up
    }
  }
  const rows = pairRows(rates);
  if (only.test('one to 100')) rows.push(...(await broadcastRows(servers, rounds)));
  for (const server of Object.values(servers)) await server.end();
  await router?.close();
  if (only.test('idle session')) rows.push(...(await idleRows(Math.min(rounds, 3))));
  note(
    `One to one: ${MESSAGES} SETs of 64 addresses, ${BURST} in a turn, at most ${WINDOW} under way; clients in one process, the ` +
      `relay in another (on the router at most ${ROUTER_WINDOW} under way); no rate limit. ` +
      'Ours answers each SET with an ACK and writes what belongs to one turn at once; the bare one ' +
      'does neither.',
  );
  return rows;
}

/** @param {Record<'ours' | 'bare', Server>} servers @param {number} rounds */
async function broadcastRows(servers, rounds) {
  /** @type {Record<string, number[]>} */ const rates = { ours: [], bare: [] };
  /** @type {Record<string, number[]>} */ const cpus = { ours: [], bare: [] };
  let round = 0;
  await repeat(async () => {
    for (const name of shuffled(/** @type {('ours' | 'bare')[]} */ (['ours', 'bare']), round++)) {
      const { rate, cpu } = await broadcast(servers[name]);
      rates[name].push(rate / 1000);
      cpus[name].push(cpu);
    }
  }, rounds);
  return [
    ...serverRows(`one to ${RECEIVERS}, deliveries`, 'k/s', rates, { least: 0.9 }),
    ...serverRows(`one to ${RECEIVERS}, the relay's CPU for each`, 'us', cpus, { most: 1.15 }),
  ];
}

/** Each time in a process of its own: what a process has taken it keeps. @param {number} rounds */
async function idleRows(rounds) {
  /** @type {Record<string, number[]>} */ const bytes = { ours: [], bare: [] };
  await repeat(async () => {
    for (const [name, file] of [
      ['ours', 'ours.mjs'],
      ['bare', 'forwarder.mjs'],
    ]) {
      const server = await startServer(file);
      bytes[name].push((await idle(server)) / 1000);
      await server.end();
    }
  }, rounds);
  return serverRows(`memory of one idle session of ${IDLE}`, 'KB', bytes, { most: 1.5 });
}
