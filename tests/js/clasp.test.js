/** The client against the real relay: the real wasm on both sides, real sockets. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startRelay } from '../../relay/index.js';
import { Clasp } from '../../web/clasp.js';
import { ClaspBuilder } from '../../web/clasp-builder.js';
import { next } from './support.js';

/** @type {Awaited<ReturnType<typeof startRelay>>} */ let relay;
/** @type {Clasp[]} */ const clients = [];

before(async () => {
  relay = await startRelay({ port: 0, messagesPerSecond: 1e6 });
});

after(async () => {
  for (const client of clients) client.close();
  await relay.close();
});

/** @param {import('../../web/clasp.js').ClaspOptions} [options] */
async function connected(options) {
  const client = new Clasp(relay.url, options);
  clients.push(client);
  await client.connect();
  return client;
}

/**
 * The next values that a pattern brings.
 * @param {Clasp} client
 * @param {string} pattern
 * @param {number} [count]
 * @returns {Promise<any[][]>} any: pairs of value and address
 */
function values(client, pattern, count = 1) {
  return new Promise((resolve) => {
    /** @type {any[][]} */ const seen = [];
    const off = client.on(pattern, (value, address) => {
      seen.push([value, address]);
      if (seen.length < count) return;
      off();
      resolve(seen);
    });
  });
}

test('the builder of the documents connects, by either spelling', async () => {
  const builder = Clasp.builder(relay.url).withName('a').withFeatures(['param', 'event']);
  const client = await builder.withReconnect(true, 200).connect();
  clients.push(client);
  assert.equal(client.connected, true);
  assert.match(client.session ?? '', /^[0-9a-f-]{36}$/);

  const other = new ClaspBuilder(relay.url);
  other.name('video-p2p');
  other.reconnect(true);
  const second = await other.connect();
  clients.push(second);
  assert.notEqual(second.session, client.session);
});

test('set() resolves with the revision, and everybody subscribed hears of it, the writer too', async () => {
  const [writer, reader] = await Promise.all([connected(), connected()]);
  const heard = [values(writer, '/set/*'), values(reader, '/set/**')];
  assert.equal(await writer.set('/set/a', 0.5), 1);
  assert.deepEqual(await Promise.all(heard), [[[0.5, '/set/a']], [[0.5, '/set/a']]]);
  assert.equal(await writer.set('/set/a', 0.75), 2);
});

test('every kind of value arrives as it was written', async () => {
  const client = await connected();
  const kinds = {
    null: null,
    true: true,
    number: -1.5,
    text: 'grün, 光, 🎭',
    bytes: new Uint8Array([0, 255, 7]),
    list: [1, 'two', [3], { four: 4 }],
    map: { x: 0.1, nested: { deep: [null] }, __proto__x: 1 },
  };
  for (const [name, value] of Object.entries(kinds)) {
    await client.set(`/kinds/${name}`, value);
    assert.deepEqual(await client.get(`/kinds/${name}`), value);
  }
});

test('who subscribes later is told the params as they are, and cached() knows them', async () => {
  const writer = await connected();
  await writer.set('/late/a', 'here before');
  const reader = await connected();
  assert.deepEqual(await values(reader, '/late/*'), [['here before', '/late/a']]);
  assert.equal(reader.cached('/late/a'), 'here before');
  assert.equal(reader.cached('/late/nothing'), undefined);
});

test('events, streams, gestures and timelines reach the others, not the sender', async () => {
  const [sender, receiver] = await Promise.all([connected(), connected()]);
  sender.on('/io/**', (_, address) => assert.fail(`the sender heard ${address}`));
  await sender.query('/none'); // the subscription is at the relay
  const heard = values(receiver, '/io/**', 5);
  await receiver.query('/none');
  sender.emit('/io/event', { cue: 'intro' });
  sender.emit('/io/bare');
  sender.stream('/io/stream', 21.5);
  sender.gesture('/io/touch', 7, 'start', { x: 1 });
  sender.timeline('/io/line', [{ time: 0, value: 0 }], { loop: true, startTime: 5 });
  assert.deepEqual(await heard, [
    [{ cue: 'intro' }, '/io/event'],
    [null, '/io/bare'],
    [21.5, '/io/stream'],
    [{ x: 1, phase: 'start', gestureId: 7 }, '/io/touch'],
    [{ keyframes: [{ time: 0, value: 0 }], loop: true, startTime: 5 }, '/io/line'],
  ]);
});

test('a lock keeps the others out until it is released', async () => {
  const [holder, other] = await Promise.all([connected(), connected()]);
  await holder.setLocked('/lock/a', 1);
  await assert.rejects(other.set('/lock/a', 2), { code: 'LOCK_HELD', wireCode: 401 });
  await assert.rejects(other.unlock('/lock/a'), { code: 'LOCK_HELD' });
  await holder.unlock('/lock/a');
  assert.equal(await other.get('/lock/a'), 1);
  await other.set('/lock/a', 2);
  assert.equal(await holder.get('/lock/a'), 2);
});

test('a SET that expects another revision is refused, and changes nothing', async () => {
  const client = await connected();
  const revision = await client.set('/revision/a', 'first');
  await assert.rejects(client.set('/revision/a', 'second', { revision: revision + 1 }), {
    code: 'REVISION_CONFLICT',
    wireCode: 400,
  });
  assert.equal(await client.get('/revision/a'), 'first');
  assert.equal(await client.set('/revision/a', 'second', { revision }), revision + 1);
});

test('answers find their question when many are on their way at once', async () => {
  const client = await connected();
  const revisions = await Promise.all(
    Array.from({ length: 200 }, (_, i) => client.set(`/many/${i % 3}`, i)),
  );
  for (let i = 0; i < 200; i++) assert.equal(revisions[i], Math.floor(i / 3) + 1);
  const seen = await Promise.all([0, 1, 2].map((i) => client.get(`/many/${i}`)));
  assert.deepEqual(seen, [198, 199, 197]);
});

test('a bundle is applied as a whole, and acknowledged with the revision of its last SET', async () => {
  const [sender, receiver] = await Promise.all([connected(), connected()]);
  const heard = values(receiver, '/bundle/**', 3);
  await receiver.query('/none');
  const revision = await sender.bundle([
    { set: ['/bundle/1', 1] },
    { set: ['/bundle/2', 0] },
    { emit: ['/bundle/done', { cue: 'crossfade' }] },
  ]);
  assert.equal(revision, 1);
  assert.deepEqual(await heard, [
    [1, '/bundle/1'],
    [0, '/bundle/2'],
    [{ cue: 'crossfade' }, '/bundle/done'],
  ]);
});

test('a bundle with a time leaves at that time of the router', async () => {
  const client = await connected();
  const at = client.time() + 50_000;
  await client.bundle([{ set: ['/scheduled/a', 1] }], { at });
  assert.ok(client.time() >= at);
});

test('a member that is no member refuses the bundle, and nothing of it is sent', async () => {
  const client = await connected();
  await assert.rejects(client.bundle([{ set: ['/half/a', 1] }, /** @type {any} */ ({})]), {
    code: 'BAD_OPTION',
  });
  await assert.rejects(client.bundle([{ set: ['/half/a', 1] }, { set: ['no address', 1] }]), {
    code: 'BAD_ADDRESS',
  });
  assert.equal(await client.set('/half/a', 1), 1);
});

test('what is announced is found by query()', async () => {
  const [one, other] = await Promise.all([connected(), connected()]);
  const fader = {
    address: '/desk/fader',
    type: /** @type {const} */ ('param'),
    datatype: 'f64',
    access: 'rw',
    meta: { unit: 'dB', range: /** @type {[number, number]} */ ([-60, 12]), default: 0 },
  };
  await one.announce([fader], { namespace: '/desk' });
  const found = await other.query('/desk/*');
  assert.equal(found.length, 1);
  assert.equal(found[0].address, '/desk/fader');
  assert.equal(found[0].type, 'param');
  assert.deepEqual(
    other.querySignals('/desk/**').map(({ address }) => address),
    ['/desk/fader'],
  );
  assert.deepEqual(other.querySignals('/other/*'), []);
});

test('off() and the function that on() returns end a subscription', async () => {
  const client = await connected();
  /** @type {unknown[]} */ const heard = [];
  const one = () => heard.push('one');
  client.on('/off/a', one);
  client.on('/off/a', () => heard.push('two'));
  const three = client.on('/off/a', () => heard.push('three'));
  client.off('/off/a', one);
  three();
  await client.set('/off/a', 1);
  assert.deepEqual(heard, ['two']);
  client.off('/off/a');
  await client.set('/off/a', 2);
  assert.deepEqual(heard, ['two']);
});

test('a subscription ends with its signal, and by `using`', async () => {
  const client = await connected();
  const end = new AbortController();
  let heard = 0;
  client.on('/using/a', () => heard++, { signal: end.signal });
  const off = client.on('/using/a', () => heard++);
  off[Symbol.dispose]();
  end.abort();
  await client.set('/using/a', 1);
  assert.equal(heard, 0);
});

test('for await reads a subscription until it is left', async () => {
  const [writer, reader] = await Promise.all([connected(), connected()]);
  const inflow = reader.subscribe('/flow/*');
  await reader.query('/none');
  for (let i = 0; i < 5; i++) writer.emit(`/flow/${i}`, i);
  const seen = [];
  for await (const { address, value } of inflow) {
    seen.push([address, value]);
    if (value === 3) break;
  }
  assert.deepEqual(
    seen,
    [0, 1, 2, 3].map((i) => [`/flow/${i}`, i]),
  );
  assert.equal((await inflow.next()).done, true);
});

test('a subscription that nobody reads drops its oldest values, and counts them', async () => {
  const [writer, reader] = await Promise.all([connected(), connected()]);
  const inflow = reader.subscribe('/slow/a', { buffer: 3 });
  const last = values(reader, '/slow/a', 10);
  await reader.query('/none');
  for (let i = 0; i < 10; i++) writer.emit('/slow/a', i);
  await last;
  assert.equal(inflow.dropped, 7);
  assert.equal((await inflow.next()).value?.value, 7);
  inflow.end();
});

test('an aborted wait is refused with ABORTED, and the client goes on', async () => {
  const client = await connected();
  const end = new AbortController();
  const waiting = client.get('/nobody/wrote/this', { signal: end.signal });
  end.abort();
  await assert.rejects(waiting, { code: 'ABORTED' });
  await assert.rejects(client.set('/abort/a', 1, { signal: AbortSignal.abort() }), {
    code: 'ABORTED',
  });
  assert.equal(typeof (await client.set('/abort/b', 1)), 'number');
});

test('bad input is refused by a code, and loses nothing', async () => {
  const client = await connected();
  const cycle = /** @type {any} */ ({});
  cycle.self = cycle;
  await assert.rejects(client.set('no slash', 1), { code: 'BAD_ADDRESS' });
  await assert.rejects(client.set('/bad/*', 1), { code: 'BAD_ADDRESS' });
  await assert.rejects(client.set('/bad/cycle', cycle), { code: 'TOO_DEEP' });
  await assert.rejects(client.set('/bad/fn', /** @type {any} */ (() => {})), {
    code: 'BAD_VALUE_TYPE',
  });
  await assert.rejects(client.set('/bad/large', new Uint8Array(70_000)), { code: 'TOO_LARGE' });
  await assert.rejects(client.set('/bad/ttl', 1, { ttl: -1 }), { code: 'BAD_OPTION' });
  assert.throws(() => client.emit('', 1), { code: 'BAD_ADDRESS' });
  assert.throws(() => client.on('/a//b', () => {}), { code: 'BAD_PATTERN' });
  assert.throws(() => client.gesture('/bad/g', 1, /** @type {any} */ ('wave')), {
    code: 'BAD_OPTION',
  });
  assert.throws(() => new Clasp('http://localhost'), { code: 'BAD_OPTION' });
  assert.equal(await client.set('/bad/but/then', 1), 1);
});

test('nobody there: connect() says RELAY_UNREACHABLE, and may be called again', async () => {
  const gone = await startRelay({ port: 0 });
  const { port } = gone;
  await gone.close();
  const client = new Clasp(`ws://localhost:${port}`);
  clients.push(client);
  await assert.rejects(client.connect(), { code: 'RELAY_UNREACHABLE' });
  await assert.rejects(client.set('/a', 1), { code: 'NOT_CONNECTED' });
  const back = await startRelay({ port });
  await client.connect();
  assert.equal(await client.set('/a', 1), 1);
  client.close();
  await back.close();
});

test('connect() obeys its signal', async () => {
  const client = new Clasp(relay.url);
  await assert.rejects(client.connect({ signal: AbortSignal.abort() }), { code: 'ABORTED' });
  assert.equal(client.connected, false);
});

test('close() refuses what waits, says goodbye once, and connect() begins anew', async () => {
  const client = await connected();
  const waiting = client.get('/nobody/wrote/that');
  let closed = 0;
  client.addEventListener('close', () => closed++);
  client.close();
  client.close();
  await assert.rejects(waiting, { code: 'NOT_CONNECTED' });
  assert.equal(client.connected, false);
  assert.equal(closed, 1);
  await client.connect();
  assert.equal(client.connected, true);
});

test('maxRate and epsilon of one subscription do not touch another one', async () => {
  const [writer, reader] = await Promise.all([connected(), connected()]);
  /** @type {number[]} */ const coarse = [];
  reader.on('/rate/a', (value) => coarse.push(value), { epsilon: 0.5 });
  const all = values(reader, '/rate/a', 4);
  await reader.query('/none');
  for (const value of [0, 0.1, 0.7, 0.8]) await writer.set('/rate/a', value);
  assert.deepEqual(
    (await all).map(([value]) => value),
    [0, 0.1, 0.7, 0.8],
  );
  assert.deepEqual(coarse, [0, 0.7]);
});

test('the relay goes and comes back: subscriptions, waiting writes and own params are there again', async () => {
  const first = await startRelay({ port: 0 });
  const { port, url } = first;
  const options = { reconnectInterval: 20 };
  const [writer, reader] = [new Clasp(url, options), new Clasp(url, options)];
  clients.push(writer, reader);
  await Promise.all([writer.connect(), reader.connect()]);
  await writer.set('/back/kept', 'mine');
  const heard = values(reader, '/back/later', 1);
  const lost = [next(writer, 'disconnect'), next(reader, 'disconnect')];
  await first.close();
  await Promise.all(lost);
  const waiting = writer.set('/back/later', 'written while away');
  const second = await startRelay({ port });
  assert.equal(await waiting, 1);
  assert.deepEqual(await heard, [['written while away', '/back/later']]);
  assert.equal(await reader.get('/back/kept'), 'mine');
  writer.close();
  reader.close();
  await second.close();
});

test('the clock is the router’s, to the microsecond', async () => {
  const client = await connected();
  const before = Date.now() * 1000;
  const time = client.time();
  assert.ok(Number.isInteger(time));
  assert.ok(Math.abs(time - before) < 1_000_000);
});
