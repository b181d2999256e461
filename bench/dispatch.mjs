/** Messages a second, from the bytes of a SET to its handlers, in Node and in Chromium; and the garbage that they leave. */
import { step } from '../scripts/lib/process.mjs';
import { runEverywhere, runProgram } from './lib/environments.mjs';
import { rowsOf } from './lib/rows.mjs';
import { median } from './lib/stats.mjs';

const CASE = 'garbage of a hot SET float, Node';
const GOAL = 16; // bytes of heap for each delivery, beside the buffer that arrives
const DELIVERIES = 10_000_000;
/** New objects have so much room that no collection falls into what is measured. */
const ROOMY = ['--expose-gc', '--min-semi-space-size=128', '--max-semi-space-size=128'];

/**
 * @param {RegExp} only
 * @returns {Promise<import('./lib/table.mjs').Row[]>}
 */
async function garbage(only) {
  const options = { deliveries: DELIVERIES, only: only.source, name: CASE };
  /** @type {{name: string, isOurs: boolean, bytes: number[]}[]} */
  const found = await runProgram('garbage.js', options, ROOMY);
  return found.map(({ name, isOurs, bytes }) => {
    const left = Math.round(median(bytes) * 100) / 100; // some bytes are the measuring loop's
    return {
      case: CASE,
      contestant: name,
      unit: 'bytes',
      median: left,
      min: Math.min(...bytes),
      max: Math.max(...bytes),
      runs: bytes.length,
      ...(isOurs ? { goal: `<= ${GOAL}`, met: left <= GOAL } : {}),
    };
  });
}

/**
 * @param {import('./run.mjs').BenchOptions} options
 * @returns {Promise<import('./lib/table.mjs').Row[]>}
 */
export async function run({ rounds = 15, only, env, note }) {
  const outcomes = await runEverywhere({ suite: 'dispatch', rounds, only: only.source }, env);
  const rows = outcomes.flatMap(({ env, results }) => results.flatMap((it) => rowsOf(env, it)));
  outcomes[0].notes.forEach(note);
  if (env === 'chromium') return rows;
  return [...rows, ...(await step('bench', 'garbage in Node', () => garbage(only)))];
}
