/** Data channels between two tabs of Chromium: set-up, latency, bulk and small messages, against what else there is. */
import { Failure } from '../scripts/lib/process.mjs';
import { CASES, TABS } from './channel/cases.mjs';
import { Results, rowsOf } from './channel/goals.mjs';
import { run as runIn, Tabs } from './channel/tabs.mjs';
import { shuffled } from './lib/stats.mjs';

/** @typedef {import('./channel/cases.mjs').Case} Case */
/** @typedef {import('./channel/cases.mjs').Entry} Entry */

const NOTES = [
  'Each contestant has two tabs of its own in one browser, on the loopback interface, with addresses in candidates. Ratios are taken round by round: to the first line of the case, or to whom the goal names.',
  'raw, peerjs and p2p pause at 1 MiB in the browser and go on at half of it; simple-peer has the back-pressure of its stream.',
  'Signalling of raw, simple-peer and p2p is JSON by a WebSocket forwarder, that of peerjs a minimal PeerServer; raw by the relay takes the same relay as this package.',
  'peerjs has serialization raw. Its unreliable connections are merely unordered.',
  'p2p 0.14.0 is what a bundler finds, its file dist/p2p.esm.js; imported in Node it fails, since the package lacks src/sender.js.',
];

/** @param {Case} it @param {RegExp} only @returns {Case} with those that `only` matches, and whom they are measured against */
function narrowed(it, only) {
  const isWanted = (/** @type {Entry} */ { contestant }) => only.test(`${it.name} ${contestant}`);
  const isBase = (/** @type {number} */ i) => i === 0 && it.entries.some(isWanted);
  const entries = it.entries.filter((entry, i) => isBase(i) || isWanted(entry));
  return { ...it, entries };
}

const TRIES = 3;

/** One run; in new tabs when it fails. @param {Tabs} tabs @param {Case} it @param {Entry} entry @param {Results} results */
async function sample(tabs, it, { contestant, tabs: name = contestant, use }, results) {
  for (let left = TRIES; ; left--) {
    const pair = await tabs.pair(name, TABS[name]);
    try {
      return await runIn(pair, it.workload, { ...it.use, ...use });
    } catch (error) {
      const words = `${it.name}, ${contestant}: ${/** @type {Error} */ (error).message}`;
      if (left === 1) throw new Failure(words);
      results.failures.push(words);
      await tabs.discard(name);
    }
  }
}

/** One round: everybody's samples, interleaved. @param {Tabs} tabs @param {Case} it @param {number} round @param {number} rounds @param {Results} results */
async function runRound(tabs, it, round, rounds, results) {
  /** @type {Map<Entry, Record<string, number>[]>} */
  const samples = new Map(it.entries.map((entry) => [entry, []]));
  const timesOf = (/** @type {Entry} */ { least = 1 }) => Math.ceil(least / rounds);
  const most = Math.max(...it.entries.map(timesOf));
  for (let time = 0; time < most; time++) {
    const present = it.entries.filter((entry) => time < timesOf(entry));
    for (const entry of shuffled(present, round * most + time))
      samples.get(entry)?.push(await sample(tabs, it, entry, results));
  }
  for (const [{ contestant }, list] of samples) results.add(it.name, contestant, list);
}

/**
 * @param {import('./run.mjs').BenchOptions} options
 * @returns {Promise<import('./lib/table.mjs').Row[]>}
 */
export async function run({ rounds = 5, only, note }) {
  const cases = CASES.map((it) => narrowed(it, only)).filter(({ entries }) => entries.length > 0);
  const results = new Results();
  const tabs = await Tabs.open();
  try {
    for (const it of cases) {
      if (!it.cold) for (const entry of it.entries) await sample(tabs, it, entry, results); // warms it up
      for (let round = 0; round < rounds; round++) await runRound(tabs, it, round, rounds, results);
    }
  } finally {
    await tabs.close();
  }
  NOTES.forEach(note);
  for (const failure of results.failures) note(`Done again in new tabs: ${failure}.`);
  return cases.flatMap((it) => rowsOf(results, it));
}
