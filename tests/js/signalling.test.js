/** Signals as they are, by a session of their own and by that of a client. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { VALUE } from '../../js-glue/abi.gen.js';
import { CONFERENCE } from '../../js-glue/conference-module.js';
import { Core } from '../../js-glue/core.js';
import { SessionSignalling } from '../../js-glue/signalling.js';
import { Clasp } from '../../web/index.js';
import { next, startHub } from './support.js';

/** @typedef {import('../../js-glue/signalling.js').Signalling} Signalling */

const MAP = Uint8Array.of(VALUE.MAP, 0, 1, 0, 1, 0x61, VALUE.BOOL, 1); // { a: true }
const STRING = Uint8Array.of(VALUE.STRING, 0, 2, 0x68, 0x69);

/**
 * The next call of a listener.
 * @template {unknown[]} T
 * @param {(listener: (...args: T) => void) => () => void} listen
 * @param {(...args: T) => boolean} [is]
 * @returns {Promise<T>}
 */
const heard = (listen, is = () => true) =>
  new Promise((resolve) => {
    const end = listen((...args) => {
      if (!is(...args)) return;
      queueMicrotask(() => end());
      resolve(args);
    });
  });

/**
 * A way to a port of this machine that can be cut without a word: what is open by then stays open, and carries nothing any more.
 * @param {number} port
 */
async function lineTo(port) {
  /** @type {Set<import('node:net').Socket>} */ const open = new Set();
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => {}).on('close', () => open.delete(socket));
    }
    near.pipe(far);
    far.pipe(near);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port: own } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    port: own,
    /** Resolved when something comes from the far end. */
    answer: () =>
      Promise.race(
        [...open]
          .map((socket) => socket.remotePort === port && once(socket, 'data'))
          .filter(Boolean),
      ),
    cut() {
      for (const socket of open) socket.unpipe().pause();
    },
    close() {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}

/** @param {import('node:test').TestContext} t */
async function hubFor(t) {
  const hub = await startHub();
  t.after(() => hub.stop());
  return hub;
}

/** @typedef {{it: Signalling, errors: {code: string}[], close: () => void}} Opened */

/** @type {Record<string, (url: string) => Promise<Opened>>} */
const MAKES = {
  'a session of its own': async (url) => {
    /** @type {{code: string}[]} */ const errors = [];
    const options = { url };
    const it = new SessionSignalling(await Core.load(CONFERENCE), options, (error) =>
      errors.push(error),
    );
    await heard(it.onState, (...[session]) => session !== '');
    return { it, errors, close: () => it.close() };
  },
  'the session of a client': async (url) => {
    const client = new Clasp(url);
    /** @type {{code: string}[]} */ const errors = [];
    client.onError((error) => errors.push(error));
    await client.connect();
    return { it: client.signalling(), errors, close: () => client.close() };
  },
};

for (const [name, open] of Object.entries(MAKES)) {
  /** @param {import('node:test').TestContext} t @param {string} url */
  const opened = async (t, url) => {
    const made = await open(url);
    t.after(made.close);
    assert.ok(made.it.connected && made.it.session);
    return made;
  };

  test(`${name}: values go and come as they are on the wire`, async (t) => {
    const hub = await hubFor(t);
    const [a, b] = [await opened(t, hub.url), await opened(t, hub.url)];
    /** @type {[string, Uint8Array][]} */ const got = [];
    const both = new Promise((/** @type {(done?: void) => void} */ resolve) => {
      const off = b.it.subscribe('/signal/*', (value, address) => {
        if (got.push([address, value]) === 2) resolve(off());
      });
    });
    const direct = heard((listener) => b.it.subscribe('/ready', listener));
    a.it.publish(`/clasp/p2p/signal/${b.it.session}`, MAP); // not subscribed to: not heard
    b.it.publish('/nobody', MAP);
    const sync = await Clasp.builder(hub.url).connect();
    t.after(() => sync.close());
    await sync.set('/sync', 1);
    a.it.publish('/signal/1', MAP);
    a.it.publish('/signal/2', STRING);
    await both;
    assert.deepEqual(got, [
      ['/signal/1', MAP],
      ['/signal/2', STRING],
    ]);
    a.it.publish('/signal/3', MAP);
    a.it.publish('/ready', STRING);
    assert.deepEqual(await direct, [STRING, '/ready']);
    assert.equal(got.length, 2, 'what was ended is called no more');
  });

  test(`${name}: a signal reaches the session that it names`, async (t) => {
    const hub = await hubFor(t);
    const [a, b] = [await opened(t, hub.url), await opened(t, hub.url)];
    const signal = heard((listener) =>
      b.it.subscribe(`/clasp/p2p/signal/${b.it.session}`, listener),
    );
    a.it.publish(`/clasp/p2p/signal/${b.it.session}`, MAP);
    assert.deepEqual(await signal, [MAP, `/clasp/p2p/signal/${b.it.session}`]);
  });

  test(`${name}: a signal to a session that is gone is told by its address, and is no error`, async (t) => {
    const hub = await hubFor(t);
    const { it, errors } = await opened(t, hub.url);
    const refused = heard(it.onRefused);
    it.publish('/clasp/p2p/signal/nobody', MAP);
    assert.deepEqual(await refused, ['/clasp/p2p/signal/nobody', 404]);
    assert.deepEqual(errors, []);
  });

  test(`${name}: subscriptions outlive the session, whose end and new id are told`, async (t) => {
    const hub = await startHub(); // stopped below
    const { it } = await opened(t, hub.url);
    const before = it.session;
    const signal = heard((listener) => it.subscribe('/signal', listener));
    const down = heard(it.onState, (...[session]) => session === '');
    await hub.stop();
    const [, error] = await down;
    assert.equal(error?.code, 'RELAY_UNREACHABLE');
    assert.ok(!it.connected && it.session === '');
    const up = heard(it.onState, (...[session]) => session !== '');
    const again = await startHub(hub.port);
    t.after(() => again.stop());
    const [session] = await up;
    assert.ok(session !== before && it.session === session && it.connected);
    const other = await opened(t, again.url);
    other.it.publish('/signal', MAP);
    assert.deepEqual(await signal, [MAP, '/signal']);
  });

  test(`${name}: renewed, it has another session at once, and hears as before`, async (t) => {
    const hub = await hubFor(t);
    const { it } = await opened(t, hub.url);
    const before = it.session;
    const signal = heard((listener) => it.subscribe('/signal', listener));
    const up = heard(it.onState, (...[session]) => session !== '');
    it.renew?.();
    assert.equal(it.session, '', 'the old one is given up before the call returns');
    const [session] = await up;
    assert.ok(session !== before && it.session === session);
    const other = await opened(t, hub.url);
    other.it.publish('/signal', MAP);
    assert.deepEqual(await signal, [MAP, '/signal']);
  });

  test(`${name}: a relay that answers is found alive, and one that does not is connected to anew`, async (t) => {
    const hub = await hubFor(t);
    const line = await lineTo(hub.port);
    t.after(() => line.close());
    const { it } = await opened(t, `ws://127.0.0.1:${line.port}`);
    const before = it.session;
    /** @type {string[]} */ const states = [];
    const off = it.onState((session) => void states.push(session));
    const answered = line.answer();
    it.check?.();
    await answered;
    assert.deepEqual([it.session, states], [before, []]);
    off();
    line.cut();
    const down = heard(it.onState, (...[session]) => session === '');
    const up = heard(it.onState, (...[session]) => session !== '');
    it.check?.();
    assert.equal((await down)[1]?.code, 'TIMEOUT');
    const [session] = await up;
    assert.notEqual(session, before);
  });

  test(`${name}: what is no address, pattern or value is refused at once`, async (t) => {
    const hub = await hubFor(t);
    const { it } = await opened(t, hub.url);
    assert.throws(() => it.publish('no slash', MAP), { code: 'BAD_ADDRESS' });
    assert.throws(() => it.subscribe('/a//b', () => {}), { code: 'BAD_PATTERN' });
    assert.throws(() => it.publish('/a', Uint8Array.of(0x99)), { code: 'BAD_VALUE_TYPE' });
    assert.throws(() => it.publish('/a', Uint8Array.of(VALUE.BOOL, 1, 1)), {
      code: 'BAD_VALUE_TYPE',
    });
  });
}

test("a client's own subscriptions hear what its signalling hears, and off() leaves that alone", async (t) => {
  const hub = await hubFor(t);
  const [a, b] = [await Clasp.builder(hub.url).connect(), await Clasp.builder(hub.url).connect()];
  t.after(() => [a, b].forEach((it) => it.close()));
  const decoded = heard((listener) => b.on('/signal', listener));
  const raw = heard((listener) => b.signalling().subscribe('/signal', listener));
  a.emit('/signal', { a: true });
  assert.deepEqual(await decoded, [{ a: true }, '/signal']);
  assert.deepEqual(await raw, [MAP, '/signal']);
  const after = heard((listener) => b.signalling().subscribe('/signal', listener));
  b.off('/signal');
  a.signalling().publish('/signal', STRING);
  assert.deepEqual(await after, [STRING, '/signal']);
});

test('an error of a client names the address that it is about, and its words are whole', async (t) => {
  const hub = await hubFor(t);
  const client = await Clasp.builder(hub.url).connect();
  t.after(() => client.close());
  const error = next(client, 'error');
  client.emit('/clasp/p2p/signal/nobody', {});
  const { error: refusal } = await error;
  assert.equal(refusal.address, '/clasp/p2p/signal/nobody');
  assert.equal(refusal.wireCode, 404);
  assert.ok(!refusal.message.startsWith('/clasp/p2p'), refusal.message);
});
