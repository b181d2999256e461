#!/usr/bin/env node
/** How long nothing arrives when the path between two peers goes away: each kind of move, many times. */
import { parseArgs } from 'node:util';
import { lackOfNamespaces } from '../../scripts/lib/namespaces.mjs';
import { Failure, main } from '../../scripts/lib/process.mjs';
import { HEALS, HEAL_LIMIT, MOVES, runHeal, runMove } from './rig/moves.js';
import { DELAY_MS, openScene } from './rig/scene.js';

/** @typedef {import('./rig/scene.js').Scene} Scene */

/** @param {Record<string, {name: string}>} kinds */
const list = (kinds) =>
  Object.entries(kinds)
    .map(([kind, { name }]) => `  ${kind.padEnd(14)} ${name}`)
    .join('\n');

const USAGE = `Usage: node tests/net/moves.mjs [options] [KIND…]

Takes the path between two peers away in the middle of a run of messages, at a round trip of ${4 * DELAY_MS} ms. Prints a line
of JSON for each run, and one for each kind, with times in milliseconds. Needs root and network namespaces.

Kinds (without one: all), the longest gap:
${list(MOVES)}
and how long it takes until a direct path that heals is taken:
${list(HEALS)}

  --runs N     of each kind (20)
  --steps      with what both peers told, and when
  --help       this text
`;

/**
 * @param {number[]} sorted
 * @param {number} share
 */
const quantile = (sorted, share) => sorted[Math.ceil(share * sorted.length) - 1];

/**
 * What is measured, in milliseconds: the longest gap of a move, or the time until a healed path is taken.
 * @typedef {{ms: number, lost: number, twice: number, disordered: number, refused: string[], steps?: unknown}} Outcome
 */

/** @type {Record<string, {limit: number, run: (scene: Scene) => Promise<Outcome>}>} */
const KINDS = { ...moves(), ...heals() };

function moves() {
  const entries = Object.entries(MOVES).map(([kind, move]) => {
    const run = async (/** @type {Scene} */ scene) => {
      const { gap, ...outcome } = await runMove(scene, move);
      return { ms: gap, ...outcome };
    };
    return [kind, { limit: move.limit, run }];
  });
  return Object.fromEntries(entries);
}

function heals() {
  const entries = Object.entries(HEALS).map(([kind, heal]) => {
    const run = async (/** @type {Scene} */ scene) => {
      const { took, ...outcome } = await runHeal(scene, heal);
      return { ms: took, ...outcome };
    };
    return [kind, { limit: HEAL_LIMIT, run }];
  });
  return Object.fromEntries(entries);
}

/**
 * @param {Scene} scene
 * @param {string} kind
 * @param {number} runs
 * @param {boolean} withSteps
 */
async function measure(scene, kind, runs, withSteps) {
  const { limit, run } = KINDS[kind];
  /** @type {number[]} */
  const times = [];
  const sum = { lost: 0, twice: 0, disordered: 0, refused: 0, failed: 0 };
  for (let number = 0; number < runs; number++) {
    try {
      const { steps, ...outcome } = await run(scene);
      console.log(JSON.stringify({ kind, number, ...outcome, ...(withSteps && { steps }) }));
      times.push(outcome.ms);
      for (const fault of /** @type {const} */ (['lost', 'twice', 'disordered'])) {
        sum[fault] += outcome[fault];
      }
      sum.refused += outcome.refused.length;
    } catch (error) {
      sum.failed++;
      console.log(JSON.stringify({ kind, number, failed: String(error) }));
    }
  }
  times.sort((a, b) => a - b);
  const [p50, p95, max] = [0.5, 0.95, 1].map((share) => quantile(times, share));
  console.log(JSON.stringify({ kind, runs, ms: { p50, p95, max }, limit, ...sum }));
}

await main(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      runs: { type: 'string', default: '20' },
      steps: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(USAGE);
  const unknown = positionals.find((kind) => !(kind in KINDS));
  if (unknown) throw new Failure(`there is no kind "${unknown}"\n\n${USAGE}`);
  const lack = lackOfNamespaces();
  if (lack) throw new Failure(lack);
  const scene = await openScene({ faults: { delay: DELAY_MS } });
  try {
    const kinds = positionals.length > 0 ? positionals : Object.keys(KINDS);
    for (const kind of kinds) await measure(scene, kind, Number(values.runs), values.steps);
  } finally {
    await scene.close();
  }
});
