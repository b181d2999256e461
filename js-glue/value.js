/** CLASP values (docs/wire.md, section 2) from JavaScript's, and back. */
import { FRAME_MAX, VALUE, VALUE_DEPTH } from './abi.gen.js';
import { ClaspError } from './error.js';

const TEXT_MAX = 0xffff; // bytes of a string, items of an array: what a u16 counts
const SHORT = 48; // characters that a loop writes faster than a TextEncoder
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** @type {DataView} room for the largest value that a frame can carry, made when first used */
let view;
/** @type {Uint8Array} the same */
let scratch;
let end = 0; // bytes written

/** @param {number} count bytes */
function room(count) {
  if (end + count > FRAME_MAX) throw new ClaspError('TOO_LARGE');
  end += count;
  return end - count;
}

/** @param {number} count */
function writeCount(count) {
  if (count > TEXT_MAX) throw new ClaspError('TOO_LARGE');
  view.setUint16(room(2), count);
}

/** @param {string} text */
function writeText(text) {
  const start = room(2);
  const { read, written } = encoder.encodeInto(text, scratch.subarray(end, end + TEXT_MAX));
  if (read < text.length) throw new ClaspError('TOO_LARGE');
  view.setUint16(start, written);
  end += written;
}

/** @param {number} number */
function writeNumber(number) {
  scratch[room(1)] = VALUE.F64;
  const at = room(8);
  if (number === number) view.setFloat64(at, number);
  else view.setBigUint64(at, 0x7ff8000000000000n); // one NaN on the wire
}

/** @param {bigint} integer */
function writeInteger(integer) {
  if (BigInt.asIntN(64, integer) !== integer) throw new ClaspError('OUT_OF_RANGE');
  scratch[room(1)] = VALUE.I64;
  view.setBigInt64(room(8), integer);
}

/** @param {Uint8Array} bytes */
function writeBytes(bytes) {
  scratch[room(1)] = VALUE.BYTES;
  writeCount(bytes.length);
  scratch.set(bytes, room(bytes.length));
}

/**
 * @param {unknown[]} items
 * @param {number} depth
 */
function writeArray(items, depth) {
  scratch[room(1)] = VALUE.ARRAY;
  writeCount(items.length);
  for (const item of items) write(item ?? null, depth);
}

/**
 * @param {object} object
 * @param {number} depth
 */
function writeMap(object, depth) {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined);
  scratch[room(1)] = VALUE.MAP;
  writeCount(entries.length);
  for (const [key, value] of entries) {
    writeText(key);
    write(value, depth);
  }
}

/** @param {object} object true for `{…}` of any realm, and for what has no prototype */
function isPlain(object) {
  const parent = Object.getPrototypeOf(object);
  return parent === null || Object.getPrototypeOf(parent) === null;
}

/**
 * @param {any} object any: taken apart by looking at it
 * @param {number} depth levels around it
 */
function writeObject(object, depth) {
  if (ArrayBuffer.isView(object)) {
    writeBytes(new Uint8Array(object.buffer, object.byteOffset, object.byteLength));
  } else if (object instanceof ArrayBuffer) {
    writeBytes(new Uint8Array(object));
  } else if (depth >= VALUE_DEPTH) {
    throw new ClaspError('TOO_DEEP'); // a cycle, too
  } else if (Array.isArray(object)) {
    writeArray(object, depth + 1);
  } else if (typeof object.toJSON === 'function') {
    write(object.toJSON(), depth + 1);
  } else if (isPlain(object)) {
    writeMap(object, depth + 1);
  } else {
    throw new ClaspError('BAD_VALUE_TYPE', `a ${object.constructor.name} is no CLASP value`);
  }
}

/**
 * @param {unknown} value
 * @param {number} depth
 */
function write(value, depth) {
  if (value === null) {
    scratch[room(1)] = VALUE.NULL;
  } else if (typeof value === 'number') {
    writeNumber(value);
  } else if (typeof value === 'string') {
    scratch[room(1)] = VALUE.STRING;
    writeText(value);
  } else if (typeof value === 'boolean') {
    scratch[room(1)] = VALUE.BOOL;
    scratch[room(1)] = Number(value);
  } else if (typeof value === 'object') {
    writeObject(value, depth);
  } else if (typeof value === 'bigint') {
    writeInteger(value);
  } else {
    throw new ClaspError('BAD_VALUE_TYPE', `a ${typeof value} is no CLASP value`);
  }
}

/**
 * Begin the input of a call: a text without its length, then what the others below add to it. One at a time.
 * @param {string} text
 * @returns {number} bytes of the text
 * @throws {ClaspError} TOO_LARGE (over 65,535 bytes), BAD_OPTION (no text)
 */
export function beginInput(text) {
  if (typeof text !== 'string') throw new ClaspError('BAD_OPTION', `a ${typeof text} is no text`);
  scratch ??= new Uint8Array(FRAME_MAX);
  view ??= new DataView(scratch.buffer);
  end = shortText(text) || longText(text);
  return end;
}

/**
 * A text of ASCII, as most addresses are, is written faster by a loop.
 * @param {string} text
 * @returns {number} bytes; 0: it is none
 */
function shortText(text) {
  const { length } = text;
  if (length > SHORT) return 0;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return 0;
    scratch[i] = unit;
  }
  return length;
}

/** @param {string} text */
function longText(text) {
  const { read, written } = encoder.encodeInto(text, scratch.subarray(0, TEXT_MAX));
  if (read < text.length) throw new ClaspError('TOO_LARGE');
  return written;
}

/**
 * Numbers become f64, bigints i64; bytes are any view or ArrayBuffer; objects are plain ones or have toJSON(); members that are
 * undefined are left out, items that are become null.
 *
 * @param {unknown} value with its type code
 * @throws {ClaspError} TOO_LARGE (over a frame, or a string over 65,535 bytes), TOO_DEEP (or a cycle), BAD_VALUE_TYPE,
 *   OUT_OF_RANGE (a bigint that 64 bits cannot hold)
 */
export function addValue(value) {
  write(value, 0);
}

/** @param {number} number */
export const addU32 = (number) => view.setUint32(room(4), number);

/** @param {number | bigint} number */
export const addU64 = (number) => view.setBigUint64(room(8), BigInt(number));

/** @param {number} number */
export const addF64 = (number) => view.setFloat64(room(8), number);

/** @param {ArrayLike<number>} samples f64, after their number */
export function addSamples(samples) {
  writeCount(samples.length);
  for (let i = 0; i < samples.length; i++) addF64(samples[i]);
}

/** @returns {Uint8Array} what was begun; lent until the next beginInput() */
export const endInput = () => scratch.subarray(0, end);

/**
 * A text without its length, then a value with its type code: what PUBLISH and SET take.
 * @param {string} address
 * @param {unknown} value as addValue() takes it
 * @returns {{bytes: Uint8Array, addressLen: number}} bytes are lent until the next call
 * @throws {ClaspError} those of beginInput() and addValue()
 */
export function encodeValue(address, value) {
  const addressLen = beginInput(address);
  addValue(value);
  return { bytes: endInput(), addressLen };
}

// ---- reading: the bytes were checked by the core, so nothing can run past their end or be nested too deep ----------

/** @typedef {{view: DataView, bytes: Uint8Array, at: number}} Cursor */

/**
 * @param {Cursor} c
 * @param {number} count
 */
function step(c, count) {
  c.at += count;
  return c.at - count;
}

/** @param {Cursor} c */
function readSized(c) {
  const len = c.view.getUint16(step(c, 2));
  const at = step(c, len);
  return c.bytes.subarray(at, at + len);
}

/** @param {Cursor} c */
function readArray(c) {
  const items = new Array(c.view.getUint16(step(c, 2)));
  for (let i = 0; i < items.length; i++) items[i] = readData(c, c.bytes[step(c, 1)]);
  return items;
}

/** @param {Cursor} c */
function readMap(c) {
  /** @type {Record<string, unknown>} */
  const map = {};
  for (let left = c.view.getUint16(step(c, 2)); left > 0; left--) {
    const key = decoder.decode(readSized(c));
    const value = readData(c, c.bytes[step(c, 1)]);
    // An own member always, never the setter that `__proto__` names.
    Object.defineProperty(map, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  return map;
}

/** @type {Record<number, (c: Cursor) => unknown>} */
const READERS = {
  [VALUE.NULL]: () => null,
  [VALUE.BOOL]: (c) => c.bytes[step(c, 1)] !== 0,
  [VALUE.I8]: (c) => c.view.getInt8(step(c, 1)),
  [VALUE.I16]: (c) => c.view.getInt16(step(c, 2)),
  [VALUE.I32]: (c) => c.view.getInt32(step(c, 4)),
  [VALUE.I64]: (c) => Number(c.view.getBigInt64(step(c, 8))),
  [VALUE.F32]: (c) => c.view.getFloat32(step(c, 4)),
  [VALUE.F64]: (c) => c.view.getFloat64(step(c, 8)),
  [VALUE.STRING]: (c) => decoder.decode(readSized(c)),
  [VALUE.BYTES]: (c) => readSized(c).slice(),
  [VALUE.ARRAY]: readArray,
  [VALUE.MAP]: readMap,
};

/**
 * @param {Cursor} c
 * @param {number} type
 */
const readData = (c, type) => READERS[type](c);

/**
 * A JavaScript value from checked bytes. Integers beyond 2^53 are rounded; bytes are copies.
 * @param {number} type VALUE
 * @param {Uint8Array} bytes the value's data
 * @returns {unknown}
 */
export function decodeValue(type, bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return readData({ view, bytes, at: 0 }, type);
}

/** @param {number} type VALUE */
const isNumber = (type) => type >= VALUE.I8 && type <= VALUE.F64;

/**
 * The value of an effect that tells one.
 * @param {number} type VALUE
 * @param {number} number the value of a number
 * @param {Uint8Array} data of any other, as decodeValue() takes it
 */
export const valueOf = (type, number, data) => (isNumber(type) ? number : decodeValue(type, data));

/**
 * The same with its type code, not decoded; numbers as f64.
 * @param {number} type VALUE
 * @param {number} number the value of a number
 * @param {Uint8Array} data of any other
 * @returns {Uint8Array} yours
 */
export function rawValue(type, number, data) {
  const value = new Uint8Array(1 + (isNumber(type) ? 8 : data.length));
  value[0] = isNumber(type) ? VALUE.F64 : type;
  if (isNumber(type)) new DataView(value.buffer).setFloat64(1, number);
  else value.set(data, 1);
  return value;
}

/**
 * What PUBLISH takes: an address, then a value with its type code.
 * @param {string} address
 * @param {Uint8Array} value
 * @returns {{bytes: Uint8Array, addressLen: number}} yours
 * @throws {ClaspError} TOO_LARGE, BAD_OPTION
 */
export function rawInput(address, value) {
  const addressLen = beginInput(address);
  const bytes = new Uint8Array(addressLen + value.length);
  bytes.set(endInput());
  bytes.set(value, addressLen);
  return { bytes, addressLen };
}
