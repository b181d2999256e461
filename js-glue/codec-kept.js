/** Frames that the caller keeps. Small ones share a buffer, as Node's do: an ArrayBuffer of its own costs more than the frame. */
import { OUT, u32, u8 } from './codec-memory.js';

const SHARED = 65536; // bytes of one shared buffer
const SHARED_MAX = 4096; // of a frame in it
const FEW = 256; // bytes that a loop copies faster than a call

let shared = new ArrayBuffer(0);
let bytes = new Uint8Array(shared);
let words = new Uint32Array(shared);
let view = new DataView(shared);
let at = SHARED;

/** @param {number} length @returns {number} where so many bytes have room */
function take(length) {
  if (at + length > SHARED) {
    shared = new ArrayBuffer(SHARED);
    bytes = new Uint8Array(shared);
    words = new Uint32Array(shared);
    view = new DataView(shared);
    at = 0;
  }
  const start = at;
  at += (length + 3) & ~3;
  return start;
}

/** @param {number} to @param {Uint32Array} source @param {number} from @param {number} count */
function copyWords(to, source, from, count) {
  const target = words;
  for (let i = 0; i < count; i++) target[to + i] = source[from + i];
}

/**
 * A copy of what is at OUT.
 * @param {number} length
 */
export function kept(length) {
  if (length > SHARED_MAX) return u8.slice(OUT, OUT + length);
  const start = take(length);
  if (length > FEW) bytes.set(u8.subarray(OUT, OUT + length), start);
  else copyWords(start >> 2, u32, OUT >> 2, (length + 3) >> 2);
  return new Uint8Array(shared, start, length);
}

/** @type {(source: Uint32Array, from: number, length: number) => number} where its copy begins */
function copied(source, from, length) {
  const start = take(length);
  copyWords(start >> 2, source, from, (length + 3) >> 2);
  return start;
}

/**
 * A copy of a frame whose last eight bytes are this number.
 * @param {Uint32Array} source
 * @param {number} from its first word there
 * @param {number} length of the frame in bytes
 * @param {number} number
 */
export function keptNumber(source, from, length, number) {
  const start = copied(source, from, length);
  view.setFloat64(start + length - 8, number);
  return new Uint8Array(shared, start, length);
}

/**
 * A copy of a frame that ends with this number and this timestamp.
 * @param {Uint32Array} source
 * @param {number} from its first word there
 * @param {number} length of the frame in bytes
 * @param {number} number
 * @param {number} timestamp a safe integer
 */
export function keptTimed(source, from, length, number, timestamp) {
  const start = copied(source, from, length);
  view.setFloat64(start + length - 16, number);
  view.setUint32(start + length - 8, timestamp / 2 ** 32);
  view.setUint32(start + length - 4, timestamp);
  return new Uint8Array(shared, start, length);
}
