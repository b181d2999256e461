#!/usr/bin/env node
/** How long nothing arrives when the path between two peers goes away: each kind of move, many times. */
import { parseArgs } from 'node:util';
import { lackOfNamespaces } from '../../scripts/lib/namespaces.mjs';
import { Failure, main } from '../../scripts/lib/process.mjs';
import { MOVES, runMove } from './rig/moves.js';
import { DELAY_MS, openScene } from './rig/scene.js';

const USAGE = `Usage: node tests/net/moves.mjs [options] [${Object.keys(MOVES).join('] [')}]

Moves a host to another NAT in the middle of a run, at a round trip of ${4 * DELAY_MS} ms, and prints a line of JSON for each
run and for each kind of move. Without a kind: all. Needs root and network namespaces.

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
 * @param {import('./rig/scene.js').Scene} scene
 * @param {string} kind
 * @param {number} runs
 * @param {boolean} withSteps
 */
async function measure(scene, kind, runs, withSteps) {
  /** @type {number[]} */
  const gaps = [];
  const faults = { lost: 0, twice: 0, disordered: 0, refused: 0, failed: 0 };
  for (let run = 0; run < runs; run++) {
    try {
      const { steps, ...result } = await runMove(scene, MOVES[kind]);
      console.log(JSON.stringify({ kind, run, ...result, ...(withSteps && { steps }) }));
      gaps.push(result.gap);
      for (const key of /** @type {const} */ (['lost', 'twice', 'disordered']))
        faults[key] += result[key];
      faults.refused += result.refused.length;
    } catch (error) {
      faults.failed++;
      console.log(JSON.stringify({ kind, run, failed: String(error) }));
    }
  }
  gaps.sort((a, b) => a - b);
  const [p50, p95, max] = [0.5, 0.95, 1].map((share) => quantile(gaps, share));
  console.log(
    JSON.stringify({ kind, runs, gap: { p50, p95, max }, limit: MOVES[kind].limit, ...faults }),
  );
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
  const unknown = positionals.find((kind) => !(kind in MOVES));
  if (unknown) throw new Failure(`there is no kind "${unknown}"\n\n${USAGE}`);
  const lack = lackOfNamespaces();
  if (lack) throw new Failure(lack);
  const scene = await openScene({ faults: { delay: DELAY_MS } });
  try {
    const kinds = positionals.length > 0 ? positionals : Object.keys(MOVES);
    for (const kind of kinds) await measure(scene, kind, Number(values.runs), values.steps);
  } finally {
    await scene.close();
  }
});
