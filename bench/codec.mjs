/** Messages a second, encoded and decoded, in Node and in Chromium. */
import { runEverywhere } from './lib/environments.mjs';
import { rowsOf } from './lib/rows.mjs';

/**
 * @param {import('./run.mjs').BenchOptions} options
 * @returns {Promise<import('./lib/table.mjs').Row[]>}
 */
export async function run({ rounds = 15, only, env, note }) {
  const outcomes = await runEverywhere({ suite: 'codec', rounds, only: only.source }, env);
  for (const { env, notes } of outcomes) notes.forEach((text) => note(`${env}: ${text}`));
  return outcomes.flatMap(({ env, results }) => results.flatMap((it) => rowsOf(env, it)));
}
