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
  /** One that never sets, because of the claim below. @type {PythonClient} */
  let hearer;
  /** @type {PythonClient} */
  let setter;
  /** @type {RawPeer} */
  let raw;
  let claims = 0;

  /** An address for one claim, heard by all but the setter. */
  async function scene() {
    const at = `/python/${++claims}`;
    await raw.ask(subscribe(claims, `${at}/**`), set(`${at}/ready`, 1));
    await hearer.call('subscribe', [`${at}/**`]);
    await hearer.hears(); // the SNAPSHOT that answers: the relay knows
    return `${at}/x`;
  }

  before(async () => {
    const { url } = await startRelay();
    [hearer, setter] = [new PythonClient(url), new PythonClient(url)];
    raw = await RawPeer.join(url);
    await Promise.all([hearer.call('connect'), setter.call('connect')]);
  });

  after(async () => {
    await Promise.all([hearer.close(), setter.close()]);
    await endAll();
  });

  test('connect() ends in a session that the relay routes to', async () => {
    assert.equal(await hearer.call('connected'), true);
    const session = await hearer.call('session_id');
    assert.deepEqual(await raw.ask(publish(`/clasp/p2p/signal/${session}`, {})), []);
  });

  test('time() is the clock that WELCOME told', async () => {
    const time_us = await hearer.call('time');
    assert.ok(Math.abs(time_us / 1000 - Date.now()) < PATIENCE_MS);
  });

  test('values of every kind survive SET, both ways', async () => {
    const x = await scene();
    for (const [i, value] of VALUES.entries()) {
      raw.send(set(x, value));
      assert.deepEqual(await hearer.hears(), [value, x]);
      await setter.call('set', [x, value]);
      const revision = 2 * (i + 1);
      const { value: seen } = await raw.next('SET', (it) => it.revision === revision);
      assert.deepEqual(seen, value);
      assert.deepEqual(await hearer.hears(), [value, x]);
    }
  });

  test('bytes survive, both ways', async () => {
    const x = await scene();
    const bytes = new Uint8Array([0, 128, 255]);
    raw.send(set(x, bytes));
    assert.deepEqual(await hearer.hears(), [asBytes(bytes), x]);
    await hearer.call('emit', [x, asBytes(bytes)]);
    assert.deepEqual((await raw.next('PUBLISH')).value, bytes);
  });

  test('the ttl of set() reaches others', async () => {
    const x = await scene();
    await setter.call('set', [x, 0.5], { ttl: 60, absolute: true });
    const { revision, ttl } = await raw.next('SET', ({ address }) => address === x);
    assert.deepEqual([revision, ttl], [1, { mode: 'absolute', seconds: 60 }]);
    assert.deepEqual(await hearer.hears(), [0.5, x]);
  });

  test('a client that has set something hears no more: its codec does not know ACK', async () => {
    assert.match((await setter.fails()) ?? '', /Unknown message type: 0x50/);
  });

  test('get() gives what another one set, and cached() knows it then', async () => {
    const at = `/python/${++claims}`;
    await raw.ask(set(at, 'there'));
    assert.equal(await hearer.call('get', [at]), 'there');
    assert.equal(await hearer.call('cached', [at]), 'there');
  });

  test('events and streams pass both ways, and not to their sender', async () => {
    const x = await scene();
    for (const [method, signal] of [
      ['emit', 'event'],
      ['stream', 'stream'],
    ]) {
      await hearer.call(method, [x, 'out']);
      const sent = await raw.next('PUBLISH');
      assert.deepEqual([sent.signal, sent.value], [signal, 'out']);
      raw.send(publish(x, 'in', { signal }));
      assert.deepEqual(await hearer.hears(), ['in', x]);
    }
    assert.deepEqual(hearer.rest(), []);
  });

  test('gesture() carries phase and id', async () => {
    const x = await scene();
    await hearer.call('gesture', [x, 9, 'move', { x: 1 }]);
    const { signal, phase, id, value } = await raw.next('PUBLISH');
    assert.deepEqual([signal, phase, id, value], ['gesture', 'move', 9, { x: 1 }]);
  });

  test('bundle(), which it writes as MessagePack, arrives member by member', async () => {
    const x = await scene();
    await setter.call('bundle', [[{ emit: [x, 'go'] }, { set: [x, 1] }]]);
    assert.deepEqual(await hearer.hears(), [1, x]);
    assert.deepEqual(await hearer.hears(), ['go', x]);
  });

  test('query_signals(), which it writes as MessagePack, finds what others announced', async () => {
    const at = `/python/${++claims}`;
    const [address, type, datatype, access] = [`${at}/gain`, 'param', 'f64', 'rw'];
    const signals = [{ address, type, datatype, access }];
    await raw.ask({ type: 'ANNOUNCE', namespace: at, signals });
    assert.deepEqual(await hearer.call('query_signals', [`${at}/*`]), signals);
  });

  test('close() ends its session', async () => {
    const signal = publish(`/clasp/p2p/signal/${await hearer.call('session_id')}`, {});
    await hearer.call('close');
    const gone = async () => {
      for (;;) if ((await raw.ask(signal)).some(({ code }) => code === 404)) return;
    };
    await within(PATIENCE_MS, 'the session to be gone', gone());
  });
});
