/** Clients whose messages to /peer/{id}/… go directly where they can, with real WebRTC and a real relay. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRelay } from '../../relay/index.js';
import { Clasp, ClaspP2P } from '../../web/index.js';
import { Lane } from '../../web/hybrid-lane.js';
import { decode, encode, ready } from '../../web/codec.js';
import { Network, told, until } from './peers-support.js';
import { SESSIONS, stranger } from './stranger.js';
import { next } from './support.js';

/** @typedef {import('node:test').TestContext} Test */
/** @typedef {import('../../web/hybrid.js').HybridOptions} HybridOptions */

/** @param {Test} t */
async function relayFor(t) {
  const relay = await startRelay({ port: 0, host: '127.0.0.1' });
  t.after(() => relay.close());
  return relay.url;
}

/** @param {Test} t @param {string} url @param {HybridOptions} [options] */
async function clientFor(t, url, options) {
  const network = new Network();
  const builder = Clasp.builder(url).withP2P({ rtc: network.rtc, ...options });
  const client = await builder.connect();
  t.after(() => client.close());
  const { p2p } = client;
  assert.ok(p2p);
  return { client, p2p, network };
}

/** @param {Test} t @param {HybridOptions} [options] of the first */
async function pair(t, options) {
  const url = await relayFor(t);
  const a = await clientFor(t, url, { clientId: 'browser-1', ...options });
  const b = await clientFor(t, url, { clientId: 'browser-2' });
  return { url, a, b };
}

/** @param {Test} t @param {HybridOptions} [options] of the first */
async function connected(t, options) {
  const both = await pair(t, options);
  const heard = told(both.b.p2p, 'peer_connected');
  const toB = await both.a.p2p.connectToPeer('browser-2');
  const [toA] = await heard;
  await until(toB, ['path', 'connected'], () => toB.state === 'connected');
  return { ...both, toA, toB };
}

/** All that comes to a client's subscription. @param {Clasp} client @param {string} pattern @param {object} [options] */
function taken(client, pattern, options) {
  /** @type {[any, string][]} any: what was said */ const got = [];
  /** @type {Set<() => void>} */ const waiting = new Set();
  client.on(
    pattern,
    (value, address) => {
      got.push([value, address]);
      waiting.forEach((look) => look());
    },
    options,
  );
  const until = (/** @type {number} */ count) =>
    new Promise((/** @type {(all: [any, string][]) => void} any: as above */ resolve) => {
      const look = () => {
        if (got.length < count) return;
        waiting.delete(look);
        resolve(got);
      };
      waiting.add(look);
      look();
    });
  return { got, until };
}

/** What goes by the router, as another client sees it. @param {Test} t @param {string} url */
async function routerSees(t, url) {
  const client = await Clasp.builder(url).connect();
  t.after(() => client.close());
  return { ...taken(client, '/peer/**'), client };
}

test('client.p2p is there once it is connected, and a client without the option has none', async (t) => {
  const url = await relayFor(t);
  const { client, p2p } = await clientFor(t, url);
  assert.ok(p2p instanceof ClaspP2P);
  assert.equal(p2p.clientId, client.session, 'without an id of its own it is its session');
  const plain = await Clasp.builder(url).connect();
  t.after(() => plain.close());
  assert.equal(plain.p2p, undefined);
  const off = await Clasp.builder(url).withP2P({ enabled: false }).connect();
  t.after(() => off.close());
  assert.equal(off.p2p, undefined);
});

test('what is set goes directly where the peer is connected, and comes once to all that subscribe', async (t) => {
  const { url, a, b, toA } = await connected(t);
  const router = await routerSees(t, url);
  const exact = taken(b.client, '/peer/browser-2/value');
  const below = taken(b.client, '/peer/browser-2/**');
  const all = taken(b.client, '/**');
  const fromPeer = told(toA, '/value');
  assert.equal(await a.client.set('/peer/browser-2/value', 42), 0);
  await a.client.set('/else', 1);
  assert.deepEqual((await fromPeer).slice(0, 2), [42, '/value']);
  await all.until(2);
  const isSignal = (/** @type {string} */ address) => address.startsWith('/clasp/p2p/signal/');
  assert.deepEqual(exact.got, [[42, '/peer/browser-2/value']]);
  assert.deepEqual(below.got, [[42, '/peer/browser-2/value']]);
  assert.deepEqual(
    all.got.filter(([, address]) => address !== '/else' && !isSignal(address)),
    [[42, '/peer/browser-2/value']],
  );
  assert.deepEqual(router.got, []);
});

test('emit and stream go directly, too, and a subscription takes the types that it wants', async (t) => {
  const { a, b } = await connected(t);
  const events = taken(b.client, '/peer/browser-2/**', { types: ['event'] });
  const streams = taken(b.client, '/peer/browser-2/**', { types: ['stream'] });
  a.client.stream('/peer/browser-2/pos', 1);
  a.client.emit('/peer/browser-2/go', { fade: 2 });
  await a.client.set('/peer/browser-2/level', 3);
  await events.until(1);
  await streams.until(1);
  assert.deepEqual(events.got, [[{ fade: 2 }, '/peer/browser-2/go']]);
  assert.deepEqual(streams.got, [[1, '/peer/browser-2/pos']]);
});

test('a subscription to /peer/{id}/… hears what that peer says', async (t) => {
  const { a, b } = await connected(t);
  const said = taken(a.client, '/peer/browser-2/**');
  const own = taken(a.client, '/peer/browser-1/**');
  await b.client.set('/peer/browser-1/status', 'ready');
  assert.deepEqual(await said.until(1), [['ready', '/peer/browser-2/status']]);
  assert.deepEqual(await own.until(1), [['ready', '/peer/browser-1/status']]);
});

test('who subscribes later is told what was set before', async (t) => {
  const { a, b } = await connected(t);
  await a.client.set('/peer/browser-2/value', 42);
  const late = taken(b.client, '/peer/browser-2/*');
  assert.deepEqual(await late.until(1), [[42, '/peer/browser-2/value']]);
  await a.client.set('/peer/browser-2/value', 43);
  assert.deepEqual((await late.until(2)).at(-1), [43, '/peer/browser-2/value']);
  b.client.off('/peer/browser-2/*');
  await a.client.set('/peer/browser-2/value', 44);
  assert.equal(late.got.length, 2);
});

test('the first use dials, goes by the router meanwhile, and keeps the order', async (t) => {
  const { a, b } = await pair(t);
  const { got, until: have } = taken(b.client, '/peer/browser-2/n');
  const way = () => a.p2p.route('/peer/browser-2/n').way;
  assert.equal(way(), 'router');
  const direct = told(a.p2p, 'route', ({ id, way: it }) => id === 'browser-2' && it === 'p2p');
  const writes = [a.client.set('/peer/browser-2/n', 0)];
  let n = 1;
  await Promise.all([direct, writes[0]]);
  assert.equal(way(), 'p2p');
  for (; n < 50; n++) writes.push(a.client.set('/peer/browser-2/n', n));
  const revisions = await Promise.all(writes);
  assert.notEqual(revisions[0], 0);
  assert.ok(revisions.slice(1).every((it) => it === 0));
  await have(50);
  assert.deepEqual(
    got.map(([value]) => value),
    Array.from({ length: 50 }, (_, i) => i),
  );
});

test('nobody is dialled for addresses of others, and own ones go by the router', async (t) => {
  const { url, a } = await pair(t);
  const router = await routerSees(t, url);
  for (const address of ['/peer', '/peer/browser-2', '/peers/x/y', '/peer/browser-1/own'])
    await a.client.set(address, 1);
  await a.client.set(`/peer/${a.client.session}/own`, 1);
  assert.equal(a.p2p.peers.size, 0);
  assert.equal((await router.until(4)).length, 4);
});

test('options that only a router knows take a write there', async (t) => {
  const { url, a } = await connected(t);
  const router = await routerSees(t, url);
  assert.ok((await a.client.set('/peer/browser-2/value', 1, { ttl: 60 })) > 0);
  assert.deepEqual(await router.until(1), [[1, '/peer/browser-2/value']]);
});

test('get() asks the peer, and the router for what the peer has not', async (t) => {
  const { a, toA } = await connected(t);
  await toA.set('/own', 'of browser-2');
  assert.equal(await a.client.get('/peer/browser-2/own'), 'of browser-2');
  await a.client.set('/peer/browser-2/kept', 7, { ttl: 60 });
  assert.equal(await a.client.get('/peer/browser-2/kept'), 7);
});

test('p2p-only: without a connection there is NOT_CONNECTED, with one it goes', async (t) => {
  const { url, a, b } = await pair(t, { fallbackToRouter: false });
  const router = await routerSees(t, url);
  assert.equal(a.p2p.route('/peer/browser-2/value').way, 'none');
  await assert.rejects(a.client.set('/peer/browser-2/value', 1), { code: 'NOT_CONNECTED' });
  assert.throws(() => a.client.emit('/peer/browser-2/value', 1), { code: 'NOT_CONNECTED' });
  await assert.rejects(a.client.get('/peer/browser-2/value'), { code: 'NOT_CONNECTED' });
  await until(
    a.p2p,
    ['route', 'peer_connected'],
    () => a.p2p.route('/peer/browser-2/value').way === 'p2p',
  );
  const got = taken(b.client, '/peer/browser-2/value');
  assert.equal(await a.client.set('/peer/browser-2/value', 2), 0);
  assert.deepEqual(await got.until(1), [[2, '/peer/browser-2/value']]);
  assert.deepEqual(router.got, []);
});

test('server-only: all goes by the router, though peers are connected', async (t) => {
  const { a, b } = await connected(t, { preferP2P: false });
  assert.equal(a.p2p.route('/peer/browser-2/value').way, 'router');
  const got = taken(b.client, '/peer/browser-2/value');
  assert.ok((await a.client.set('/peer/browser-2/value', 1)) > 0);
  assert.deepEqual(await got.until(1), [[1, '/peer/browser-2/value']]);
});

test('without WebRTC all goes by the router, and only who wants nothing else is refused', async (t) => {
  const url = await relayFor(t);
  class None {
    constructor() {
      throw new Error('none here');
    }
  }
  const rtc = { RTCPeerConnection: /** @type {any} any: nothing of the kind */ (None) };
  const b = await clientFor(t, url, { clientId: 'browser-2' });
  const a = await clientFor(t, url, { clientId: 'browser-1', rtc });
  const got = taken(b.client, '/peer/browser-2/value');
  assert.ok((await a.client.set('/peer/browser-2/value', 1)) > 0);
  assert.deepEqual(await got.until(1), [[1, '/peer/browser-2/value']]);
});

test('options that make no sense are refused by connect()', async (t) => {
  const url = await relayFor(t);
  const client = Clasp.builder(url).withP2P({ maxPeers: -1 }).build();
  await assert.rejects(client.connect(), { code: 'BAD_OPTION' });
  assert.equal(client.connected, false);
});

test('a direct path that dies loses nothing, doubles nothing, and keeps the order', async (t) => {
  const { a, b, toB } = await connected(t);
  const { got, until: have } = taken(b.client, '/peer/browser-2/n');
  const say = (/** @type {number} */ from, /** @type {number} */ to) =>
    Promise.all(
      Array.from({ length: to - from }, (_, i) => a.client.set('/peer/browser-2/n', from + i)),
    );
  const before = say(0, 100);
  for (const { network } of [a, b]) network.cut();
  await Promise.all([before, say(100, 200)]);
  for (const { network } of [a, b]) network.plug();
  await until(toB, ['path', 'connected'], () => toB.path && toB.path.type !== 'router');
  await say(200, 300);
  await have(300);
  assert.deepEqual(
    got.map(([value]) => value),
    Array.from({ length: 300 }, (_, n) => n),
  );
});

test('what a peer that is gone has not acknowledged is set at the router, in order', async (t) => {
  const { url, a, b } = await connected(t);
  const router = await routerSees(t, url);
  const gone = told(a.p2p, 'route', ({ way }) => way === 'router');
  const writes = [1, 2, 3].map((n) => a.client.set('/peer/browser-2/n', n));
  b.client.close();
  gone.then(() => writes.push(a.client.set('/peer/browser-2/n', 4)));
  await gone;
  const revisions = await Promise.all(writes);
  assert.ok(revisions.every((it) => it > 0));
  await router.until(4);
  assert.deepEqual(
    router.got,
    [1, 2, 3, 4].map((n) => [n, '/peer/browser-2/n']),
  );
});

test('who could not be reached is not dialled again at once', async (t) => {
  const { a } = await pair(t, { timeout: 300 });
  const failed = told(a.p2p, 'route', ({ id }) => id === 'nobody');
  await a.client.set('/peer/nobody/x', 1);
  await failed;
  assert.equal(a.p2p.route('/peer/nobody/x').way, 'router');
  assert.equal(a.p2p.explain('nobody').code, 'NEVER_ANNOUNCED');
});

test('a client that is closed says goodbye to its peers; connected again it has others', async (t) => {
  const { a, b, toB } = await connected(t);
  const left = told(b.p2p, 'peer_disconnected');
  const { p2p } = a;
  a.client.close();
  a.client.close();
  await left;
  assert.equal(toB.state, 'closed');
  const peersOf = (/** @type {Clasp} */ client) => client.p2p;
  assert.equal(peersOf(a.client), undefined);
  await a.client.connect();
  const other = peersOf(a.client);
  assert.ok(other && other !== p2p);
  const again = await other.connectToPeer('browser-2');
  await again.set('/x', 1);
});

test('a lane lets what goes another way wait, and no more than it can hold', async () => {
  /** @type {string[]} */ const order = [];
  let idle = 0;
  /** @type {'p2p' | 'router'} */ let way = 'router';
  const lane = new Lane(() => idle++);
  /** @type {(() => void)[]} */ const finish = [];
  const write = (/** @type {string} */ name) =>
    lane.run(
      () => way,
      (by) => {
        order.push(`${name} ${by}`);
        return new Promise((resolve) => finish.push(() => resolve(0)));
      },
    );
  const first = [write('a'), write('b')];
  way = 'p2p';
  const second = [write('c'), write('d')];
  assert.deepEqual(order, ['a router', 'b router']);
  finish.splice(0).forEach((it) => it());
  await Promise.all(first);
  assert.deepEqual(order.slice(2), ['c p2p', 'd p2p']);
  way = 'router';
  const late = Array.from({ length: 1024 }, (_, i) => write(String(i)));
  await assert.rejects(write('one too many'), { code: 'QUEUE_FULL' });
  finish.splice(0).forEach((it) => it());
  await Promise.all(second);
  finish.splice(0).forEach((it) => it());
  await Promise.all(late);
  assert.equal(idle, 1);
  const failing = lane.run(
    () => {
      throw new Error('no way');
    },
    () => Promise.resolve(0),
  );
  await assert.rejects(failing, /no way/);
});

test('a peer of another make is spoken to directly, too, and heard', async (t) => {
  await ready();
  const url = await relayFor(t);
  const { client, p2p } = await clientFor(t, url, { clientId: 'browser-1' });
  const other = await stranger(t, url, SESSIONS);
  const id = String(other.client.session);
  await p2p.connectToPeer(id);
  assert.equal(p2p.route(`/peer/${id}/value`).way, 'p2p');
  const came = next(other.target, 'message');
  assert.equal(await client.set(`/peer/${id}/value`, 42), 0);
  const { type, address, value } = /** @type {any} a SET */ (decode(new Uint8Array(await came)));
  assert.deepEqual([type, address, value], ['SET', '/value', 42]);
  const own = taken(client, '/peer/browser-1/**');
  const frame = encode({ type: 'SET', address: '/answer', value: 'hi' });
  other.channels['clasp-reliable'].send(/** @type {any} not shared */ (frame));
  assert.deepEqual(await own.until(1), [['hi', '/peer/browser-1/answer']]);
});

test('a write that waits for those before it is given up at once when its signal aborts', async (t) => {
  const { a, b } = await connected(t, { cover: false });
  for (const { network } of [a, b]) network.cut();
  const first = a.client.set('/peer/browser-2/n', 1); // nobody acknowledges it for seconds
  let isFirstOver = false;
  first.finally(() => (isFirstOver = true)).catch(() => {});
  const life = new AbortController();
  const second = a.client.set('/peer/browser-2/n', 2, { ttl: 60, signal: life.signal });
  life.abort();
  await assert.rejects(second, { code: 'ABORTED' });
  assert.equal(isFirstOver, false);
});
