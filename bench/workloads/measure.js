/** Contestants side by side: the same code in Node and in pages. */
import { randomBits, shuffled } from '../lib/stats.mjs';

/** Milliseconds that one sample of one contestant should last: long against the clock's step, short against the machine's moods. */
const SAMPLE_MS = 20;
/** Milliseconds of running before the first sample: by then the engine has compiled what it is going to. */
const WARM_UP_MS = 100;

/**
 * @typedef {object} Running a contestant that is ready, its results checked
 * @property {(count: number) => number} run does so many operations; gives a sum of what they made, so that none can be left out
 * @property {(count: number) => void} [prepare] makes what so many operations use up; not timed
 * @property {() => void} [close]
 */

/**
 * @typedef {object} Contestant
 * @property {string} name
 * @property {number} [weight] messages of one operation; 1 unless said
 * @property {number} [most] operations in one sample, at most
 * @property {() => Running | Promise<Running>} open throws when its results are not right
 */

/**
 * @typedef {object} Goal the ratio of one contestant to the best of its rivals, round by round
 * @property {string} of
 * @property {string[]} rivals the best is the one with the highest median
 * @property {number} factor
 * @property {boolean} [isAbove] the ratio has to be above the factor; else the factor itself will do
 */

/** @typedef {{name: string, contestants: Contestant[], goals: Goal[]}} Case */
/** @typedef {{name: string, goals: Goal[], rates: [string, number[]][]}} Result `rates`: messages a second, by contestant, round by round */

let copies = 0;

/**
 * A function of its own from the text of one that uses nothing around it. Engines keep what they learn about types and calls with
 * the function: so no contestant's loop is shaped by another one's objects.
 * @template {Function} F
 * @param {F} original
 * @returns {F}
 */
export function ownCopy(original) {
  return new Function(`return (${original}); // copy ${++copies}`)();
}

let sum = 0; // of everything that any contestant made

/** @param {Running} running @param {number} count @returns {number} milliseconds */
function sample({ run, prepare }, count) {
  prepare?.(count);
  const start = performance.now();
  sum += run(count);
  return performance.now() - start;
}

/**
 * Warm up.
 * @param {Running} running
 * @param {number} most
 * @returns {number} operations that take SAMPLE_MS
 */
function calibrated(running, most) {
  for (let count = 1, spent = 0; ;) {
    const took = sample(running, count);
    const wanted = took > 0 ? Math.max(1, Math.round((count * SAMPLE_MS) / took)) : Infinity;
    spent += took;
    if (spent >= WARM_UP_MS) return Math.min(wanted, most);
    count = Math.min(wanted, count * 4, most);
  }
}

/** Let the page, or the process, do what else it has to. */
const pause = () => new Promise((resolve) => setTimeout(resolve));

/**
 * @param {Case} it
 * @param {{rounds: number, only: RegExp}} options
 * @returns {Promise<Result | undefined>} undefined when there is nobody left
 */
export async function measure({ name, contestants, goals }, { rounds, only }) {
  const entries = [];
  for (const contestant of contestants.filter((it) => only.test(`${name} ${it.name}`))) {
    const running = await contestant.open();
    const count = calibrated(running, contestant.most ?? Infinity);
    entries.push({ ...contestant, running, count, rates: /** @type {number[]} */ ([]) });
  }
  if (entries.length === 0) return undefined;
  for (let round = 0; round < rounds; round++) {
    for (const { running, count, weight = 1, rates } of shuffled(entries, round)) {
      const took = sample(running, count);
      rates.push((count * weight * 1000) / took);
    }
    await pause();
  }
  if (Number.isNaN(sum)) throw new Error(`${name}: somebody made something that is no number`);
  for (const { running } of entries) running.close?.();
  return { name, goals, rates: entries.map((entry) => [entry.name, entry.rates]) };
}

/**
 * Random numbers from 0 to 1, all 53 bits of them; the same in every run.
 * @param {number} seed
 */
export function randomNumbers(seed) {
  const next = randomBits(seed);
  return () => ((next() >>> 5) * 2 ** 26 + (next() >>> 6)) / 2 ** 53;
}

/**
 * Whether everything that `expected` has is in `actual`, too.
 * @param {any} expected
 * @param {any} actual any: both are whatever JSON and bytes may be
 * @returns {boolean}
 */
export function holds(expected, actual) {
  if (typeof expected !== 'object' || expected === null) return Object.is(expected, actual);
  if (typeof actual !== 'object' || actual === null) return false;
  if ('length' in expected && expected.length !== actual.length) return false;
  return Object.keys(expected).every((key) => holds(expected[key], actual[key]));
}
