/** From what was measured to the lines of a table. */
import { median } from './stats.mjs';

/** @typedef {import('./table.mjs').Row} Row */
/** @typedef {import('../workloads/measure.js').Goal} Goal */
/** @typedef {import('../workloads/measure.js').Result} Result */

/**
 * @param {Goal} goal
 * @param {Map<string, number[]>} rates
 * @returns {Pick<Row, 'ratio' | 'goal' | 'met'> | undefined} undefined when no rival took part
 */
function judged({ of, rivals, factor, isAbove }, rates) {
  const present = rivals.filter((name) => rates.has(name));
  if (present.length === 0) return undefined;
  const medianOf = (/** @type {string} */ name) => median(ratesOf(name));
  const ratesOf = (/** @type {string} */ name) => /** @type {number[]} */ (rates.get(name));
  const best = present.reduce((a, b) => (medianOf(b) > medianOf(a) ? b : a));
  const ratio = median(ratesOf(of).map((rate, round) => rate / ratesOf(best)[round]));
  return {
    ratio,
    goal: `${isAbove ? '>' : '>='} ${factor}× ${best}`,
    met: isAbove ? ratio > factor : ratio >= factor,
  };
}

/**
 * A line for each contestant, and one for each goal of his.
 * @param {string} env
 * @param {Result} result
 * @returns {Row[]}
 */
export function rowsOf(env, { name, goals, rates }) {
  const table = new Map(rates);
  return rates.flatMap(([contestant, runs]) => {
    const row = {
      case: `${name}, ${env}`,
      contestant,
      unit: 'k/s',
      median: median(runs) / 1000,
      min: Math.min(...runs) / 1000,
      max: Math.max(...runs) / 1000,
      runs: runs.length,
    };
    const judgements = goals
      .filter((goal) => goal.of === contestant)
      .map((goal) => judged(goal, table))
      .filter((it) => it !== undefined);
    return judgements.length > 0 ? judgements.map((it) => ({ ...row, ...it })) : [row];
  });
}
