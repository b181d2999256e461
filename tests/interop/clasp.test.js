/** The client of this package with the relay of this package, and unchanged with the router of crates.io; `@clasp-to/core` beside it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Clasp } from '../../web/index.js';
import { next } from '../js/support.js';
import { connect as connectOther } from './core-client.js';
import { RELAYS, endAll } from './support.js';

after(endAll);

for (const relay of RELAYS) {
  describe(`clasp-p2p with ${relay.name}`, { skip: relay.skip }, () => claimsOf(relay));
}

/**
 * What a pattern brings, until `count` values have come.
 * @param {{on: (pattern: string, handler: (value: any, address: string) => void) => () => void}} client any make
 * @param {string} pattern
 * @param {number} count
 * @returns {Promise<any[][]>} pairs of address and value
 */
function values(client, pattern, count) {
  return new Promise((resolve) => {
    /** @type {any[][]} */ const seen = [];
    const off = client.on(pattern, (value, address) => {
      if (seen.push([address, value]) < count) return;
      off();
      resolve(seen);
    });
  });
}

/** @param {import('./support.js').Relay} relay */
function claimsOf(relay) {
  /** @type {string} */ let url;
  /** @type {Clasp[]} */ const ours = [];
  /** @type {import('@clasp-to/core').Clasp} */ let other;
  /** @type {Clasp} */ let ann;
  /** @type {Clasp} */ let ben;

  /** @param {string} at @param {import('../../web/clasp.js').ClaspOptions} [options] */
  async function connected(at, options) {
    const client = new Clasp(at, options);
    ours.push(client);
    await client.connect();
    return client;
  }

  /** What was sent before on this client has been taken. @param {Clasp} client */
  const settle = (client) => client.set(`/settled/${client.session}`, 1);

  before(async () => {
    ({ url } = await relay.start());
    [ann, ben, other] = await Promise.all([connected(url), connected(url), connectOther(url)]);
  });

  after(() => {
    for (const client of ours) client.close();
    other?.close();
  });

  test('set() resolves with the revision, and everybody hears of it', async () => {
    const heard = [ann, ben, other].map((client) => values(client, '/set/*', 1));
    await Promise.all([settle(ann), settle(ben), ben.set('/before', 1)]);
    await new Promise((resolve) => other.on('/before', resolve)); // its subscriptions are there
    assert.equal(await ann.set('/set/a', 0.5), 1);
    for (const one of heard) assert.deepEqual(await one, [['/set/a', 0.5]]);
    assert.equal(await ben.set('/set/a', 0.75), 2);
    assert.equal(await ann.get('/set/a'), 0.75);
  });

  test('values of the other make arrive here, and ours there', async () => {
    const value = { text: 'Grüße, 世界', list: [1, null, true], bytes: new Uint8Array([0, 255]) };
    const [here, there] = [values(ann, '/make/other', 1), values(other, '/make/ours', 1)];
    await settle(ann);
    await new Promise((resolve) => other.on('/settled/*', resolve));
    other.set('/make/other', value);
    await ann.set('/make/ours', value);
    assert.deepEqual(await here, [['/make/other', value]]);
    assert.deepEqual(await there, [['/make/ours', value]]);
  });

  test('events, streams, gestures and timelines reach the others', async () => {
    const heard = values(ben, '/io/**', 4);
    await settle(ben);
    ann.emit('/io/event', { cue: 1 });
    ann.stream('/io/stream', 2.5);
    ann.gesture('/io/touch', 7, 'start', { x: 1 });
    ann.timeline('/io/line', [{ time: 0, value: 1 }], { startTime: 9 });
    assert.deepEqual(
      (await heard).sort(),
      [
        ['/io/event', { cue: 1 }],
        ['/io/line', { keyframes: [{ time: 0, value: 1 }], loop: false, startTime: 9 }],
        ['/io/stream', 2.5],
        ['/io/touch', { x: 1, phase: 'start', gestureId: 7 }],
      ].sort(),
    );
  });

  test('a lock keeps others out, and a wrong revision is refused', async () => {
    await ann.setLocked('/lock/a', 1);
    await assert.rejects(ben.set('/lock/a', 2), (/** @type {any} */ { wireCode }) =>
      [400, 401].includes(wireCode),
    );
    await ann.unlock('/lock/a', 1);
    const revision = await ben.set('/lock/a', 2);
    await assert.rejects(ben.set('/lock/a', 3, { revision: revision + 5 }), { wireCode: 400 });
    assert.equal(await ann.get('/lock/a'), 2);
  });

  test('a bundle is acknowledged as a whole', async () => {
    const heard = values(ben, '/bundle/*', 3);
    await settle(ben);
    await ann.bundle([
      { set: ['/bundle/a', 1] },
      { set: ['/bundle/b', 2] },
      { emit: ['/bundle/c'] },
    ]);
    assert.deepEqual(await heard, [
      ['/bundle/a', 1],
      ['/bundle/b', 2],
      ['/bundle/c', null],
    ]);
  });

  test('many answers find their questions', async () => {
    const revisions = await Promise.all(
      Array.from({ length: 300 }, (_, i) => ann.set(`/many/${i % 3}`, i)),
    );
    assert.deepEqual(
      revisions,
      Array.from({ length: 300 }, (_, i) => Math.floor(i / 3) + 1),
    );
  });

  test('what is announced is found', async () => {
    const fader = { address: '/desk/fader', type: /** @type {const} */ ('param') };
    await ann.announce([fader], { namespace: '/desk' });
    const found = await ben.query('/desk/**');
    assert.deepEqual(
      found.map(({ address, type }) => ({ address, type })),
      [fader],
    );
  });

  test('maxRate and epsilon hold, whether the router knows them or not', async () => {
    /** @type {number[]} */ const coarse = [];
    ben.on('/coarse', (value) => coarse.push(value), { epsilon: 0.5 });
    const all = values(ben, '/coarse', 3);
    await settle(ben);
    for (const value of [0, 0.1, 0.9]) await ann.set('/coarse', value);
    await all;
    assert.deepEqual(coarse, [0, 0.9]);
  });

  test('the clock of both sides agrees on this machine', async () => {
    assert.ok(Math.abs(ann.time() - Date.now() * 1000) < 1e6);
  });

  test('it goes, and comes back: subscribed again, what waited is written, own params are put back', async () => {
    const first = await relay.start();
    const options = { reconnectInterval: 20 };
    const [writer, reader] = await Promise.all([
      connected(first.url, options),
      connected(first.url, options),
    ]);
    await writer.set('/back/mine', 'kept');
    const heard = values(reader, '/back/later', 1);
    await settle(reader);
    const lost = [next(writer, 'disconnect'), next(reader, 'disconnect')];
    await first.close();
    await Promise.all(lost);
    const waiting = writer.set('/back/later', 'written while away');
    const there = next(reader, 'connect');
    await relay.start(first.port);
    assert.equal(await waiting, 1);
    await there;
    assert.deepEqual(await heard, [['/back/later', 'written while away']]);
    assert.equal(await reader.get('/back/mine'), 'kept');
  });
}
