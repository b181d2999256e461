/** CLASP values (docs/wire.md, section 2) from JavaScript's, and back. */
import { FRAME_MAX, VALUE, VALUE_DEPTH, WIDE_VALUES } from './abi.gen.js';
import { ClaspError } from './error.js';

const TEXT_MAX = 0xffff; // bytes of a string, items of an array: what a u16 counts
const SHORT = 48; // characters that a loop writes faster than a TextEncoder
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** @type {DataView} room for the largest value that a frame can carry, made when first used */
let view;
/** @type {Uint8Array<ArrayBuffer>} the same */
let scratch;
let end = 0; // bytes written
let most = FRAME_MAX; // bytes that may be written
let isWide = false; // lengths and counts are u32
let values = 0; // written
let isWriting = false; // a value, whose getters and toJSON() are called

/** @param {number} count bytes; ask for them before naming `view` or `scratch`, which may be others then */
function room(count) {
  const start = end;
  if (start + count > scratch.length) grow(start + count);
  end = start + count;
  return start;
}

/** @param {number} needed bytes in all */
function grow(needed) {
  if (needed > most) throw new ClaspError('TOO_LARGE');
  const larger = new Uint8Array(Math.min(most, Math.max(needed, 2 * scratch.length)));
  larger.set(scratch.subarray(0, end));
  scratch = larger;
  view = new DataView(larger.buffer);
}

/** @param {number} byte */
function writeByte(byte) {
  const at = room(1);
  scratch[at] = byte;
}

/**
 * @param {number} count
 * @param {number} at where there is room for it
 */
function putCount(count, at) {
  if (isWide) view.setUint32(at, count);
  else if (count > TEXT_MAX) throw new ClaspError('TOO_LARGE');
  else view.setUint16(at, count);
}

/** @param {number} count */
const writeCount = (count) => putCount(count, room(isWide ? 4 : 2));

/** @param {string} text */
function writeText(text) {
  const start = room(isWide ? 4 : 2);
  if (isWide) makeRoom(text.length * 3);
  const max = isWide ? most : TEXT_MAX;
  const { read, written } = encoder.encodeInto(text, scratch.subarray(end, end + max));
  if (read < text.length) throw new ClaspError('TOO_LARGE');
  putCount(written, start);
  end += written;
}

/** @param {number} count bytes that may be needed, as far as there may be so many */
function makeRoom(count) {
  const needed = Math.min(most, end + count);
  if (needed > scratch.length) grow(needed);
}

/** @param {number} number */
function writeNumber(number) {
  writeByte(VALUE.F64);
  const at = room(8);
  if (number === number) view.setFloat64(at, number);
  else view.setBigUint64(at, 0x7ff8000000000000n); // one NaN on the wire
}

/** @param {bigint} integer */
function writeInteger(integer) {
  if (BigInt.asIntN(64, integer) !== integer) throw new ClaspError('OUT_OF_RANGE');
  writeByte(VALUE.I64);
  const at = room(8);
  view.setBigInt64(at, integer);
}

/** @param {Uint8Array} bytes */
function writeBytes(bytes) {
  writeByte(VALUE.BYTES);
  writeCount(bytes.length);
  const at = room(bytes.length);
  scratch.set(bytes, at);
}

const narrowHead = Uint8Array.of(VALUE.BYTES, 0, 0);

/**
 * What stands before bytes that are a value by themselves: their type code and how many they are.
 * @param {number} length
 * @param {boolean} isWide in the wide form
 * @returns {Uint8Array} lent until the next call
 */
export function bytesHead(length, isWide) {
  if (isWide) return Uint8Array.of(VALUE.BYTES, length >>> 24, length >>> 16, length >>> 8, length);
  narrowHead[1] = length >>> 8;
  narrowHead[2] = length;
  return narrowHead;
}

/**
 * @param {unknown[]} items
 * @param {number} depth
 */
function writeArray(items, depth) {
  writeByte(VALUE.ARRAY);
  writeCount(items.length);
  for (const item of items) write(item ?? null, depth);
}

/**
 * @param {object} object
 * @param {number} depth
 */
function writeMap(object, depth) {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined);
  writeByte(VALUE.MAP);
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
  if (++values > WIDE_VALUES) throw new ClaspError('TOO_LARGE');
  if (value === null) {
    writeByte(VALUE.NULL);
  } else if (typeof value === 'number') {
    writeNumber(value);
  } else if (typeof value === 'string') {
    writeByte(VALUE.STRING);
    writeText(value);
  } else if (typeof value === 'boolean') {
    writeByte(VALUE.BOOL);
    writeByte(Number(value));
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
 * @throws {ClaspError} TOO_LARGE (over 65,535 bytes), BAD_OPTION (no text), BAD_STATE (called by a value that is being written)
 */
export function beginInput(text) {
  if (isWriting) throw new ClaspError('BAD_STATE', 'called by what is being sent');
  if (typeof text !== 'string') throw new ClaspError('BAD_OPTION', `a ${typeof text} is no text`);
  scratch ??= new Uint8Array(FRAME_MAX);
  view ??= new DataView(scratch.buffer);
  values = 0;
  end = text === '' ? 0 : shortText(text) || longText(text);
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
  isWriting = true;
  try {
    write(value, 0);
  } finally {
    isWriting = false;
  }
}

/** @param {number} number */
export function addU32(number) {
  const at = room(4);
  view.setUint32(at, number);
}

/** @param {number | bigint} number */
export function addU64(number) {
  const at = room(8);
  view.setBigUint64(at, BigInt(number));
}

/** @param {number} number */
export function addF64(number) {
  const at = room(8);
  view.setFloat64(at, number);
}

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

/**
 * Write in the wide form (docs/wire.md, section 16) what `work` writes, into bytes of its own. What was begun before goes on after it.
 * @param {number} max bytes
 * @param {() => void} work
 * @returns {Uint8Array<ArrayBuffer>}
 * @throws {ClaspError} those of addValue(): TOO_LARGE is `max` here
 */
export function writeWide(max, work) {
  const before = { scratch, view, end, most, isWide, values };
  scratch = new Uint8Array(Math.min(max, 2 * FRAME_MAX));
  view = new DataView(scratch.buffer);
  [end, most, isWide, values] = [0, max, true, 0];
  try {
    work();
    return scratch.subarray(0, end);
  } finally {
    ({ scratch, view, end, most, isWide, values } = before);
  }
}

// ---- reading: the bytes were checked by the core, so nothing can run past their end or be nested too deep ----------

/** @typedef {{view: DataView, bytes: Uint8Array, at: number, isWide: boolean}} Cursor */

/**
 * @param {Cursor} c
 * @param {number} count
 */
function step(c, count) {
  c.at += count;
  return c.at - count;
}

/** @param {Cursor} c */
const readCount = (c) => (c.isWide ? c.view.getUint32(step(c, 4)) : c.view.getUint16(step(c, 2)));

/** @param {Cursor} c */
function readSized(c) {
  const len = readCount(c);
  const at = step(c, len);
  return c.bytes.subarray(at, at + len);
}

/** @param {Cursor} c */
function readArray(c) {
  const items = new Array(readCount(c));
  for (let i = 0; i < items.length; i++) items[i] = readData(c, c.bytes[step(c, 1)]);
  return items;
}

/** @param {Cursor} c */
function readMap(c) {
  /** @type {Record<string, unknown>} */
  const map = {};
  for (let left = readCount(c); left > 0; left--) {
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
 * @param {boolean} [isWide] in the wide form
 * @returns {unknown}
 */
export function decodeValue(type, bytes, isWide = false) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return readData({ view, bytes, at: 0, isWide }, type);
}

/** @param {number} type VALUE */
export const isNumber = (type) => type >= VALUE.I8 && type <= VALUE.F64;

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
