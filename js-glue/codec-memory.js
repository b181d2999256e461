/** The codec's module and its memory, seen through typed arrays (src/codec/codec.h, tape.h). */
import { FRAME_MAX } from './abi.gen.js';
import { CODEC_PART, SHAPE_KEYS, TEXT_COUNT } from './codec.gen.js';
import { CODEC } from './codec-module.js';
import { ClaspError } from './error.js';
import { loadModule } from './loader.js';

/** @typedef {import('./loader.js').LoadOptions} LoadOptions */

const TEXT_SHIFT = 6; // of sizeof(clasp_text)
const TEXT_LEN = 12; // offset of its length; its bytes follow
const SHAPE_SHIFT = 7; // of sizeof(clasp_shape)
const SHAPE_AT = 1; // offset of the offsets of its keys; their bytes are behind these
const SHORT = 32; // bytes of a text that shortText() takes

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

const WORDS_NOT_LOADED = 'the codec is not loaded: await ready() first';

/** What is made before the module is there: nothing can be read or written. @type {import('./loader.js').Exports} */
const NOT_LOADED = new Proxy(/** @type {any} a stand-in */ ({}), {
  get() {
    throw new ClaspError('BAD_STATE', 'the codec is not loaded: await ready() first');
  },
});

export let wasm = NOT_LOADED;
export let u8 = new Uint8Array(0);
export let u32 = new Uint32Array(0);
export let f64 = new Float64Array(0);
export let view = new DataView(new ArrayBuffer(0));

let isHeld = true; // until it is loaded

/** Addresses, in bytes. */
export let FRAME = 0;
export let OUT = 0;
export let WORDS_AT = 0;
let TEXTS = 0;
let SHAPES = 0;
/** Indexes of words. */
export let ENVELOPE = 0;
let FRESH = 0;
let FRESH_COUNT = 0;
let TAPE = 0;

/** What the ids of short texts mean at present. */
export const texts = new Array(TEXT_COUNT).fill('');

/** @type {Promise<void> | undefined} */
let loading;

/**
 * Load the module, once; after a failure the next call tries again.
 * @param {LoadOptions} [options] for the first call
 * @throws {ClaspError} LOAD
 */
export function load(options = {}) {
  loading ??= loadModule(CODEC, options).then(begin);
  loading.catch(() => (loading = undefined));
  return loading;
}

/** @param {import('./loader.js').Exports} exports */
function begin(exports) {
  const at = (/** @type {number} */ part) => exports.codec_part(part);
  if (!at(CODEC_PART.FRAME)) throw new ClaspError('NO_MEMORY');
  [FRAME, OUT, WORDS_AT, TEXTS, SHAPES] = [
    at(CODEC_PART.FRAME),
    at(CODEC_PART.OUT),
    at(CODEC_PART.WORDS),
    at(CODEC_PART.TEXTS),
    at(CODEC_PART.SHAPES),
  ];
  FRESH = at(CODEC_PART.FRESH) >> 2;
  FRESH_COUNT = at(CODEC_PART.FRESH_COUNT) >> 2;
  TAPE = at(CODEC_PART.TAPE) >> 2;
  ENVELOPE = at(CODEC_PART.ENVELOPE) >> 2;
  wasm = exports;
  isHeld = false;
  renew();
}

/** After a call that may have made the memory grow, when `u8.length` is 0. */
export function renew() {
  const { buffer } = wasm.memory;
  u8 = new Uint8Array(buffer);
  u32 = new Uint32Array(buffer);
  f64 = new Float64Array(buffer);
  view = new DataView(buffer);
}

/** Index of the first word of the tape. */
export const tape = () => u32[TAPE] >> 2;

/** Index of the word behind its last cell. */
export const tapeEnd = () => u32[TAPE + 1] >> 2;

/** Up to 32 characters of ASCII, in half the time of a TextDecoder. @param {number} at @param {number} len */
function shortText(at, len) {
  const b = u8;
  // prettier-ignore
  const text = String.fromCharCode(
    b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5], b[at + 6], b[at + 7],
    b[at + 8], b[at + 9], b[at + 10], b[at + 11], b[at + 12], b[at + 13], b[at + 14], b[at + 15],
    b[at + 16], b[at + 17], b[at + 18], b[at + 19], b[at + 20], b[at + 21], b[at + 22], b[at + 23],
    b[at + 24], b[at + 25], b[at + 26], b[at + 27], b[at + 28], b[at + 29], b[at + 30], b[at + 31],
  );
  return text.slice(0, len); // there is memory behind every text
}

/**
 * Text from bytes that the core has checked.
 * @param {number} at address
 * @param {number} len bytes
 * @param {boolean} isAscii known to be ASCII
 */
export function text(at, len, isAscii) {
  if (isAscii && len <= SHORT) return shortText(at, len);
  return decoder.decode(u8.subarray(at, at + len));
}

/** Take over the texts of ids that mean another one now; after each call that unpacks. */
export function refresh() {
  if (u8.length === 0) renew();
  for (let left = u32[FRESH_COUNT], i = FRESH; left > 0; left--, i++) {
    const at = TEXTS + (u32[i] << TEXT_SHIFT) + TEXT_LEN;
    texts[u32[i]] = text(at + 2, u8[at], u8[at + 1] === 1);
  }
}

/**
 * The keys of a shape.
 * @param {number} shape id
 */
export function shapeKeys(shape) {
  const start = SHAPES + (shape << SHAPE_SHIFT);
  const offsets = start + SHAPE_AT;
  const bytes = offsets + SHAPE_KEYS + 1;
  return Array.from({ length: u8[start] }, (_, n) => {
    const [from, to] = [bytes + u8[offsets + n] + 2, bytes + u8[offsets + n + 1]];
    return decoder.decode(u8.subarray(from, to));
  });
}

/** True if refresh() has something to do. */
export const isStale = () => u8.length === 0 || u32[FRESH_COUNT] > 0;

/**
 * Copy what has arrived to where the core takes it from.
 * @param {Uint8Array} bytes at most FRAME_MAX of them are looked at
 * @returns {number} bytes
 */
export function put(bytes) {
  if (isHeld) throw busy();
  const { length } = bytes;
  if (length > FRAME_MAX) return put(bytes.subarray(0, FRAME_MAX)); // what is behind the frame does not count
  u8.set(bytes, FRAME);
  return length;
}

const encoder = new TextEncoder();

/**
 * Put a text there.
 * @param {string} text
 * @param {number} at address
 * @returns {number} bytes
 * @throws {ClaspError} TOO_LARGE
 */
export function putAt(text, at) {
  if (isHeld) throw busy();
  const { read, written } = encoder.encodeInto(text, u8.subarray(at, OUT));
  if (read < text.length) throw new ClaspError('TOO_LARGE', 'an address or pattern too long');
  return written;
}

const busy = () =>
  wasm === NOT_LOADED
    ? new ClaspError('BAD_STATE', WORDS_NOT_LOADED)
    : new ClaspError('BAD_STATE', 'the codec is called by what it is encoding');

/** The memory is one message's that is being encoded: getters and toJSON() may not use it. @throws {ClaspError} BAD_STATE */
export function hold() {
  if (isHeld) throw busy();
  isHeld = true;
}

export function release() {
  isHeld = false;
}
