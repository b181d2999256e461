/** Runs of traffic in which the path between two peers goes away: one of each kind, as tests and moves.mjs repeat them. */
import { trafficDuring, withPeers } from './peers.js';

/** @typedef {import('./scene.js').Kind} Kind */
/** @typedef {import('./scene.js').Scene} Scene */

/**
 * @typedef {object} Move
 * @property {string} name
 * @property {[Kind, Kind]} kinds
 * @property {boolean} cover
 * @property {(world: import('./world.js').World) => Promise<unknown>} act
 * @property {number} limit milliseconds: what the longest gap may be, in 95 of 100 runs
 */

/** @type {Record<string, Move>} */
export const MOVES = {
  reported: {
    name: 'a moves to another NAT, and its browser reports it',
    kinds: ['chromium', 'chromium'],
    cover: true,
    act: (world) => world.move('rc'),
    limit: 400,
  },
  unreported: {
    name: 'a moves to another NAT, and only silence tells',
    kinds: ['node', 'node'],
    cover: true,
    act: (world) => world.move('rc'),
    limit: 800,
  },
  silent: {
    name: 'UDP stops passing, and only silence tells',
    kinds: ['chromium', 'chromium'],
    cover: true,
    act: (world) => world.route('rb', 'cone', ['udp']),
    limit: 800,
  },
  uncovered: {
    name: 'a moves to another NAT, and nothing covers',
    kinds: ['chromium', 'chromium'],
    cover: false,
    act: (world) => world.move('rc'),
    limit: 3500,
  },
};

const RUN = { kind: 'set', count: 500, every: 20, at: 75 };

/**
 * One run: a message each 20 ms in both directions, acknowledged ones.
 * @param {Scene} scene
 * @param {Move} move
 */
export async function runMove(scene, { kinds, cover, act }) {
  for (const router of /** @type {const} */ (['ra', 'rb', 'rc'])) {
    await scene.world.route(router, 'cone');
  }
  await scene.world.move('ra');
  return withPeers(scene, kinds, { cover }, async (a, b) => {
    await Promise.all([a, b].map((peer) => peer.call('pathOf', ['srflx', 'prflx'])));
    const { began, refused, accounts, steps } = await trafficDuring(a, b, RUN, () =>
      act(scene.world),
    );
    const sum = (/** @type {'lost' | 'twice' | 'disordered'} */ key) =>
      accounts.reduce((total, account) => total + account[key], 0);
    return {
      gap: Math.round(Math.max(...accounts.map(({ gap }) => gap))),
      gaps: accounts.map(({ gap, gapAt }) => ({
        ms: Math.round(gap),
        after: Math.round(gapAt - began),
      })),
      lost: sum('lost'),
      twice: sum('twice'),
      disordered: sum('disordered'),
      refused,
      steps,
    };
  });
}
