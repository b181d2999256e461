/** From the figures of all rounds to the lines of the table. */
import { median } from '../lib/stats.mjs';
import { NOISE } from './cases.mjs';

/** @typedef {import('../lib/table.mjs').Row} Row */
/** @typedef {import('./cases.mjs').Case} Case */
/** @typedef {import('./cases.mjs').Figure} Figure */
/** @typedef {import('./cases.mjs').Goal} Goal */

/** What was measured: case, contestant and figure, then round by round. */
export class Results {
  /** @type {Map<string, number[]>} */
  #rounds = new Map();
  /** Runs that had to be done again. @type {string[]} */ failures = [];

  /** @param {string} name of the case @param {string} contestant @param {Record<string, number>[]} samples of one round */
  add(name, contestant, samples) {
    for (const key of Object.keys(samples[0])) {
      const entry = `${name}/${contestant}/${key}`;
      const rounds = this.#rounds.get(entry) ?? [];
      this.#rounds.set(entry, rounds);
      rounds.push(median(samples.map((sample) => sample[key])));
    }
  }

  /** @param {string} name @param {string} contestant @param {string} key @returns {number[] | undefined} undefined: did not take part */
  of(name, contestant, key) {
    return this.#rounds.get(`${name}/${contestant}/${key}`);
  }
}

/** @param {number[]} values @param {number[]} base */
const ratioOf = (values, base) => median(values.map((value, round) => value / base[round]));

/** @param {Results} results @param {Case} it @param {Figure} figure @param {Goal} goal */
function rivalOf(results, it, { key, more }, { to, toCase = it.name }) {
  const rivals = [to ?? []].flat().flatMap((name) => {
    const rounds = results.of(toCase, name, key);
    return rounds ? [{ name, rounds }] : [];
  });
  const isBetter = (/** @type {number[]} */ a, /** @type {number[]} */ b) =>
    more ? median(a) > median(b) : median(a) < median(b);
  return rivals.reduce(
    (best, rival) => (best && !isBetter(rival.rounds, best.rounds) ? best : rival),
    /** @type {{name: string, rounds: number[]} | undefined} */ (undefined),
  );
}

/** How far raw is from raw, as a ratio on the side that is worse. @param {Results} results @param {Case} it @param {Figure} figure */
function noiseOf(results, it, { key, more }) {
  const again = results.of(it.name, NOISE, key);
  const base = results.of(it.name, it.entries[0].contestant, key);
  if (!again || !base) return 1;
  const ratio = ratioOf(again, base);
  return more ? Math.min(ratio, 1 / ratio) : Math.max(ratio, 1 / ratio);
}

/**
 * @param {Results} results
 * @param {Case} it
 * @param {Figure} figure
 * @param {Goal} goal
 * @param {number[]} rounds
 * @returns {Pick<Row, 'ratio' | 'goal' | 'met'> | undefined} undefined when nobody is there to be measured against
 */
function judged(results, it, figure, goal, rounds) {
  const sign = figure.more ? '>=' : '<=';
  const isMet = (/** @type {number} */ value, /** @type {number} */ limit) =>
    figure.more ? value >= limit : value <= limit;
  if (goal.to === undefined)
    return { goal: `${sign} ${goal.limit} ${figure.unit}`, met: isMet(median(rounds), goal.limit) };
  const rival = rivalOf(results, it, figure, goal);
  if (!rival) return undefined;
  const ratio = ratioOf(rounds, rival.rounds);
  const noise = goal.noise ? noiseOf(results, it, figure) : 1;
  return {
    ratio,
    goal: `${sign} ${goal.limit}× ${rival.name}${goal.toCase ? ` in ${goal.toCase}` : ''}`,
    met: isMet(ratio, goal.limit) || (noise !== 1 && isMet(ratio, noise)),
  };
}

/**
 * A line for each contestant and figure, and one for each goal of his.
 * @param {Results} results
 * @param {Case} it
 * @returns {Row[]}
 */
export function rowsOf(results, it) {
  const base = it.entries[0].contestant;
  return it.figures.flatMap((figure) =>
    it.entries.flatMap(({ contestant }) => {
      const rounds = results.of(it.name, contestant, figure.key);
      if (!rounds) return [];
      const baseRounds = results.of(it.name, base, figure.key);
      const row = {
        case: `${it.name}, ${figure.name}`,
        contestant,
        unit: figure.unit,
        median: median(rounds),
        min: Math.min(...rounds),
        max: Math.max(...rounds),
        runs: rounds.length,
        ...(baseRounds && contestant !== base ? { ratio: ratioOf(rounds, baseRounds) } : {}),
      };
      const judgements = it.goals
        .filter((goal) => goal.figure === figure.key && goal.of === contestant)
        .map((goal) => judged(results, it, figure, goal, rounds))
        .filter((judgement) => judgement !== undefined);
      return judgements.length > 0
        ? judgements.map((judgement) => ({ ...row, ...judgement }))
        : [row];
    }),
  );
}
