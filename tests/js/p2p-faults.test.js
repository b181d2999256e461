/** What others do wrong: handlers that throw, signalling that fails, listeners that take their time, calls that come too late. */
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { Clasp } from '../../web/index.js';
import { hear, meeting, next, runPair } from './peers.js';

test('a handler of a channel that throws keeps no other from its end, nor who waits for room', async () => {
  const stdout = await runPair(`
    process.on('uncaughtException', (error) => console.log('uncaught ' + error.message));
    const peer = await one.connectToPeer('b');
    const [first, second] = [peer.createDataChannel('/first'), peer.createDataChannel('/second')];
    first.onclose = () => {
      throw new Error('mine');
    };
    second.onclose = () => console.log('second');
    for (let i = 0; i < 300; i++) peer.emit('/flood', new Uint8Array(8000));
    peer.ready.then(() => console.log('ready'));
    peer.close();
    setImmediate(async () => {
      one.close();
      two.close();
      await relay.close();
    });
  `);
  assert.deepEqual(stdout.trim().split('\n').sort(), ['ready', 'second', 'uncaught mine']);
});

test('signalling that throws is an `error` of code DRIVER, and nothing that surfaces', async (t) => {
  const { relay, make, join } = await meeting(t);
  await join('b');
  const client = new Clasp(relay.url);
  await client.connect();
  t.after(() => client.close());
  const failure = new Error('no way');
  const fail = () => {
    throw failure;
  };
  const signaling = Object.create(client.signalling(), { publish: { value: fail } });
  const one = make('a', { signaling });
  const reported = next(one, 'error');
  await one.connect();
  const { error } = await reported;
  assert.deepEqual([error.code, error.cause], ['DRIVER', failure]);
  await assert.rejects(one.connectToPeer('b', { timeout: 100 }), { code: 'TIMEOUT' });
});

test('what carries no signals is refused at once', async (t) => {
  const { make } = await meeting(t);
  for (const signaling of [{}, { publish() {} }, null, 5])
    assert.throws(() => make('a', { signaling: /** @type {any} */ (signaling) }), {
      code: 'BAD_OPTION',
    });
});

test('a promise of another make decides about a peer, too', async (t) => {
  const { join } = await meeting(t);
  const one = await join('a');
  const two = await join('b');
  two.on('peer_connecting', (peer) => ({
    then: (/** @type {(done?: any) => void} */ done) => {
      peer.reject('not you');
      done();
    },
  }));
  await assert.rejects(one.connectToPeer('b'), { code: 'REJECTED', message: 'not you' });
});

test('of long words of a refusal the peer is told as much as there is room for', async (t) => {
  const { join } = await meeting(t);
  const one = await join('a');
  const two = await join('b');
  two.on('peer_connecting', (peer) => peer.reject('é'.repeat(1000)));
  const told = { code: 'REJECTED', message: 'é'.repeat(255) };
  await assert.rejects(one.connectToPeer('b'), told);
});

test('the late answer to an earlier question decides nothing about a later one', async (t) => {
  const { join } = await meeting(t);
  const one = await join('a', { timeout: 1000, cover: false });
  const two = await join('b', { cover: false });
  /** @type {((words?: string) => void)[]} */ const answers = [];
  two.on(
    'peer_connecting',
    (peer) =>
      new Promise((/** @type {(done?: void) => void} */ done) => {
        answers.push((words) => {
          if (words) peer.reject(words);
          done();
        });
      }),
  );
  const asked = next(two, 'peer_connecting');
  const rejected = assert.rejects(one.connectToPeer('b', { timeout: 20_000 }), {
    code: 'REJECTED',
    message: 'no',
  });
  await asked;
  await next(two, 'peer_connecting'); // by the next attempt
  answers[0]();
  await new Promise(setImmediate); // what comes of it has come
  answers[1]('no');
  await rejected;
});

test('a signal that many loops were given has no listener of those that are over', async (t) => {
  const { pair } = await meeting(t);
  const { peer } = await pair();
  const { signal } = new AbortController();
  for (let i = 0; i < 20; i++) await peer.subscribe('/x', { signal }).return();
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

test('a broadcast that waits for the first peer is checked at once, and stays as it was', async (t) => {
  const { join } = await meeting(t);
  const one = await join('a');
  assert.throws(() => one.broadcast('no address', 1), { code: 'BAD_ADDRESS' });
  assert.throws(() => one.broadcast('/a', () => {}), { code: 'BAD_VALUE_TYPE' });
  const large = new Uint8Array(3 << 20);
  one.broadcast('/large', large);
  one.broadcast('/large', large);
  assert.throws(() => one.broadcast('/large', large), { code: 'QUEUE_FULL' });
  const value = { list: [1], toJSON: () => ({ list: value.list }) };
  one.broadcast('/small', value);
  value.list = [2];
  const two = await join('b');
  const heard = next(two, 'broadcast', ({ address }) => address === '/small');
  two.connectToPeer('a').catch(() => {});
  assert.deepEqual((await heard).value, { list: [1] });
});

test('a time that is none is refused', async (t) => {
  const { join } = await meeting(t);
  const one = await join('a');
  for (const timeout of [NaN, -1, Infinity, 2 ** 32 + 5])
    await assert.rejects(one.connectToPeer('b', { timeout }), { code: 'BAD_OPTION' });
});

test('a peer whose application has ended refuses with codes, and may be asked all the same', async (t) => {
  const { pair } = await meeting(t);
  const { one, peer } = await pair();
  const channel = peer.createDataChannel('/c');
  one.close();
  await assert.rejects(peer.set('/new/address', 1), { code: 'NOT_CONNECTED' });
  assert.throws(() => peer.emit('/other/address', 1), { code: 'NOT_CONNECTED' });
  assert.throws(() => peer.bytes('/b'), { code: 'NOT_CONNECTED' });
  assert.throws(() => peer.on('/x', () => {}), { code: 'PEER_GONE' });
  assert.throws(() => peer.createDataChannel('/d'), { code: 'PEER_GONE' });
  await assert.rejects(peer.get('/x'), { code: 'NOT_CONNECTED' });
  await Promise.all([peer.ready, channel.ready]);
  assert.equal(peer.bufferedAmount, 0);
  assert.equal((await peer.stats()).path, null);
  assert.equal(channel.readyState, 'closed');
  channel.close();
  peer.close();
});

test('a value whose toJSON() says something itself is refused, and harms nothing', async (t) => {
  const { pair } = await meeting(t);
  const { peer, back } = await pair();
  /** @type {Promise<void>[]} */ const inner = [];
  const meddling = {
    before: 'x'.repeat(100),
    get now() {
      inner.push(peer.set('/inner', 'y'.repeat(1000)));
      return 1;
    },
    after: 2,
  };
  const heard = hear(back, '/**');
  await peer.set('/outer', meddling);
  assert.deepEqual(await heard, [['/outer', { before: 'x'.repeat(100), now: 1, after: 2 }]]);
  await assert.rejects(inner[0], { code: 'BAD_STATE' });
  const failing = { toJSON: () => peer.emit('/inner', 'y') };
  assert.throws(() => peer.emit('/outer', failing), { code: 'BAD_STATE' });
  await peer.set('/outer', 'as ever');
});
