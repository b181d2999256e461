/** Frames of numbers at addresses that come again and again: the same as those that are written anew. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { decode, encode, encodeLent, ready } from '../../web/codec.js';

before(() => ready());

const NUMBERS = [0, -0, 1, -1.5, 0.1, Math.PI, 2 ** 53, 1e308, 5e-324, NaN, Infinity, -Infinity];

/** Often enough to be known, then with each number. @param {(value: number) => object} message */
function checkAll(message) {
  for (let i = 0; i < 3; i++) encode(message(i));
  const frames = NUMBERS.map((number) => encode(message(number)));
  for (const [i, number] of NUMBERS.entries()) {
    assert.deepEqual(frames[i], encodeLent(message(number)), String(number)); // which is always written anew
    assert.ok(Object.is(decode(frames[i]).value, number));
  }
}

test('numbers of a SET and of a stream, by address', () => {
  for (const address of ['/a', '/a/b/c0', '/ü/✓', `/${'x'.repeat(60)}`, `/${'y'.repeat(200)}`]) {
    checkAll((value) => ({ type: 'SET', address, value }));
    checkAll((value) => ({ type: 'PUBLISH', address, value, signal: 'stream' }));
    checkAll((value) => ({ type: 'PUBLISH', address, value, signal: 'stream', timestamp: 7 }));
    checkAll((value) => ({ type: 'PUBLISH', address, value, signal: 'event' }));
    checkAll((value) => ({ type: 'PUBLISH', address, value }));
  }
});

test('timestamps of a stream, from 0 to 2^53 - 1, and above', () => {
  const stream = { type: 'PUBLISH', address: '/timed', signal: 'stream', value: 0.5 };
  for (let i = 0; i < 3; i++) encode({ ...stream, timestamp: i });
  const big = [2 ** 53, 2 ** 60, 2n ** 53n, 2n ** 64n - 1n];
  const small = [0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 1.7e15, Number.MAX_SAFE_INTEGER];
  for (const timestamp of [...small, ...big])
    assert.deepEqual(encode({ ...stream, timestamp }), encodeLent({ ...stream, timestamp }));
  for (const timestamp of [-1, 0.5, NaN, Infinity, 2 ** 64])
    assert.throws(() => encode({ ...stream, timestamp }), { code: 'OUT_OF_RANGE' });
});

test('what a message has beside its number is said, at an address that is known without it', () => {
  const address = '/known';
  const set = { type: 'SET', address };
  const stream = { type: 'PUBLISH', address, signal: 'stream' };
  checkAll((value) => ({ ...set, value }));
  checkAll((value) => ({ ...stream, value }));
  const others = [
    { ...set, value: 1, revision: 0 },
    { ...set, value: 1, revision: 7 },
    { ...set, value: 1, lock: true },
    { ...set, value: 1, unlock: true },
    { ...set, value: 1, ttl: { mode: 'never' } },
    { ...set, value: 1, ttl: { mode: 'sliding', seconds: 5 } },
    { ...set, value: 'text' },
    { ...set, value: 1n },
    { ...set, value: [1] },
    { ...stream, value: 1, id: 9 },
    { ...stream, value: 1, phase: 'start' },
    { ...stream, value: 1, timestamp: 12 },
    { ...stream, value: 1, rate: 60 },
    { ...stream, samples: [1, 2] },
    { ...stream, payload: 3 },
    { type: 'SNAPSHOT', params: [{ address, value: 1, revision: 1 }] },
    { type: 'BUNDLE', messages: [{ ...set, value: 1 }] },
  ];
  for (const other of others) {
    const plain = encode({ ...set, value: 2 });
    const frame = encode(other);
    assert.deepEqual(frame, encodeLent(other), JSON.stringify(Object.keys(other)));
    assert.deepEqual(encode({ ...set, value: 2 }), plain);
  }
});

test('a QoS and a timestamp are said, and not remembered', () => {
  const message = { type: 'SET', address: '/envelope', value: 1 };
  checkAll((value) => ({ ...message, value }));
  for (const options of [{ qos: 2 }, { timestamp: 5 }, {}, undefined])
    assert.deepEqual(
      encode(message, /** @type {any} a QoS is a number here */ (options)),
      encodeLent(message, /** @type {any} as above */ (options)),
    );
});

test('more addresses than are remembered, again and again', () => {
  const addresses = Array.from({ length: 5000 }, (_, i) => `/many/${i}`);
  for (let round = 0; round < 4; round++)
    for (const [i, address] of addresses.entries()) {
      const frame = encode({ type: 'SET', address, value: i + round });
      const { address: told, value } = decode(frame);
      assert.deepEqual([told, value], [address, i + round]);
    }
});

test('an object that says something else each time it is asked teaches nothing wrong', () => {
  for (let i = 0; i < 3; i++)
    for (const address of ['/first', '/second']) encode({ type: 'SET', address, value: i });
  let asked = 0;
  const fickle = {
    type: 'SET',
    get address() {
      return asked++ % 2 ? '/second' : '/third';
    },
    value: 1,
  };
  for (let i = 0; i < 8; i++) encode(fickle);
  for (const address of ['/first', '/second', '/third'])
    assert.equal(decode(encode({ type: 'SET', address, value: 4 })).address, address);
});

test('frames are kept: they share nothing', () => {
  const message = { type: 'SET', address: '/kept', value: 0 };
  const frames = Array.from({ length: 5000 }, (_, value) => encode({ ...message, value }));
  assert.ok(frames.every((frame, i) => decode(frame).value === i));
});
