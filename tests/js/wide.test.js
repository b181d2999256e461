import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { VALUE_DEPTH, WIDE_MAX, WIDE_VALUES } from '../../js-glue/abi.gen.js';
import { encodeValue } from '../../js-glue/value.js';
import { decodeWide, encodeWide, isWideNeeded } from '../../js-glue/wide.js';

const { vectors } = JSON.parse(
  readFileSync(new URL('../vectors/wide.json', import.meta.url), 'utf8'),
);

/** @param {any} hex any: as tests/vectors/wide.json tells */
function bytesOf(hex) {
  const parts = Array.isArray(hex) ? hex : [hex];
  const texts = parts.map((part) =>
    typeof part === 'string' ? part : part.hex.repeat(part.count),
  );
  return Uint8Array.from(Buffer.from(texts.join(''), 'hex'));
}

/**
 * @param {any} json any: as tests/vectors/wide.json tells
 * @returns {unknown}
 */
function valueOf(json) {
  if (json?.$bytes !== undefined) return Uint8Array.from(Buffer.from(json.$bytes, 'hex'));
  if (json?.$repeat !== undefined) return json.$repeat.repeat(json.count);
  if (json?.$items !== undefined) return Array.from({ length: json.count }, () => json.$items);
  if (Array.isArray(json)) return json.map(valueOf);
  if (json === null || typeof json !== 'object') return json;
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, valueOf(value)]));
}

/** @param {Uint8Array} bytes a value with its type code */
const decoded = (bytes) => decodeWide(bytes.subarray(1), bytes[0]);

/** @param {unknown} value */
const roundTrip = (value) => decoded(encodeWide(value));

/**
 * @param {number} levels
 * @returns {unknown}
 */
const nested = (levels) => (levels === 0 ? 1 : [nested(levels - 1)]);

for (const { name, what, hex, value, deep } of vectors) {
  if (what !== 'value' && what !== 'read') continue;
  test(`${name}: read${what === 'value' ? ' and written' : ''} as the golden vector says`, () => {
    const bytes = bytesOf(hex);
    if (!deep) assert.deepEqual(decoded(bytes), valueOf(value));
    else assert.deepEqual(encodeWide(decoded(bytes)), bytes);
    if (what === 'value') assert.deepEqual(encodeWide(valueOf(value)), bytes);
  });
}

test('what a frame cannot carry comes back as it was', () => {
  const text = 'aé€😀'.repeat(100_000);
  const values = [
    text,
    new Uint8Array(300_000).map((_, i) => i * 31),
    Array.from({ length: 100_000 }, (_, i) => i / 3),
    Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`k${i}`, i % 2 ? null : `${i}`])),
    { texts: [text, text], more: { [text]: [true, -0, ''] } },
  ];
  for (const value of values) assert.deepEqual(roundTrip(value), value);
});

test('random values are the same in both forms', () => {
  let seed = 5;
  const random = (/** @type {number} */ below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  /** @type {((depth: number) => unknown)[]} */
  const makers = [
    () => null,
    () => random(2) === 1,
    () => random(1e9) / 7,
    () => 'é€x'.repeat(random(30)),
    () => Uint8Array.from({ length: random(40) }, () => random(256)),
    (depth) => Array.from({ length: depth > 4 ? 0 : random(6) }, () => made(depth + 1)),
    (depth) =>
      Object.fromEntries(
        Array.from({ length: depth > 4 ? 0 : random(6) }, () => [
          `k${random(99)}`,
          made(depth + 1),
        ]),
      ),
  ];
  const made = (/** @type {number} */ depth) => makers[random(makers.length)](depth);
  for (let i = 0; i < 500; i++) {
    const value = made(0);
    assert.deepEqual(roundTrip(value), value);
    const narrow = encodeValue('', value).bytes;
    assert.ok(encodeWide(value).length >= narrow.length);
  }
});

test('the largest value is written, and none that is larger', () => {
  const bytes = encodeWide(new Uint8Array(WIDE_MAX - 5));
  assert.equal(bytes.length, WIDE_MAX);
  assert.equal(encodeWide('x'.repeat(WIDE_MAX - 5)).length, WIDE_MAX);
  const code = { name: 'ClaspError', code: 'TOO_LARGE' };
  assert.throws(() => encodeWide(new Uint8Array(WIDE_MAX - 4)), code);
  assert.throws(() => encodeWide('x'.repeat(WIDE_MAX - 4)), code);
  assert.throws(() => encodeWide('é'.repeat(WIDE_MAX / 2)), code);
  assert.throws(() => encodeWide(Array.from({ length: WIDE_VALUES }, () => null)), code);
  assert.equal(
    encodeWide(Array.from({ length: WIDE_VALUES - 1 }, () => null)).length,
    WIDE_VALUES + 4,
  );
});

test('what has no place on the wire is refused by the codes of the narrow form', () => {
  /** @type {any} any: a cycle */
  const cycle = {};
  cycle.self = cycle;
  /** @type {[unknown, string][]} */
  const refused = [
    [2n ** 63n, 'OUT_OF_RANGE'],
    [Symbol('s'), 'BAD_VALUE_TYPE'],
    [undefined, 'BAD_VALUE_TYPE'],
    [new Map(), 'BAD_VALUE_TYPE'],
    [cycle, 'TOO_DEEP'],
    [nested(VALUE_DEPTH + 1), 'TOO_DEEP'],
  ];
  for (const [value, code] of refused) {
    assert.throws(() => encodeWide(value), { name: 'ClaspError', code });
    assert.deepEqual([...encodeValue('', true).bytes], [1, 1]);
  }
  assert.deepEqual(roundTrip(nested(VALUE_DEPTH)), nested(VALUE_DEPTH));
});

test('a wide value leaves what was begun before as it was', () => {
  const { bytes } = encodeValue('/a', 'x');
  const before = [...bytes];
  encodeWide('y'.repeat(200_000));
  assert.deepEqual([...bytes], before);
  assert.throws(() => encodeValue('/a', 'x'.repeat(65536)), { code: 'TOO_LARGE' });
});

test('bytes of a wide value are copies, and what was written is the caller’s', () => {
  const first = encodeWide(Uint8Array.of(1, 2));
  const read = /** @type {Uint8Array} */ (decoded(first));
  encodeWide(Uint8Array.of(7, 7));
  assert.deepEqual([...first], [9, 0, 0, 0, 2, 1, 2]);
  first[5] = 9;
  assert.deepEqual([...read], [1, 2]);
});

test('a value is wide when no frame holds it with its address, whichever form it has', () => {
  assert.equal(isWideNeeded(2, 65_535 - 64 - 2), false);
  assert.equal(isWideNeeded(2, 65_535 - 64 - 1), true);
  assert.equal(isWideNeeded(65_535, 1), true);
});
