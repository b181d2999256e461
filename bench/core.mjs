/** The C core without a host: nanoseconds a message, and what follows from them. */
import { join } from 'node:path';

import { build } from '../scripts/lib/cmake.mjs';
import { must, step } from '../scripts/lib/process.mjs';

/** @typedef {import('./lib/table.mjs').Row} Row */
/** @typedef {{case: string, bytes: number, items: number, min: number, median: number, max: number, ticks: number, runs: number}} Measured
 * nanoseconds for each of the frame's items; `ticks`: 0 where the processor has no such counter */

const CONTESTANT = 'clasp-p2p, C';
const MEASURED = 'decode SET f64'; // frame and message
const GOAL = 20; // million messages a second

/** @param {Measured} measured @returns {Row[]} */
function rowsOf({ case: name, bytes, items, min, median, max, ticks, runs }) {
  const row = { case: name, contestant: CONTESTANT, runs };
  const rate = (/** @type {number} */ ns) => 1000 / ns;
  const goal = name === MEASURED ? { goal: `>= ${GOAL} M/s`, met: rate(median) >= GOAL } : {};
  const rows = [
    { ...row, unit: 'ns', median, min, max },
    { ...row, unit: 'M/s', median: rate(median), min: rate(max), max: rate(min), ...goal },
  ];
  const perTick = { ...row, unit: 'bytes/tick', median: bytes / items / ticks };
  return ticks > 0 ? [...rows, perTick] : rows;
}

/**
 * @param {import('./run.mjs').BenchOptions} options
 * @returns {Promise<Row[]>}
 */
export async function run({ rounds = 21, only, note }) {
  const folder = await build('native-release', 'bench_core');
  const program = join(folder, 'bench', 'bench_core');
  const output = await step('bench', 'the core', () => must(program, [String(rounds)]));
  const lines = output.split('\n').filter((line) => line.startsWith('{'));
  note(
    "A tick is the processor's time-stamp counter's: a cycle at the nominal clock, not a counted one.",
  );
  return lines
    .map((line) => /** @type {Measured} */ (JSON.parse(line)))
    .filter((it) => only.test(`${it.case} ${CONTESTANT}`))
    .flatMap(rowsOf);
}
