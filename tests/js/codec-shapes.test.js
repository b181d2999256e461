/** Maps that come again and again (src/codec/shapes.h): read by code for their shape, they are what they were before. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { decode, encode, ready } from '../../web/codec.js';

before(() => ready());

const TIMES = 40; // more than it takes to make a shape

/** @param {unknown} value */
const roundTrip = (value) => decode(encode({ type: 'SET', address: '/shape', value })).value;

/** @param {unknown} value @param {number} [times] */
function stays(value, times = TIMES) {
  for (let i = 0; i < times; i++) assert.deepEqual(roundTrip(value), value);
}

test('maps of one to nine keys stay what they are, however often they come', () => {
  for (let count = 1; count <= 9; count++) {
    const keys = Array.from({ length: count }, (_, n) => `${'abcdefghi'[n]}${count}`);
    const map = Object.fromEntries(keys.map((key, n) => [key, n % 2 ? `${key}!` : n + 0.5]));
    stays(map);
    assert.deepEqual(Object.keys(roundTrip(map)), keys);
    assert.equal(Object.getPrototypeOf(roundTrip(map)), Object.prototype);
  }
});

test('the values of a shape may be of any type, and of another the next time', () => {
  const values = [
    1.5,
    'text',
    null,
    true,
    [1, { deep: [] }],
    { inner: { x: 1 } },
    new Uint8Array(3),
  ];
  for (let i = 0; i < TIMES; i++) {
    const map = { first: values[i % 7], second: values[(i * 3) % 7], third: values[(i * 5) % 7] };
    assert.deepEqual(roundTrip(map), map);
  }
});

test('maps within maps of the same shape are read one in the other', () => {
  let nested = null;
  for (let depth = 0; depth < 20; depth++)
    nested = { left: depth, within: nested, right: `${depth}` };
  stays(nested);
});

test('maps that begin alike, and differ later, are told apart', () => {
  stays({ x: 1, y: 2, pressure: 0.5 });
  for (let i = 0; i < TIMES; i++) {
    stays({ x: 1, y: 2, tilt: 0.5 }, 1);
    stays({ x: 1, z: 2, pressure: 0.5 }, 1);
    stays({ x: 1, y: 2, pressure: 0.5 }, 1);
    stays({ x: 1, y: 2 }, 1);
    stays({ x: 1, y: 2, pressure: 0.5, id: 'a' }, 1);
  }
});

test('__proto__ is a key like any other in a map that comes again and again', () => {
  const map = JSON.parse('{"before": 1, "__proto__": {"polluted": true}, "after": 2}');
  for (let i = 0; i < TIMES; i++) {
    const read = roundTrip(map);
    assert.deepEqual(Object.keys(read), ['before', '__proto__', 'after']);
    assert.equal(Object.getPrototypeOf(read), Object.prototype);
    assert.equal(read.polluted, undefined);
  }
});

test('keys that look like indexes, are empty or are no ASCII stay what they are', () => {
  stays({ '': 1, 'été 🎈': 2, constructor: 3, toString: 4 });
  stays({ 7: 1, 10: 2, a: 3 });
});

test('when there are no shapes left, maps are read all the same', () => {
  for (let i = 0; i < 60; i++) stays({ [`only${i}`]: i, rest: null }, 20);
});
