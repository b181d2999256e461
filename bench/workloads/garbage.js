/** Bytes of heap that a delivery leaves behind. Wants a young generation that is never full: see bench/dispatch.mjs. */
import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';

import { median } from '../lib/stats.mjs';
import { BEST_DISPATCHER, OUR_DISPATCHER, OURS } from './dispatchers.js';
import { CALLS, handlersOf, newTally, VALUES } from './handlers.js';
import { ownCopy } from './measure.js';
import { hotSets } from './subscriptions.js';

const CHUNK = 100_000; // deliveries; their garbage stays far below the young generation's size
const WARM_UP = 10; // chunks

/** When the heap was collected, in milliseconds of performance.now(). @type {number[]} */
const collections = [];
new PerformanceObserver((list) => {
  collections.push(...list.getEntries().map((entry) => entry.startTime));
}).observe({ entryTypes: ['gc'] });

/**
 * @param {(input: Uint8Array) => void} deliver
 * @param {Uint8Array[]} inputs
 * @param {number} count
 */
function deliverLoop(deliver, inputs, count) {
  const mask = inputs.length - 1;
  for (let i = 0; i < count; i++) deliver(inputs[i & mask]);
}

/** @param {() => void} work @returns {Promise<number>} bytes by which the heap has grown */
async function growth(work) {
  globalThis.gc?.();
  await setImmediate(); // the observer hears of collections between turns
  const before = getHeapStatistics().used_heap_size;
  const start = performance.now();
  work();
  const end = performance.now();
  const after = getHeapStatistics().used_heap_size;
  await setImmediate();
  if (collections.some((time) => time >= start && time <= end))
    throw new Error('the heap was collected while it was measured');
  return after - before;
}

/** Shows what measuring leaves behind itself. */
const nothing = () => {};

/**
 * Each SET reaches one handler.
 * @param {import('./dispatchers.js').DispatcherEntry} entry
 * @param {number} deliveries
 * @returns {Promise<number[]>} bytes for each delivery, by chunk
 */
async function measure({ name, encode, open }, deliveries) {
  const tally = newTally();
  const messages = hotSets(1000);
  const patterns = messages.map((message) => message.address);
  const handlers = handlersOf(patterns.length, tally);
  const { deliver, close } = await open(patterns, handlers, patterns);
  const inputs = messages.map(/** @type {NonNullable<typeof encode>} */ (encode));
  const loop = ownCopy(deliverLoop);
  const chunk = () => loop(deliver, inputs, CHUNK);
  for (let i = 0; i < WARM_UP; i++) await growth(chunk);
  const own = median([await growth(nothing), await growth(nothing), await growth(nothing)]);
  const bytes = [];
  for (let left = deliveries; left > 0; left -= CHUNK)
    bytes.push(((await growth(chunk)) - own) / CHUNK);
  close?.();
  if (tally[CALLS] !== deliveries + WARM_UP * CHUNK || !(tally[VALUES] > 0))
    throw new Error(`${name}: not every message reached its handler`);
  return bytes;
}

/** @type {{deliveries: number, only: string, name: string}} */
const { deliveries, only, name } = JSON.parse(process.argv[2]);
const found = [];
for (const entry of [OUR_DISPATCHER, BEST_DISPATCHER]) {
  if (!new RegExp(only).test(`${name} ${entry.name}`)) continue;
  const bytes = await measure(entry, deliveries);
  found.push({ name: entry.name, isOurs: entry.name === OURS, bytes });
}
process.stdout.write(JSON.stringify(found), () => process.exit());
