/** The rig does what tests of the package rely on: plain WebRTC gets the paths in it that its routers leave. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { lackOfNamespaces } from '../../scripts/lib/namespaces.mjs';
import { run } from '../../scripts/lib/process.mjs';
import { PATIENCE_MS, within } from '../browser/support/wait.js';
import { DELAY_MS, openScene, withPrograms } from './rig/scene.js';

/** @typedef {import('./rig/host.js').AnyProgram} AnyProgram */
/** @typedef {import('./rig/world.js').Nat} Nat */

/** @type {[import('./rig/scene.js').Kind, number][]} of how many cases: what a page is for is seen by the first */
const KINDS = [
  ['node', Infinity],
  ['chromium', 2],
];

const ABANDON = join(import.meta.dirname, 'programs', 'abandon.js');

const DIRECT = /^(srflx|prflx)$/;
const BEHIND_NAT = /^(srflx|prflx|relay)$/;

/**
 * @type {{name: string, nats: [Nat, Nat], blocked?: import('./rig/world.js').Blocked[], policy?: RTCIceTransportPolicy,
 *   relayed: 0 | 1 | 2, relayProtocol?: string}[]} relayed: how many of the two ends are
 */
const CASES = [
  { name: 'two cones: direct', nats: ['cone', 'cone'], relayed: 0 },
  { name: 'two symmetric NATs: one end is relayed', nats: ['symmetric', 'symmetric'], relayed: 1 },
  {
    name: 'UDP blocked: relayed by TCP',
    nats: ['cone', 'cone'],
    blocked: ['udp'],
    relayed: 2,
    relayProtocol: 'tcp',
  },
  {
    name: 'policy relay: relayed by UDP',
    nats: ['cone', 'cone'],
    policy: 'relay',
    relayed: 2,
    relayProtocol: 'udp',
  },
];

/**
 * @param {AnyProgram} a
 * @param {AnyProgram} b
 * @param {RTCConfiguration} config
 */
async function connect(a, b, config) {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ]) {
    from.on('signal', (signal) => to.call('signal', signal).catch(() => {})); // at the end, one goes first
  }
  for (const peer of [a, b]) await peer.call('open', config);
  await a.call('offer');
  await Promise.all([a.next('open'), b.next('open')]);
}

describe('the rig', { skip: lackOfNamespaces() }, () => {
  /** @type {import('./rig/scene.js').Scene} */
  let scene;

  before(async () => {
    scene = await openScene({ faults: { delay: DELAY_MS } });
  });
  after(() => scene?.close());

  for (const [kind, count] of KINDS) {
    for (const { name, nats, blocked, policy, relayed, relayProtocol } of CASES.slice(0, count)) {
      test(`${name}, in ${kind}`, async () => {
        await scene.world.route('ra', nats[0], blocked);
        await scene.world.route('rb', nats[1], blocked);
        await withPrograms(scene, [kind, kind], 'raw', async (a, b) => {
          await connect(a, b, {
            iceServers: scene.iceServers(),
            iceTransportPolicy: policy,
          });
          const paths = [await a.call('path'), await b.call('path')];
          const text = JSON.stringify(paths);
          const ends = paths.map(({ local }) => local);
          for (const end of ends) assert.match(end, relayed ? BEHIND_NAT : DIRECT, text);
          assert.equal(ends.filter((kind) => kind === 'relay').length, relayed, text);
          if (relayProtocol) assert.equal(paths[0].relayProtocol, relayProtocol, text);
        });
      });
    }
  }

  test('a message takes as long as two links do', async () => {
    for (const router of /** @type {const} */ (['ra', 'rb']))
      await scene.world.route(router, 'cone');
    await withPrograms(scene, ['node', 'node'], 'raw', async (a, b) => {
      await connect(a, b, { iceServers: scene.iceServers() });
      await a.call('send', { count: 50, every: 5 });
      await b.call('reach', 50);
      const { latency } = await b.call('account');
      const text = JSON.stringify(latency);
      assert.ok(latency.p50 >= 2 * DELAY_MS && latency.p50 < 4 * DELAY_MS, text);
    });
  });

  test('loss and reordering come about at the rate asked for', async () => {
    const [before] = await scene.world.fault({ loss: 0.2, reorder: 0.1, delay: 1 }, ['rb']);
    const send = `for (let i = 0; i < 1000; i++) socket.send('x', 9, '203.0.113.10', () => i === 999 && socket.close())`;
    const script = `const socket = require('node:dgram').createSocket('udp4'); ${send}`;
    await scene.world.run('b', process.execPath, '-e', script);
    const [{ dropped, heldBack }] = await scene.world.fault(
      { loss: 0, reorder: 0, delay: DELAY_MS },
      ['rb'],
    );
    assert.ok(Math.abs(dropped - before.dropped - 200) < 60, `dropped ${dropped}`);
    assert.ok(Math.abs(heldBack - before.heldBack - 80) < 40, `held back ${heldBack}`);
  });

  test('whoever made a world may be killed: nothing of it stays', async () => {
    const { code, output } = await run(process.execPath, [ABANDON]);
    assert.notEqual(code, 0);
    const names = /^clasp-.*$/m.exec(output)?.[0].split(' ') ?? [];
    assert.equal(names.length, 2, output);
    const gone = async () => {
      while (readdirSync('/run/netns').some((name) => names.includes(name))) await setImmediate();
    };
    await within(PATIENCE_MS, 'the namespaces to be gone', gone());
  });
});
