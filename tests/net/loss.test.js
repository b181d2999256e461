/** A poor link, 50 ms long, with jitter and 5 % of loss: what is reliable is complete, what is a stream is not late. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { lackOfNamespaces } from '../../scripts/lib/namespaces.mjs';
import { withPeers } from './rig/peers.js';
import { DELAY_MS, openScene } from './rig/scene.js';

const ONE_WAY_MS = 2 * DELAY_MS; // by two links
const JITTER_MS = 5; // of each
const LOSS = 1 - Math.sqrt(0.95); // of each: 5 % of both

const RELIABLE = { count: 500, every: 10 };
const STREAM = { count: 250, every: 20 };
const SLACK_MS = 25; // for a machine that has other work

describe('5 % of loss, 50 ms and jitter', { skip: lackOfNamespaces() }, () => {
  /** @type {import('./rig/scene.js').Scene} */
  let scene;

  before(async () => {
    scene = await openScene({ seed: 7, faults: { delay: DELAY_MS } });
  });
  after(() => scene?.close());

  for (const kind of /** @type {const} */ (['node', 'chromium'])) {
    test(`reliable traffic is complete and in order, a stream is not delayed by it: ${kind}`, async () => {
      await scene.world.fault({ jitter: 0, loss: 0 });
      await withPeers(scene, [kind, kind], {}, async (a, b) => {
        const before = await scene.world.fault({ jitter: JITTER_MS, loss: LOSS });
        const sending = [a.call('send', 'set', RELIABLE), a.call('send', 'stream', STREAM)];
        for (const { refused } of await Promise.all(sending)) assert.deepEqual(refused, []);
        await b.call('reach', 'set', RELIABLE.count);
        const reliable = await b.call('account', 'set');
        const stream = await b.call('account', 'stream');
        const text = JSON.stringify({ reliable, stream });
        const { count, lost, twice, disordered } = reliable;
        assert.deepEqual(
          { count, lost, twice, disordered },
          { count: RELIABLE.count, lost: 0, twice: 0, disordered: 0 },
        );
        assert.ok(stream.count >= 0.85 * STREAM.count, text);
        assert.ok(stream.latency.p50 >= ONE_WAY_MS, text);
        assert.ok(stream.latency.p95 <= ONE_WAY_MS + 2 * JITTER_MS + SLACK_MS, text);
        const after = await scene.world.fault({});
        const dropped = after.map((counts, i) => counts.dropped - before[i].dropped);
        assert.ok(dropped[0] > 0 && dropped[1] > 0, `dropped ${dropped}`);
      });
    });
  }
});
