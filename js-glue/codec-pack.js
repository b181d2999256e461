/** Messages to the tape (src/codec/tape.h says what stands where). */
import { SIGNAL, VALUE, VALUE_DEPTH } from './abi.gen.js';
import {
  BUNDLE_DEPTH,
  CELL,
  HAS_ID,
  HAS_LOCK,
  HAS_RATE,
  HAS_REVISION,
  HAS_SAMPLES,
  HAS_TIMESTAMP,
  HAS_TTL,
  HAS_UNLOCK,
  HAS_VALUE,
  PARAM_SMALL,
  PARAM_TIMESTAMP,
  PARAM_WRITER,
  TTL_ABSOLUTE,
  TTL_SECONDS,
} from './codec.gen.js';
import { FRAME, OUT, f64, hold, release, renew, tape, u32, u8, wasm } from './codec-memory.js';
import { PHASES } from './codec-unpack.js';
import { addressWord, forgetIfFull, keyWord } from './codec-words.js';
import { ClaspError, check } from './error.js';

const { NULL, BOOL, I64, F64, STRING, BYTES, ARRAY, MAP } = VALUE;
const { TEXT, U64, U64_BIG, PUBLISH, SET, SNAPSHOT, BUNDLE, PARAM, FIELDS } = CELL;

/** @type {Map<unknown, number>} */
const SIGNALS = new Map(Object.entries(SIGNAL).map(([name, code]) => [name.toLowerCase(), code]));

const KEY_SHIFT = 8; // of an entry's key in the kind of its cell
const SHORT = 48; // characters that a loop writes faster than a TextEncoder
const I64_MAX = (1n << 63n) - 1n;

const encoder = new TextEncoder();

let w = 0; // word of the tape where the next cell goes; a cell has four
let end = 0; // of the room that is known of
let room = 0; // in words
let area = 0; // address of the next text or bytes
/** The signal of the PUBLISH before, and its code. @type {unknown} */
let lastSignal;
/** @type {number | undefined} */
let lastCode;
let isFields = false; // a message by the names of its fields: a bigint may be any u64

const PLAIN = Object.prototype;
const { hasOwnProperty } = PLAIN; // engines know what it says within for…in, and of Object.hasOwn() they do not

/** @param {import('./error.js').ErrorCode} code @param {string} words @returns {never} */
function refuse(code, words) {
  throw new ClaspError(code, words);
}

/** Make room for one more cell, and move on. @returns {number} its first word */
function cell() {
  if (w === end) grow();
  w += 4;
  return w - 4;
}

function grow() {
  const used = w - tape();
  const more = Math.max(room * 2, 4096);
  check(wasm.codec_room(more >> 2));
  if (u8.length === 0) renew();
  room = more;
  w = tape() + used;
  end = tape() + room;
}

// ---- texts ------------------------------------------------------------------------------------------------------

/**
 * A text behind those before it, with two free bytes in front.
 * @param {string} text
 * @returns {number} bytes; it ends where `area` then is
 */
function putText(text) {
  const { length } = text;
  const start = area + 2;
  if (start + length > OUT) refuse('TOO_LARGE', 'the message does not fit a frame');
  if (length <= SHORT) {
    let i = 0;
    for (; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) break;
      u8[start + i] = unit;
    }
    if (i === length) {
      area = start + length;
      return length;
    }
  }
  const { read, written } = encoder.encodeInto(text, u8.subarray(start, OUT));
  if (read < length) refuse('TOO_LARGE', 'the message does not fit a frame');
  area = start + written;
  return written;
}

/** @param {string} text */
function rawText(text) {
  const len = putText(text);
  const at = cell();
  u32[at] = TEXT;
  u32[at + 2] = area - len - FRAME;
  u32[at + 3] = len;
}

/**
 * A head with an address, and the address behind it where it has no id.
 * @param {number} kind
 * @param {unknown} address
 * @param {number} has
 * @param {number} c
 */
function head(kind, address, has, c) {
  if (typeof address !== 'string') refuse('BAD_FIELD', 'address: a string');
  const word = addressWord(address);
  const at = cell();
  u32[at] = kind;
  u32[at + 1] = has;
  u32[at + 2] = word;
  u32[at + 3] = c;
  if (word === 0) rawText(address);
}

// ---- numbers ----------------------------------------------------------------------------------------------------

/** @param {unknown} number @param {string} name */
function putU64(number, name) {
  const at = cell();
  if (typeof number === 'number') {
    u32[at] = U64;
    f64[(at >> 1) + 1] = number;
  } else if (typeof number === 'bigint') {
    if (number < 0n || number >> 64n !== 0n) refuse('OUT_OF_RANGE', `${name}: 0 to 2^64-1`);
    u32[at] = U64_BIG;
    u32[at + 2] = Number(number & 0xffffffffn);
    u32[at + 3] = Number(number >> 32n);
  } else {
    refuse('BAD_FIELD', `${name}: a number`);
  }
}

/** @param {bigint} number @param {number} key */
function putBigInt(number, key) {
  if (isFields && number > I64_MAX && number >> 64n === 0n) {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, number);
    return putBytes(bytes, key);
  }
  if (BigInt.asIntN(64, number) !== number)
    refuse('OUT_OF_RANGE', 'a bigint is an i64: -2^63 to 2^63-1');
  const at = cell();
  u32[at] = I64 | key;
  u32[at + 2] = Number(number & 0xffffffffn);
  u32[at + 3] = Number((number >> 32n) & 0xffffffffn);
}

/** @param {object} object @returns {object is ArrayBuffer | ArrayBufferView} */
export const isBytes = (object) => ArrayBuffer.isView(object) || object instanceof ArrayBuffer;

/** @param {ArrayBuffer | ArrayBufferView} data @returns {Uint8Array} */
export function bytesOf(data) {
  if (data instanceof Uint8Array) return data;
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

// ---- values -----------------------------------------------------------------------------------------------------

/** @param {Uint8Array} bytes @param {number} key */
function putBytes(bytes, key) {
  const start = area + 2;
  if (start + bytes.length > OUT) refuse('TOO_LARGE', 'the message does not fit a frame');
  u8.set(bytes, start);
  area = start + bytes.length;
  const at = cell();
  u32[at] = BYTES | key;
  u32[at + 2] = start - FRAME;
  u32[at + 3] = bytes.length;
}

/** @param {unknown[]} items @param {number} key @param {number} depth */
function putArray(items, key, depth) {
  const at = cell();
  const { length } = items; // a getter may make it longer
  u32[at] = ARRAY | key;
  u32[at + 1] = length;
  for (let i = 0; i < length; i++) putValue(items[i] ?? null, 0, depth);
}

/** @param {Record<string, unknown>} object @param {number} key @param {number} depth */
function putMap(object, key, depth) {
  const offset = cell() - tape(); // the tape may move
  let count = 0;
  u32[tape() + offset] = MAP | key;
  for (const name in object) {
    const value = object[name];
    if (value === undefined || !hasOwnProperty.call(object, name)) continue;
    const word = keyWord(name);
    if (word === 0) rawText(name);
    putValue(value, word << KEY_SHIFT, depth);
    count++;
  }
  u32[tape() + offset + 1] = count;
}

/** @param {object | null} parent prototype: true for that of `{…}` in any realm, and for none */
const isPlain = (parent) => parent === null || Object.getPrototypeOf(parent) === null;

/**
 * @param {any} object any: taken apart by looking at it
 * @param {number} key
 * @param {number} depth levels around it
 * @returns {void}
 */
function putObject(object, key, depth) {
  const parent = Object.getPrototypeOf(object);
  if (parent !== PLAIN && isBytes(object)) return putBytes(bytesOf(object), key);
  if (depth >= VALUE_DEPTH) refuse('TOO_DEEP', 'nested deeper than the bound, or a cycle');
  if (Array.isArray(object)) return putArray(object, key, depth + 1);
  if (typeof object.toJSON === 'function') return putValue(object.toJSON(), key, depth + 1);
  if (parent === PLAIN || isPlain(parent)) return putMap(object, key, depth + 1);
  refuse('BAD_VALUE_TYPE', `a ${object.constructor?.name} is no CLASP value`);
}

/**
 * @param {unknown} value
 * @param {number} key of an entry: its word, shifted
 * @param {number} depth levels around it
 * @returns {void}
 */
function putValue(value, key, depth) {
  switch (typeof value) {
    case 'number': {
      const at = cell();
      u32[at] = F64 | key;
      f64[(at >> 1) + 1] = value;
      return;
    }
    case 'string': {
      const len = putText(value);
      const start = area - len;
      const at = cell();
      u32[at] = STRING | key;
      u32[at + 2] = start - FRAME;
      u32[at + 3] = len;
      return;
    }
    case 'boolean': {
      const at = cell();
      u32[at] = BOOL | key;
      u32[at + 1] = Number(value);
      return;
    }
    case 'object':
      if (value !== null) return putObject(value, key, depth);
      u32[cell()] = NULL | key;
      return;
    case 'bigint':
      return putBigInt(value, key);
    default:
      refuse('BAD_VALUE_TYPE', `a ${typeof value} is no CLASP value`);
  }
}

// ---- messages ---------------------------------------------------------------------------------------------------

/** @param {any} ttl any: the caller's @returns {number} */
function ttlOf(ttl) {
  const { mode, seconds = 0 } = ttl ?? {};
  if (mode === 'never') return 0;
  if (mode !== 'sliding' && mode !== 'absolute')
    refuse('BAD_ENUM', "ttl.mode: 'never', 'sliding' or 'absolute'");
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > TTL_SECONDS)
    refuse('OUT_OF_RANGE', 'ttl.seconds: 0 to 2^31-1');
  return mode === 'absolute' ? (TTL_ABSOLUTE | seconds) >>> 0 : seconds;
}

/** @param {any} m any: see Message */
function putSet(m) {
  const { address, value, revision, lock, unlock, ttl } = m;
  if (value === undefined) refuse('BAD_FIELD', 'value: missing');
  let has = 0;
  if (revision !== undefined) has |= HAS_REVISION;
  if (lock) has |= HAS_LOCK;
  if (unlock) has |= HAS_UNLOCK;
  if (ttl !== undefined) has |= HAS_TTL;
  head(SET, address, has, ttl === undefined ? 0 : ttlOf(ttl));
  putValue(value, 0, 0);
  if (revision !== undefined) putU64(revision, 'revision');
}

/** @param {unknown} samples */
function putSamples(samples) {
  const isArray = Array.isArray(samples) || samples instanceof Float64Array;
  if (!isArray) refuse('BAD_FIELD', 'samples: an array of numbers');
  const { length } = samples;
  const at = cell();
  u32[at] = ARRAY;
  u32[at + 1] = length;
  for (let i = 0; i < length; i++) {
    const sample = samples[i];
    if (typeof sample !== 'number') refuse('BAD_FIELD', 'samples: an array of numbers');
    putValue(sample, 0, 0);
  }
}

/** @param {unknown} signal @returns {number | undefined} its code, which is that of the one before most of the time */
function signalCode(signal) {
  if (signal !== lastSignal) {
    lastCode = SIGNALS.get(signal);
    lastSignal = signal;
  }
  return lastCode;
}

/** @param {any} m any: see Message */
function putPublish(m) {
  const { address, signal = 'event', payload, value = payload, timestamp, id, rate } = m;
  const samples = value === undefined ? m.samples : undefined;
  const code = signalCode(signal);
  const phase = m.phase === undefined ? 0 : PHASES.indexOf(m.phase);
  if (code === undefined || phase < 0) refuse('BAD_ENUM', 'signal or phase: no such name');
  let has = 0;
  if (value !== undefined) has |= HAS_VALUE;
  if (samples !== undefined) has |= HAS_SAMPLES;
  if (timestamp !== undefined) has |= HAS_TIMESTAMP;
  if (id !== undefined) has |= HAS_ID;
  if (rate !== undefined) has |= HAS_RATE;
  head(PUBLISH, address, has, code | (phase << 8));
  if (value !== undefined) putValue(value, 0, 0);
  if (samples !== undefined) putSamples(samples);
  if (timestamp !== undefined) putU64(timestamp, 'timestamp');
  if (id !== undefined) putU64(id, 'id');
  if (rate !== undefined) putU64(rate, 'rate');
}

/** @param {any} param any: see Message */
function putParam(param) {
  if (typeof param !== 'object' || param === null) refuse('BAD_FIELD', 'a param is an object');
  const { address, value, revision = 0, writer, timestamp } = param;
  const isSmall = Number.isInteger(revision) && revision >= 0 && revision <= 0x7fffffff;
  let has = isSmall ? PARAM_SMALL : 0;
  if (writer !== undefined) has |= PARAM_WRITER;
  if (timestamp !== undefined) has |= PARAM_TIMESTAMP;
  head(PARAM, address, has, isSmall ? revision : 0);
  putValue(value ?? null, 0, 0);
  if (!isSmall) putU64(revision, 'revision');
  if (writer !== undefined) putValue(String(writer), 0, 0);
  if (timestamp !== undefined) putU64(timestamp, 'timestamp');
}

/**
 * @param {number} kind
 * @param {unknown} list
 * @param {number} has
 * @param {string} name
 * @returns {number} how many, whatever becomes of the list
 */
function listHead(kind, list, has, name) {
  if (!Array.isArray(list)) refuse('BAD_FIELD', `${name}: an array`);
  const at = cell();
  u32[at] = kind;
  u32[at + 1] = has;
  u32[at + 3] = list.length;
  return list.length;
}

/** @param {any} m any: see Message @param {number} level bundles around it */
function putBundle({ messages, timestamp }, level) {
  if (level >= BUNDLE_DEPTH) refuse('TOO_DEEP', 'bundles nested deeper than the bound');
  const has = timestamp === undefined ? 0 : HAS_TIMESTAMP;
  const count = listHead(BUNDLE, messages, has, 'messages');
  if (timestamp !== undefined) putU64(timestamp, 'timestamp');
  for (let i = 0; i < count; i++) putMessage(messages[i], level + 1);
}

/** @param {any} m any: see Message */
function putSnapshot({ params }) {
  const count = listHead(SNAPSHOT, params, 0, 'params');
  for (let i = 0; i < count; i++) putParam(params[i]);
}

/** @param {any} m any: see Message @param {number} level bundles around it @returns {void} */
function putMessage(m, level) {
  switch (m?.type) {
    case 'SET':
      return putSet(m);
    case 'PUBLISH':
      return putPublish(m);
    case 'BUNDLE':
      return putBundle(m, level);
    case 'SNAPSHOT':
      return putSnapshot(m);
    default:
      if (typeof m !== 'object' || m === null) refuse('BAD_FIELD', 'a message is an object');
      u32[cell()] = FIELDS;
      isFields = true;
      putMap(m, 0, 0);
      isFields = false;
  }
}

/**
 * Fill the tape.
 * @param {object} message
 * @returns {number} cells
 */
export function fill(message) {
  hold();
  try {
    forgetIfFull();
    w = tape();
    end = w + room;
    area = FRAME;
    isFields = false;
    putMessage(message, 0);
    return (w - tape()) >> 2;
  } finally {
    release();
  }
}
