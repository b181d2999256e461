/** Runs of traffic in which the path between two peers goes away: one of each kind, as tests and moves.mjs repeat them. */
import { trafficDuring, withPeers } from './peers.js';

/** @typedef {import('./scene.js').Kind} Kind */
/** @typedef {import('./scene.js').Scene} Scene */
/** @typedef {import('./world.js').World} World */

/**
 * @typedef {object} Move
 * @property {string} name
 * @property {[Kind, Kind]} kinds
 * @property {boolean} cover
 * @property {(world: World) => Promise<unknown>} act
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

const ROUTERS = /** @type {const} */ (['ra', 'rb']);
const DIRECT = ['srflx', 'prflx'];

/** Within which a direct path that has healed is to be taken again, in milliseconds. */
export const HEAL_LIMIT = 5000;

const HEAL_RUN = { count: 750, every: 20 };
const RUN = { kind: 'set', count: 500, every: 20, at: 75 };

/** Plain cones everywhere, and a where it is at first. @param {World} world */
async function begin(world) {
  for (const router of /** @type {const} */ ([...ROUTERS, 'rc'])) await world.route(router, 'cone');
  await world.move('ra');
}

/**
 * One run: a message each 20 ms in both directions, acknowledged ones.
 * @param {Scene} scene
 * @param {Move} move
 */
export async function runMove(scene, { kinds, cover, act }) {
  await begin(scene.world);
  return withPeers(scene, kinds, { cover }, async (a, b) => {
    await Promise.all([a, b].map((peer) => peer.call('pathOf', DIRECT)));
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

/**
 * How a direct path heals: after a moment without, with connections that still look for it; or there never was one.
 * @typedef {{name: string, kinds: [Kind, Kind], from: 'outage' | 'nothing'}} Heal
 */

/** @type {Record<string, Heal>} */
export const HEALS = {
  'heal-node': { name: 'after an outage, in Node', kinds: ['node', 'node'], from: 'outage' },
  'heal-chromium': {
    name: 'after an outage, in Chromium',
    kinds: ['chromium', 'chromium'],
    from: 'outage',
  },
  'heal-late': {
    name: 'where UDP was blocked from the start',
    kinds: ['chromium', 'chromium'],
    from: 'nothing',
  },
};

/**
 * Only the router is left; then UDP passes again. Acknowledged messages all the time.
 * @param {Scene} scene
 * @param {Heal} heal
 */
export async function runHeal(scene, { kinds, from }) {
  const { world } = scene;
  const block = async () => {
    for (const router of ROUTERS) await world.route(router, 'cone', ['udp', 'turn']);
  };
  await begin(world);
  if (from === 'nothing') await block();
  return withPeers(scene, kinds, {}, async (a, b) => {
    const both = (/** @type {string[]} */ types) =>
      Promise.all([a, b].map((peer) => peer.call('pathOf', types)));
    if (from === 'outage') await both(DIRECT);
    const sending = a.call('send', 'set', HEAL_RUN);
    if (from === 'outage') await block();
    await both(['router']);
    for (const router of ROUTERS) await world.route(router, 'cone');
    const healed = Date.now();
    const took = (await both(DIRECT)).map(({ at }) => Math.round(at - healed));
    const { refused } = await sending;
    await b.call('reach', 'set', HEAL_RUN.count);
    const { lost, twice, disordered } = await b.call('account', 'set');
    return { took: Math.max(...took), lost, twice, disordered, refused };
  });
}
