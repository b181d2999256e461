/** What path two peers get, by what their routers let through: as peer.stats() tells it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { lackOfNamespaces } from '../../scripts/lib/namespaces.mjs';
import { withPeers } from './rig/peers.js';
import { DELAY_MS, openScene } from './rig/scene.js';

/** @typedef {import('./rig/scene.js').Kind} Kind */
/** @typedef {import('./rig/world.js').Nat} Nat */
/** @typedef {import('./rig/world.js').Blocked} Blocked */

const DIRECT = ['srflx', 'prflx'];
const ANY = ['host', 'srflx', 'prflx', 'relay', 'router'];
const MESSAGES = 50;

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {Nat} nat of both
 * @property {Blocked[]} [blocked] by both
 * @property {string[]} paths that each end may have
 * @property {string} [one] that one of them has
 * @property {string} [protocol]
 */

/** @type {Case[]} */
const CASES = [
  { name: 'two cones: direct', nat: 'cone', paths: DIRECT },
  {
    name: 'two symmetric NATs: by TURN',
    nat: 'symmetric',
    paths: [...DIRECT, 'relay'],
    one: 'relay',
  },
  {
    name: 'UDP blocked: by TURN over TCP',
    nat: 'cone',
    blocked: ['udp'],
    paths: ['relay'],
    protocol: 'tcp',
  },
  {
    name: 'UDP and TURN blocked: by the router',
    nat: 'cone',
    blocked: ['udp', 'turn'],
    paths: ['router'],
  },
];

/** @type {{kinds: [Kind, Kind], cases: Case[]}[]} */
const PAIRS = [
  { kinds: ['node', 'node'], cases: CASES },
  { kinds: ['chromium', 'chromium'], cases: CASES },
  { kinds: ['chromium', 'node'], cases: CASES.slice(0, 1) },
];

describe('paths', { skip: lackOfNamespaces() }, () => {
  /** @type {import('./rig/scene.js').Scene} */
  let scene;

  before(async () => {
    scene = await openScene({ faults: { delay: DELAY_MS } });
  });
  after(() => scene?.close());

  for (const { kinds, cases } of PAIRS) {
    for (const { name, nat, blocked, paths, one, protocol } of cases) {
      test(`${name}: ${kinds.join(' and ')}`, async () => {
        for (const router of /** @type {const} */ (['ra', 'rb'])) {
          await scene.world.route(router, nat, blocked);
        }
        await withPeers(scene, kinds, {}, async (a, b) => {
          const found = await Promise.all([a, b].map((peer) => peer.call('pathOf', ANY)));
          const text = JSON.stringify(found);
          for (const { path } of found) assert.ok(paths.includes(path), text);
          if (one)
            assert.ok(
              found.some(({ path }) => path === one),
              text,
            );
          if (protocol)
            assert.ok(
              found.some((stats) => stats.protocol === protocol),
              text,
            );
          const sent = await a.call('send', 'set', { count: MESSAGES, every: 5 });
          assert.deepEqual(sent.refused, []);
          await b.call('reach', 'set', MESSAGES);
          const { twice, disordered } = await b.call('account', 'set');
          assert.deepEqual({ twice, disordered }, { twice: 0, disordered: 0 });
        });
      });
    }
  }
});
