/** The path goes away in the middle of a run of acknowledged messages, at a round trip of 100 ms. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { lackOfNamespaces } from '../../scripts/lib/namespaces.mjs';
import { MOVES, runMove } from './rig/moves.js';
import { withPeers } from './rig/peers.js';
import { DELAY_MS, openScene } from './rig/scene.js';

const RUNS = process.env.CLASP_LONG_TESTS ? 20 : 1;
const ROUTERS = /** @type {const} */ (['ra', 'rb']);
const DIRECT = ['srflx', 'prflx'];
const HEALED_MS = 5000;

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

  for (const kind of /** @type {const} */ (['node', 'chromium'])) {
    test(`a direct path that heals is taken again within ${HEALED_MS} ms: ${kind}`, async () => {
      const { world } = scene;
      await world.move('ra');
      for (const router of ROUTERS) await world.route(router, 'cone');
      await withPeers(scene, [kind, kind], {}, async (a, b) => {
        const both = (/** @type {string[]} */ types) =>
          Promise.all([a, b].map((peer) => peer.call('pathOf', types)));
        await both(DIRECT);
        const sending = a.call('send', 'set', { count: 750, every: 20 });
        for (const router of ROUTERS) await world.route(router, 'cone', ['udp', 'turn']);
        await both(['router']);
        for (const router of ROUTERS) await world.route(router, 'cone');
        const healed = Date.now();
        const times = (await both(DIRECT)).map(({ at }) => at - healed);
        assert.ok(Math.max(...times) <= HEALED_MS, `after ${times} ms`);
        assert.deepEqual((await sending).refused, []);
        await b.call('reach', 'set', 750);
        const { lost, twice, disordered } = await b.call('account', 'set');
        assert.deepEqual({ lost, twice, disordered }, { lost: 0, twice: 0, disordered: 0 });
      });
    });
  }
});
