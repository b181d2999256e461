/** TURN credentials that expire, and a path through TURN alone that has to be found anew again and again. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { lackOfNamespaces } from '../../scripts/lib/namespaces.mjs';
import { shortLived, withPeers } from './rig/peers.js';
import { DELAY_MS, openScene } from './rig/scene.js';

/** Seconds: how long credentials hold, from one move to the next, all. */
const PACE = process.env.CLASP_LONG_TESTS
  ? { life: 10, move: 15, all: 60 }
  : { life: 4, move: 6, all: 18 };

const EVERY_MS = 20;
const COUNT = (PACE.all * 1000) / EVERY_MS;

describe('TURN credentials that expire', { skip: lackOfNamespaces(), concurrency: 2 }, () => {
  /**
   * @param {boolean} areFrozen
   * @returns {Promise<{lost: number, twice: number, disordered: number, refused: string[]}>} lost: with what never came
   */
  async function run(areFrozen) {
    const options = {
      cover: false,
      iceTransportPolicy: /** @type {const} */ ('relay'),
      askFor: shortLived(PACE.life, areFrozen),
    };
    const scene = await openScene({ faults: { delay: DELAY_MS } });
    const ending = withPeers(scene, ['chromium', 'chromium'], options, async (a, b) => {
      await Promise.all([a, b].map((peer) => peer.call('pathOf', ['relay'])));
      const sending = a.call('send', 'set', { count: COUNT, every: EVERY_MS });
      for (
        let at = PACE.move, to = /** @type {'ra' | 'rc'} */ ('rc');
        at < PACE.all;
        at += PACE.move
      ) {
        await pause(PACE.move * 1000); // the pace of the moves is what is under test
        await scene.world.move(to);
        to = to === 'rc' ? 'ra' : 'rc';
      }
      const done = Promise.all([sending, b.call('reach', 'set', COUNT)]);
      const isDone = await Promise.race([
        done.then(([{ refused }]) => refused),
        pause((2 * PACE.move + 10) * 1000, null, { ref: false }),
      ]);
      const { count, twice, disordered } = await b.call('account', 'set');
      return { lost: COUNT - count, twice, disordered, refused: isDone ?? ['not done'] };
    });
    return ending.finally(() => scene.close());
  }

  test(`asked for anew at each restart: nothing is lost`, async () => {
    assert.deepEqual(await run(false), { lost: 0, twice: 0, disordered: 0, refused: [] });
  });

  test('frozen: the path does not come back', async () => {
    const { lost } = await run(true);
    assert.ok(lost > 0);
  });
});
