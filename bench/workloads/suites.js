/** What `npm run bench` runs in each environment. */
import { codec } from './codec.js';
import { dispatch } from './dispatch.js';
import { measure } from './measure.js';

const SUITES = { codec, dispatch };

/** @typedef {{suite: keyof typeof SUITES, rounds: number, only: string}} WorkloadOptions */
/** @typedef {{results: import('./measure.js').Result[], notes: string[]}} Outcome */

/**
 * @param {WorkloadOptions} options
 * @returns {Promise<Outcome>}
 */
export async function runSuite({ suite, rounds, only }) {
  const { cases, notes } = SUITES[suite]();
  const results = [];
  for (const it of cases) {
    const result = await measure(it, { rounds, only: new RegExp(only) });
    if (result) results.push(result);
  }
  return { results, notes };
}
