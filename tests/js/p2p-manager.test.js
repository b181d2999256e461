/** P2PManager with real WebRTC, a real relay and its rendezvous. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRelay, startRendezvous } from '../../relay/index.js';
import { P2PManager } from '../../web/index.js';
import { Rendezvous } from '../../web/rendezvous.js';
import { routerFor, routersOf } from '../../web/router-url.js';
import { Network, told, until } from './peers-support.js';

/** @typedef {import('node:test').TestContext} Test */
/** @typedef {import('../../web/p2p-manager.js').P2PManagerOptions} Options */

/** @param {Test} t @param {import('../../relay/index.js').RelayOptions} [options] */
async function relayFor(t, options) {
  const relay = await startRelay({ port: 0, host: '127.0.0.1', ...options });
  t.after(() => relay.close());
  return { ...relay, http: relay.url.replace('ws', 'http') };
}

/** @param {Test} t @param {string} peerId @param {string} rendezvousUrl @param {Partial<Options>} [options] */
function managerFor(t, peerId, rendezvousUrl, options) {
  const network = new Network();
  const p2p = new P2PManager({
    peerId,
    rendezvousUrl,
    iceServers: [],
    rtc: network.rtc,
    ...options,
  });
  t.after(() => p2p.close());
  return Object.assign(p2p, { network });
}

/**
 * Two that are connected, and how each sees the other.
 * @param {Test} t
 * @param {Partial<Options>} [options]
 */
async function pair(t, options) {
  const { http } = await relayFor(t);
  const a = managerFor(t, 'peer-a', http, options);
  const b = managerFor(t, 'peer-b', http, options);
  await a.register({ tags: ['demo'] });
  const incoming = told(a, 'connection');
  const toA = await b.connect('peer-a');
  const [toB] = await incoming;
  return { a, b, toA, toB, http };
}

test('who registers is found by tags, under its peer id, by all but itself', async (t) => {
  const { http } = await relayFor(t);
  const a = managerFor(t, 'peer-a', http);
  const b = managerFor(t, 'peer-b', http);
  await a.register({ tags: ['demo', 'webrtc'], metadata: { name: 'A', capabilities: ['chat'] } });
  await b.register({ tags: ['demo'], features: ['chat'] });
  const [found, ...others] = await b.discover({ tags: ['demo'] });
  assert.deepEqual(others, []);
  assert.equal(found.id, 'peer-a');
  assert.equal(found.name, 'A');
  assert.deepEqual(found.metadata.capabilities, ['chat']);
  const [other] = await a.discover({ tags: ['demo'] });
  assert.equal(other.name, 'peer-b');
  assert.deepEqual(await a.discover({ tags: ['demo', 'webrtc'] }), []);
  assert.equal((await b.discover({ tags: ['webrtc', 'demo'] })).length, 1);
  assert.deepEqual(
    (await a.discover({ feature: 'chat' })).map(({ id }) => id),
    ['peer-b'],
  );
});

test('discover() gives at most `limit` others, and of each the latest entry', async (t) => {
  const { http } = await relayFor(t);
  const rendezvous = new Rendezvous(http);
  const p2p = managerFor(t, 'peer-a', http);
  await p2p.register({ tags: ['demo'] });
  for (const session of ['old', 'new'])
    await rendezvous.register({ peerId: 'peer-b', tags: ['demo'], metadata: { session } });
  await rendezvous.register({ peerId: 'peer-c', tags: ['demo'] });
  const found = await p2p.discover({ tags: ['demo'] });
  assert.deepEqual(found.map(({ id }) => id).sort(), ['peer-b', 'peer-c']);
  assert.equal(found.find(({ id }) => id === 'peer-b')?.metadata.session, 'new');
  assert.equal((await p2p.discover({ tags: ['demo'], limit: 1 })).length, 1);
});

test('close() takes the registration back, and raises nothing any more', async (t) => {
  const { a, b, toB } = await pair(t);
  a.on('disconnection', () => assert.fail('an event after close()'));
  const left = told(b, 'disconnection');
  await a.close();
  await a.close();
  assert.deepEqual(await left, ['peer-a']);
  assert.deepEqual(await b.discover({ tags: ['demo'] }), []);
  assert.equal(a.peers.size, 0);
  assert.equal(toB.state, 'closed');
  await assert.rejects(a.connect('peer-b'), { code: 'BAD_STATE' });
});

test('two that connect have set, stream, emit and on, in both directions', async (t) => {
  const { a, b, toA, toB } = await pair(t);
  assert.equal(toA.id, 'peer-a');
  assert.equal(toB.id, 'peer-b');
  assert.deepEqual([...a.peers.keys(), ...b.peers.keys()], ['peer-b', 'peer-a']);
  const chat = told(toB, '/chat/*');
  const accel = told(toB, '/sensor/accel');
  const ping = told(toA, '/action/ping');
  await toA.set('/chat/greeting', 'Hello!');
  toA.stream('/sensor/accel', { x: 0.1, y: -0.3, z: 9.8 });
  toB.emit('/action/ping', { ts: 1 });
  assert.deepEqual((await chat).slice(0, 2), ['Hello!', '/chat/greeting']);
  assert.deepEqual((await accel).slice(0, 2), [{ x: 0.1, y: -0.3, z: 9.8 }, '/sensor/accel']);
  assert.deepEqual((await ping).slice(0, 2), [{ ts: 1 }, '/action/ping']);
  assert.equal(await b.connect('peer-a'), toA, 'who is connected is given at once');
});

test('a listener of `connecting` decides who is let in, also later', async (t) => {
  const { http } = await relayFor(t);
  const a = managerFor(t, 'peer-a', http);
  const b = managerFor(t, 'peer-b', http);
  const c = managerFor(t, 'peer-c', http);
  a.on('connecting', async (/** @type {import('../../web/peer.js').Peer} */ peer) => {
    await a.discover(); // somebody is asked
    if (peer.id !== 'peer-b') peer.reject('not you');
  });
  await a.register();
  await b.connect('peer-a');
  await assert.rejects(c.connect('peer-a'), { code: 'REJECTED', message: /not you/ });
  assert.deepEqual([...a.peers.keys()], ['peer-b']);
});

test('without the unreliable channel stream() goes by the reliable one', async (t) => {
  const { toA, toB } = await pair(t, { useUnreliableChannel: false });
  const got = told(toB, '/sensor');
  toA.stream('/sensor', 1);
  assert.deepEqual((await got).slice(0, 2), [1, '/sensor']);
});

test('a peer without an entry is reached as it has announced itself', async (t) => {
  const { http } = await relayFor(t);
  const a = managerFor(t, 'peer-a', http);
  const b = managerFor(t, 'peer-b', http);
  await b.register(); // it has a session at the router
  const connecting = a.connect('peer-b');
  await (await connecting).set('/x', 1);
  const c = managerFor(t, 'peer-c', http);
  await assert.rejects(c.connect('peer-c'), { code: 'BAD_OPTION' });
  await assert.rejects(c.connect('nobody', { timeout: 200 }), { code: 'TIMEOUT' });
  const signal = AbortSignal.abort();
  await assert.rejects(c.connect('peer-b', { signal }), { code: 'ABORTED' });
});

test("a peer's own router is where it is reached", async (t) => {
  const { http } = await relayFor(t);
  const elsewhere = await relayFor(t);
  const a = managerFor(t, 'peer-a', http, { router: elsewhere.url });
  const b = managerFor(t, 'peer-b', http);
  await a.register();
  const incoming = told(a, 'connection');
  const toA = await b.connect('peer-a');
  const [toB] = await incoming;
  const got = told(toB, '/x');
  await toA.set('/x', 1);
  assert.equal((await got)[0], 1);
});

test('a token is shown to the own router alone', async (t) => {
  const { http } = await relayFor(t, { tokens: { secret: ['write:/**'] } });
  await assert.rejects(managerFor(t, 'peer-a', http).register(), { code: 'UNAUTHORIZED' });
  const a = managerFor(t, 'peer-a', http, { token: 'secret' });
  await a.register();
  assert.equal((await managerFor(t, 'peer-b', http).discover()).length, 1);
});

test('without a router register() and connect() fail, and a later call tries again', async (t) => {
  const rendezvous = await startRendezvous({ port: 0, host: '127.0.0.1' });
  t.after(() => rendezvous.close());
  const { port } = await relayFor(t);
  const p2p = managerFor(t, 'peer-a', rendezvous.url, { router: 'ws://127.0.0.1:1' });
  await assert.rejects(p2p.register(), { code: 'RELAY_UNREACHABLE' });
  await assert.rejects(p2p.connect('peer-b'), { code: 'RELAY_UNREACHABLE' });
  const other = managerFor(t, 'peer-a', rendezvous.url, { router: `ws://127.0.0.1:${port}` });
  await other.register();
});

test('without a rendezvous server register() fails, and tries no more', async (t) => {
  const { url } = await relayFor(t);
  const p2p = managerFor(t, 'peer-a', 'http://127.0.0.1:1', { router: url });
  p2p.on('error', () => assert.fail('tried again'));
  await assert.rejects(p2p.register(), { code: 'RELAY_UNREACHABLE' });
});

test('another session is registered in place of the last one', async (t) => {
  const rendezvous = await startRendezvous({ port: 0, host: '127.0.0.1' });
  t.after(() => rendezvous.close());
  const relay = await startRelay({ port: 0, host: '127.0.0.1' });
  const p2p = managerFor(t, 'peer-a', rendezvous.url, { router: relay.url });
  const seen = new Rendezvous(rendezvous.url);
  const first = await p2p.register({ tags: ['demo'] });
  const renewed = told(p2p, 'registered', ({ id }) => id !== first.id);
  const [before] = await seen.discover();
  await relay.close();
  const again = await startRelay({ port: relay.port, host: '127.0.0.1' });
  t.after(() => again.close());
  await renewed;
  const [after, ...others] = await seen.discover();
  assert.deepEqual(others, []);
  assert.notEqual(after.metadata.session, before.metadata.session);
  assert.deepEqual(after.tags, ['demo']);
});

test('the router is looked for at the URL of the rendezvous server, then at port 7330', () => {
  assert.deepEqual(routersOf('https://relay.example.org'), [
    'wss://relay.example.org/',
    'wss://relay.example.org:7330/',
  ]);
  assert.deepEqual(routersOf('http://localhost:7330'), ['ws://localhost:7330/']);
  assert.deepEqual(routersOf('http://[::1]:7340/rendezvous'), [
    'ws://[::1]:7340/rendezvous',
    'ws://[::1]:7330/',
  ]);
});

test('a rendezvous server without a router has one beside it at port 7330', async (t) => {
  const host = `127.73.${(process.pid >> 8) & 0xff}.${process.pid & 0xff || 1}`; // nobody else's
  const rendezvous = await startRendezvous({ port: 7340, host });
  t.after(() => rendezvous.close());
  const relay = await startRelay({ port: 7330, host, rendezvous: false });
  t.after(() => relay.close());
  const a = managerFor(t, 'peer-a', `http://${host}:7340`);
  const b = managerFor(t, 'peer-b', `http://${host}:7340`);
  await a.register({ tags: ['demo'] });
  const [{ id, metadata }] = await b.discover({ tags: ['demo'] });
  assert.deepEqual([id, metadata.router], ['peer-a', `ws://${host}:7330/`]);
  const incoming = told(a, 'connection');
  const toA = await b.connect(id);
  const [toB] = await incoming;
  const got = told(toB, '/x');
  await toA.set('/x', 1);
  assert.equal((await got)[0], 1);
});

test('tries that fail leave nothing behind at the manager', async (t) => {
  const p2p = managerFor(t, 'peer-a', 'http://127.0.0.1:1', { router: 'ws://127.0.0.1:1' });
  /** @type {Error[]} */ const warnings = [];
  const warned = (/** @type {Error} */ warning) => warnings.push(warning);
  process.on('warning', warned);
  t.after(() => process.off('warning', warned));
  for (let i = 0; i < 12; i++) await assert.rejects(p2p.register(), { code: 'RELAY_UNREACHABLE' });
  await new Promise(setImmediate); // warnings come with the next turn
  assert.deepEqual(warnings, []);
});

test('a promise of another make decides about a peer, too', async (t) => {
  const { http } = await relayFor(t);
  const a = managerFor(t, 'peer-a', http);
  const b = managerFor(t, 'peer-b', http);
  a.on('connecting', (/** @type {import('../../web/peer.js').Peer} */ peer) => ({
    then: (/** @type {() => void} */ done) => {
      peer.reject('not you');
      done();
    },
  }));
  await a.register();
  await assert.rejects(b.connect('peer-a'), { code: 'REJECTED', message: /not you/ });
});

test('options that are none are refused', () => {
  for (const options of [undefined, null, {}, { peerId: '' }, { peerId: 5 }])
    assert.throws(() => new P2PManager(/** @type {any} */ (options)), { code: 'BAD_OPTION' });
});

test("an entry's router counts where it is another one, and not on the machine of its peer", () => {
  const own = 'wss://relay.example.org/';
  assert.equal(routerFor('wss://other.example.org/', own), 'wss://other.example.org/');
  for (const named of [
    own,
    'wss://relay.example.org',
    'ws://localhost:7330/',
    'http://x/',
    7,
    undefined,
  ])
    assert.equal(routerFor(named, own), own);
  const local = 'ws://localhost:7330/';
  assert.equal(routerFor('ws://127.0.0.1:7330', local), local);
  assert.equal(routerFor('ws://127.0.0.1:7331', local), 'ws://127.0.0.1:7331/');
});

test('where no direct path comes about, the router carries what is said, in order', async (t) => {
  const { http } = await relayFor(t);
  const a = managerFor(t, 'peer-a', http, { timeout: 2000 });
  const b = managerFor(t, 'peer-b', http, { timeout: 2000 });
  for (const { network } of [a, b]) network.isOff = true;
  await a.register();
  const incoming = told(a, 'connection');
  const toA = await b.connect('peer-a');
  const [toB] = await incoming;
  assert.equal(toA.path?.type, 'router');
  /** @type {number[]} */ const got = [];
  toB.on('/n', (/** @type {number} */ n) => got.push(n));
  const last = told(toB, '/n', (n) => n === 99);
  await Promise.all(Array.from({ length: 100 }, (_, n) => toA.set('/n', n)));
  await last;
  assert.deepEqual(
    got,
    Array.from({ length: 100 }, (_, n) => n),
  );
});

test('a direct path dies and comes back: nothing is lost, nothing comes twice, all in order', async (t) => {
  const { a, b, toA, toB } = await pair(t);
  /** @type {number[]} */ const got = [];
  toB.on('/n', (/** @type {number} */ n) => got.push(n));
  const say = (/** @type {number} */ from, /** @type {number} */ to) =>
    Promise.all(Array.from({ length: to - from }, (_, i) => toA.set('/n', from + i)));
  const before = say(0, 100);
  for (const { network } of [a, b]) network.cut();
  const during = say(100, 200);
  await Promise.all([before, during]);
  assert.equal(toA.path?.type, 'router');
  for (const { network } of [a, b]) network.plug();
  const whole = say(200, 300);
  await until(toA, ['path', 'connected'], () => toA.path && toA.path.type !== 'router');
  await Promise.all([whole, say(300, 400)]);
  assert.deepEqual(
    got,
    Array.from({ length: 400 }, (_, n) => n),
  );
});
