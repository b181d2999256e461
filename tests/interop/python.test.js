/** `clasp-to` of PyPI as a client of the relay of this package. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { PYTHON_CLIENT } from '../../scripts/lib/python-client.mjs';
import { PATIENCE_MS, within } from '../browser/support/wait.js';
import { PythonClient, asBytes } from './python-client.js';
import { RawPeer } from './raw-peer.js';
import { publish, set, subscribe } from './scene.js';
import { endAll, lackOf, startRelay } from './support.js';

const VALUES = [null, true, -7, 2 ** 40, 0.5, 'Grüße 🎶', [1, [null]], { x: 1, y: { z: [] } }];

describe('clasp-to of PyPI with the relay of this package', { skip: lackOf(PYTHON_CLIENT) }, () => {
  /** @type {PythonClient} */
  let python;
  /** @type {RawPeer} */
  let raw;
  let claims = 0;

  /** A prefix of addresses for one claim, heard by both. */
  async function scene() {
    const at = `/python/${++claims}`;
    await raw.ask(subscribe(claims, `${at}/**`), set(`${at}/ready`, 1));
    await python.call('subscribe', [`${at}/**`]);
    await python.hears(); // the SNAPSHOT that answers: the relay knows
    return `${at}/x`;
  }

  before(async () => {
    const { url } = await startRelay();
    python = new PythonClient(url);
    [raw] = await Promise.all([RawPeer.join(url), python.call('connect')]);
  });

  after(async () => {
    await python.close();
    await endAll();
  });

  test('connect() ends in a session that the relay routes to', async () => {
    assert.equal(await python.call('connected'), true);
    const session = await python.call('session_id');
    assert.deepEqual(await raw.ask(publish(`/clasp/p2p/signal/${session}`, {})), []);
  });

  test('time() is the clock that WELCOME told', async () => {
    const time_us = await python.call('time');
    assert.ok(Math.abs(time_us / 1000 - Date.now()) < PATIENCE_MS);
  });

  test('set() reaches others, and its own callback', async () => {
    const x = await scene();
    await python.call('set', [x, 0.5], { ttl: 60, absolute: true });
    const { value, revision, ttl } = await raw.next('SET', ({ address }) => address === x);
    assert.deepEqual([value, revision, ttl], [0.5, 1, { mode: 'absolute', seconds: 60 }]);
    assert.deepEqual(await python.hears(), [0.5, x]);
    assert.equal(await python.call('cached', [x]), 0.5);
  });

  test('values of every kind survive, both ways', async () => {
    const x = await scene();
    for (const value of VALUES) {
      raw.send(set(x, value));
      assert.deepEqual(await python.hears(), [value, x]);
      await python.call('set', [x, value]);
      const { value: seen } = await raw.next('SET', ({ revision }) => Number(revision) % 2 === 0);
      assert.deepEqual(seen, value);
      await python.hears();
    }
  });

  test('bytes survive, both ways', async () => {
    const x = await scene();
    const bytes = new Uint8Array([0, 128, 255]);
    raw.send(set(x, bytes));
    assert.deepEqual(await python.hears(), [asBytes(bytes), x]);
    await python.call('emit', [x, asBytes(bytes)]);
    assert.deepEqual((await raw.next('PUBLISH')).value, bytes);
  });

  test('get() gives what another one set', async () => {
    const at = `/python/${++claims}`;
    await raw.ask(set(at, 'there'));
    assert.equal(await python.call('get', [at]), 'there');
  });

  test('events and streams pass both ways, and not to their sender', async () => {
    const x = await scene();
    for (const [method, signal] of [
      ['emit', 'event'],
      ['stream', 'stream'],
    ]) {
      await python.call(method, [x, 'out']);
      const sent = await raw.next('PUBLISH');
      assert.deepEqual([sent.signal, sent.value], [signal, 'out']);
      raw.send(publish(x, 'in', { signal }));
      assert.deepEqual(await python.hears(), ['in', x]);
    }
    assert.deepEqual(python.rest(), []);
  });

  test('gesture() carries phase and id', async () => {
    const x = await scene();
    await python.call('gesture', [x, 9, 'move', { x: 1 }]);
    const { signal, phase, id, value } = await raw.next('PUBLISH');
    assert.deepEqual([signal, phase, id, value], ['gesture', 'move', 9, { x: 1 }]);
  });

  test('bundle(), which it writes as MessagePack, arrives member by member', async () => {
    const x = await scene();
    await python.call('bundle', [[{ emit: [x, 'go'] }, { set: [x, 1] }]]);
    assert.deepEqual(await python.hears(), [1, x]);
    assert.equal((await raw.next('PUBLISH')).value, 'go');
  });

  test('query_signals(), which it writes as MessagePack, finds what others announced', async () => {
    const at = `/python/${++claims}`;
    const signals = [{ address: `${at}/gain`, type: 'param', datatype: 'f64', access: 'rw' }];
    await raw.ask({ type: 'ANNOUNCE', namespace: at, signals });
    const [found] = await python.call('query_signals', [`${at}/*`]);
    assert.equal(found.address, `${at}/gain`);
  });

  test('close() ends its session', async () => {
    const session = await python.call('session_id');
    await python.call('close');
    const gone = async () => {
      const signal = publish(`/clasp/p2p/signal/${session}`, {});
      for (;;) if ((await raw.ask(signal)).some(({ code }) => code === 404)) return;
    };
    await within(PATIENCE_MS, 'the session to be gone', gone());
  });
});
