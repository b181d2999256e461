/** Messages from the tape (src/codec/tape.h says what stands where). */
import { SIGNAL, VALUE } from './abi.gen.js';
import {
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
import { FRAME, OUT, f64, shapeKeys, tape, text, texts, u32, u8, view } from './codec-memory.js';
import { READERS } from './shapes.gen.js';

const { NULL, BOOL, I64, F64, STRING, BYTES, ARRAY, MAP } = VALUE;
const { TEXT, U64, U31, PUBLISH, SET, SNAPSHOT, BUNDLE } = CELL;
export const PHASES = ['start', 'move', 'end', 'cancel']; // as they count from 0, too
export const SIGNALS = Object.keys(SIGNAL).map((name) => name.toLowerCase()); // they count from 0

/** @type {Uint8Array} */
const NOTHING = new Uint8Array(0);

let i = 0; // word of the tape at hand; a cell has four
/** @type {Uint8Array} */ let source = NOTHING; // what was unpacked: bytes are views of it
let wantsBigInts = false;

/** @param {number} at offset in the codec's memory @param {number} len */
function bytes(at, len) {
  // Beyond the frame lies what was written anew (legacy payloads): the caller has no such bytes.
  if (FRAME + at < OUT) return source.subarray(at, at + len);
  return u8.slice(FRAME + at, FRAME + at + len);
}

/** The text of a TEXT cell. */
export function rawText() {
  i += 4;
  return text(FRAME + u32[i - 2], u32[i - 1], u32[i - 3] === 1);
}

/** The address of a head whose word `b` was this. @param {number} id */
const addressOf = (id) => (id !== 0 ? texts[id - 1] : rawText());

/** @returns {number | bigint} */
function readU64() {
  i += 4;
  if (u32[i - 4] === U31) return u32[i - 3];
  if (u32[i - 4] === U64) return f64[(i >> 1) - 1];
  return (BigInt(u32[i - 1]) << 32n) | BigInt(u32[i - 2]);
}

/** @returns {any} any: the value at hand */
export function readValue() {
  if ((u32[i] & 0xff) !== F64) return readOther();
  i += 4;
  return f64[(i >> 1) - 1];
}

/** @returns {any} any: the value at hand, which is no f64 */
function readOther() {
  const at = i;
  i += 4;
  switch (u32[at] & 0xff) {
    case NULL:
      return null;
    case BOOL:
      return u32[at + 1] !== 0;
    case STRING:
      return u32[at + 1] !== 0
        ? texts[u32[at + 1] - 1]
        : text(FRAME + u32[at + 2], u32[at + 3], false);
    case BYTES:
      return bytes(u32[at + 2], u32[at + 3]);
    case ARRAY:
      return readArray(u32[at + 1]);
    case MAP:
      return readMap(u32[at + 1], u32[at + 2], u32[at + 3]);
    case I64:
      if (wantsBigInts) return view.getBigInt64(FRAME + u32[at + 1]);
  }
  return f64[(at >> 1) + 1];
}

/** @param {number} count */
function readArray(count) {
  const items = new Array(count);
  for (let n = 0; n < count; n++) items[n] = readValue();
  return items;
}

// ---- maps -------------------------------------------------------------------------------------------------------

/** Keys of the shapes that have come, by id: as the engine keeps names of members. @type {string[][]} */
export const shapes = [];

/** What reads the map at hand, of a shape whose keys are all plain names. @type {((() => object) | undefined)[]} */
const readers = [];

/** @returns {Record<string, unknown>} */
export const blank = () => ({});

/** A shape that has come for the first time, and those before it. @param {number} shape id */
function learn(shape) {
  for (let id = shapes.length; id <= shape; id++) {
    const keys = shapeKeys(id);
    shapes.push(keys.map((key) => Object.keys({ [key]: 0 })[0]));
    readers.push(keys.includes('__proto__') ? undefined : READERS[id]);
  }
}

/** @param {number} count @param {number} shape id + 1, or 0 @param {number} known keys that are those of the shape */
function readMap(count, shape, known) {
  if (shape > shapes.length) learn(shape - 1);
  const read = known === count ? readers[shape - 1] : undefined;
  if (read !== undefined) return read();
  const map = blank();
  for (let n = 0; n < count; n++) {
    const key = n < known ? shapes[shape - 1][n] : readKey();
    const value = readValue();
    if (key === '__proto__') own(map, value);
    else map[key] = value;
  }
  return map;
}

function readKey() {
  const kind = u32[i];
  return kind === TEXT ? rawText() : texts[(kind >>> 8) - 1];
}

/** An own member, never the setter of that name. @param {object} map @param {unknown} value */
function own(map, value) {
  Object.defineProperty(map, '__proto__', {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

/** @param {number} ttl */
function ttlOf(ttl) {
  if (ttl === 0) return { mode: 'never' };
  return { mode: ttl & TTL_ABSOLUTE ? 'absolute' : 'sliding', seconds: ttl & TTL_SECONDS };
}

function readSet() {
  const has = u32[i + 1];
  const id = u32[i + 2];
  const ttl = u32[i + 3];
  i += 4;
  const address = addressOf(id);
  const value = readValue();
  /** @type {any} any: see Message */
  const message = { type: 'SET', address, value };
  if (has === 0) return message;
  if (has & HAS_REVISION) message.revision = readU64();
  if (has & HAS_LOCK) message.lock = true;
  if (has & HAS_UNLOCK) message.unlock = true;
  if (has & HAS_TTL) message.ttl = ttlOf(ttl);
  return message;
}

function readPublish() {
  const has = u32[i + 1];
  const id = u32[i + 2];
  const names = u32[i + 3];
  i += 4;
  const address = addressOf(id);
  const signal = SIGNALS[names & 0xff];
  const phase = PHASES[names >> 8];
  /** @type {any} any: see Message */
  let message;
  if (has & HAS_VALUE) {
    const value = readValue();
    message = { type: 'PUBLISH', address, signal, value, phase };
  } else {
    message = { type: 'PUBLISH', address, signal, phase };
  }
  if (has & HAS_SAMPLES) message.samples = readValue();
  if (has & HAS_TIMESTAMP) message.timestamp = readU64();
  if (has & HAS_ID) message.id = readU64();
  if (has & HAS_RATE) message.rate = readU64();
  return message;
}

function readParam() {
  const has = u32[i + 1];
  const id = u32[i + 2];
  const small = u32[i + 3];
  i += 4;
  const address = addressOf(id);
  const value = readValue();
  const revision = has & PARAM_SMALL ? small : readU64();
  /** @type {any} any: see Message */
  const param = { address, value, revision };
  if (has & PARAM_WRITER) param.writer = readValue();
  if (has & PARAM_TIMESTAMP) param.timestamp = readU64();
  return param;
}

function readSnapshot() {
  const count = u32[i + 3];
  const params = new Array(count);
  i += 4;
  for (let n = 0; n < count; n++) params[n] = readParam();
  return { type: 'SNAPSHOT', params };
}

function readBundle() {
  const has = u32[i + 1];
  const count = u32[i + 3];
  i += 4;
  const timestamp = has & HAS_TIMESTAMP ? readU64() : undefined;
  const messages = new Array(count);
  for (let n = 0; n < count; n++) messages[n] = readMessage();
  return timestamp === undefined
    ? { type: 'BUNDLE', messages }
    : { type: 'BUNDLE', timestamp, messages };
}

/** A u64 above 2^53 comes as its eight bytes: bytes are nothing else in these messages. @param {any} message any: by type */
function withBigInts(message) {
  for (const [key, value] of Object.entries(message)) {
    if (!(value instanceof Uint8Array)) continue;
    const { buffer, byteOffset, byteLength } = value;
    message[key] = new DataView(buffer, byteOffset, byteLength).getBigUint64(0);
  }
  if (message.revisions) withBigInts(message.revisions);
  return message;
}

/** @returns {any} any: the message at hand */
function readMessage() {
  switch (u32[i]) {
    case SET:
      return readSet();
    case PUBLISH:
      return readPublish();
    case BUNDLE:
      return readBundle();
    case SNAPSHOT:
      return readSnapshot();
  }
  i += 4;
  return withBigInts(readValue());
}

/**
 * Begin to read the tape.
 * @param {Uint8Array} bytes that were unpacked
 * @param {boolean} bigInts whether an i64 is one
 * @returns {number} word of the first cell
 */
export function begin(bytes, bigInts) {
  i = tape();
  source = bytes;
  wantsBigInts = bigInts;
  return i;
}

/** Word of the cell at hand. */
export const position = () => i;

/** Go on with another cell. @param {number} to */
export function moveTo(to) {
  i = to;
}

/** Forget the bytes, which are their owner's alone again. */
export function finish() {
  source = NOTHING;
}

/**
 * The message that the core has just unpacked.
 * @param {Uint8Array} bytes where it was
 * @param {boolean} bigInts
 */
export function message(bytes, bigInts) {
  begin(bytes, bigInts);
  const result = readMessage();
  finish();
  return result;
}
