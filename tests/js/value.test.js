import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VALUE, VALUE_DEPTH } from '../../js-glue/abi.gen.js';
import { decodeValue, encodeValue } from '../../js-glue/value.js';

/** @param {unknown} value */
const hexOf = (value) => Buffer.from(encodeValue('', value).bytes).toString('hex');

/** @param {string} hex a type code, then the data */
function valueOf(hex) {
  const [type, ...data] = Buffer.from(hex, 'hex');
  return decodeValue(type, Uint8Array.from(data));
}

/** @param {unknown} value */
const roundTrip = (value) => valueOf(hexOf(value));

/** @param {number} levels */
function nested(levels) {
  /** @type {unknown} */
  let value = 1;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
}

/** @type {[name: string, value: unknown, hex: string][]} */
const PAIRS = [
  ['null', null, '00'],
  ['true', true, '0101'],
  ['false', false, '0100'],
  ['a number is an f64', 1.5, '073ff8000000000000'],
  ['minus zero keeps its sign', -0, '078000000000000000'],
  ['every NaN is one NaN', -NaN, '077ff8000000000000'],
  ['a string', 'aé€😀', '08000a61c3a9e282acf09f9880'],
  ['a byte order mark stays', '\ufeffx', '080004efbbbf78'],
  ['bytes', Uint8Array.of(1, 2), '0900020102'],
  ['an array', [1, null], '0a0002073ff000000000000000'],
  ['a map, in its order', { b: true, a: 'x' }, '0b0002000162010100016108000178'],
];

for (const [name, value, hex] of PAIRS) {
  test(`${name}: written and read as the wire says`, () => {
    assert.equal(hexOf(value), hex);
    assert.deepEqual(valueOf(hex), value);
  });
}

test('every number type is read', () => {
  const cases = {
    '02ff': -1,
    '03fffe': -2,
    '047fffffff': 2147483647,
    '05ffffffffffffff85': -123,
    '063fc00000': 1.5,
  };
  for (const [hex, number] of Object.entries(cases)) assert.equal(valueOf(hex), number);
});

test('a bigint is an i64', () => {
  assert.equal(hexOf(-1n), '05ffffffffffffffff');
  assert.equal(hexOf([2n ** 63n - 1n]), '0a0001057fffffffffffffff');
  assert.equal(roundTrip(5n), 5);
});

test('bytes are taken from any view, and read as a copy', () => {
  const buffer = Uint8Array.of(9, 1, 2, 9).buffer;
  assert.equal(hexOf(new DataView(buffer, 1, 2)), '0900020102');
  assert.equal(hexOf(Uint8Array.of(1, 2).buffer), '0900020102');
  const data = Uint8Array.of(0, 1, 7);
  const read = /** @type {Uint8Array} */ (decodeValue(VALUE.BYTES, data));
  data[2] = 8;
  assert.deepEqual([...read], [7]);
});

test('toJSON() speaks for its object; undefined members are left out, undefined items are null', () => {
  assert.deepEqual(roundTrip({ at: new Date(0), no: undefined }), {
    at: '1970-01-01T00:00:00.000Z',
  });
  assert.deepEqual(roundTrip([undefined, 1]), [null, 1]);
  assert.deepEqual(roundTrip(Object.assign(Object.create(null), { a: 1 })), { a: 1 });
});

test('the key __proto__ becomes a member and nobody’s prototype', () => {
  const read = /** @type {any} */ (
    valueOf('0b0001' + '0009' + Buffer.from('__proto__').toString('hex') + '0b0001000161' + '0101')
  );
  assert.equal(Object.getPrototypeOf(read), Object.prototype);
  assert.deepEqual(Object.keys(read), ['__proto__']);
  assert.equal(/** @type {any} */ ({}).a, undefined);
});

test('what has no place on the wire is refused, by code', () => {
  const cycle = { self: {} };
  cycle.self = cycle;
  const wide = Array.from({ length: 65536 }, () => null);
  /** @type {[unknown, string][]} */
  const refused = [
    [2n ** 63n, 'OUT_OF_RANGE'],
    [Symbol('s'), 'BAD_VALUE_TYPE'],
    [() => {}, 'BAD_VALUE_TYPE'],
    [undefined, 'BAD_VALUE_TYPE'],
    [new Map(), 'BAD_VALUE_TYPE'],
    ['x'.repeat(65536), 'TOO_LARGE'],
    [['x'.repeat(40000), 'x'.repeat(40000)], 'TOO_LARGE'],
    [new Uint8Array(65536), 'TOO_LARGE'],
    [wide, 'TOO_LARGE'],
    [cycle, 'TOO_DEEP'],
    [nested(VALUE_DEPTH + 1), 'TOO_DEEP'],
  ];
  for (const [value, code] of refused) {
    assert.throws(() => encodeValue('/a', value), { name: 'ClaspError', code });
  }
  assert.deepEqual(roundTrip(nested(VALUE_DEPTH)), nested(VALUE_DEPTH));
});

test('a refused value leaves nothing behind for the next one', () => {
  assert.throws(() => encodeValue('/a', ['x', 2n ** 63n]));
  assert.equal(hexOf(true), '0101');
});
