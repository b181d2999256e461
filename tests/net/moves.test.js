/** The path goes away in the middle of a run of acknowledged messages, at a round trip of 100 ms. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { lackOfNamespaces } from '../../scripts/lib/namespaces.mjs';
import { HEALS, HEAL_LIMIT, MOVES, runHeal, runMove } from './rig/moves.js';
import { DELAY_MS, openScene } from './rig/scene.js';

const RUNS = process.env.CLASP_LONG_TESTS ? 20 : 1;

describe('moves', { skip: lackOfNamespaces() }, () => {
  /** @type {import('./rig/scene.js').Scene} */
  let scene;

  before(async () => {
    scene = await openScene({ faults: { delay: DELAY_MS } });
  });
  after(() => scene?.close());

  for (const move of Object.values(MOVES)) {
    test(`${move.name}: nothing lost, nothing twice, ${move.limit} ms at most`, async () => {
      const gaps = [];
      for (let run = 0; run < RUNS; run++) {
        const { gap, gaps: both, steps, ...faults } = await runMove(scene, move);
        const text = JSON.stringify({ both, steps });
        assert.deepEqual(faults, { lost: 0, twice: 0, disordered: 0, refused: [] }, text);
        gaps.push({ gap, text });
      }
      gaps.sort((one, other) => one.gap - other.gap);
      const { gap, text } = gaps[Math.ceil(0.95 * RUNS) - 1];
      assert.ok(gap <= move.limit, `${gap} ms; ${text}`);
    });
  }

  for (const heal of Object.values(HEALS)) {
    test(`a direct path that heals is taken within ${HEAL_LIMIT} ms: ${heal.name}`, async () => {
      const { took, ...faults } = await runHeal(scene, heal);
      assert.deepEqual(faults, { lost: 0, twice: 0, disordered: 0, refused: [] });
      assert.ok(took <= HEAL_LIMIT, `after ${took} ms`);
    });
  }
});
