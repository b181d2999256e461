/** Numbers at addresses that were encoded before: of the frame that the core has written then, only the number changes. */
import { SIGNAL, VALUE } from './abi.gen.js';
import { CELL, HAS_TIMESTAMP, HAS_VALUE, WORDS, WORD_MAX } from './codec.gen.js';
import { keptNumber, keptTimed } from './codec-kept.js';
import { OUT, tape, u32 } from './codec-memory.js';
import { generation, knownAddress } from './codec-words.js';

const { F64 } = VALUE;
const { PUBLISH, SET, U64 } = CELL;
const { STREAM } = SIGNAL;

/** What differs in the frames of one kind is at their end: the number, and behind it the timestamp, of eight bytes each. */
const KINDS = 3;
const NONE = -1;
const OF_SET = 0;
const OF_STREAM = 1;
const OF_TIMED_STREAM = 2;
const SLOT = (4 + 6 + WORD_MAX + 16 + 3) >> 2; // words of the longest frame: header, address and what is around it, those two

let frames = new Uint32Array(0);
/** Of the frame in a slot, in bytes; 0: there is none. */
const lengths = new Uint8Array((WORDS + 1) * KINDS);
let known = 0; // the generation of ids that the frames are of

/** @param {any} m any: see Message */
const isBareSet = (m) => m.revision === undefined && !m.lock && !m.unlock && m.ttl === undefined;

/** @param {any} m any: see Message */
const isBareStream = (m) =>
  m.signal === 'stream' && m.phase === undefined && m.id === undefined && m.rate === undefined;

/** @param {unknown} timestamp */
function kindOfStream(timestamp) {
  if (timestamp === undefined) return OF_STREAM;
  return Number.isSafeInteger(timestamp) && Number(timestamp) >= 0 ? OF_TIMED_STREAM : NONE;
}

/** @param {any} message any: see Message @param {unknown} timestamp its own */
function kindOf(message, timestamp) {
  if (message.type === 'SET') return isBareSet(message) ? OF_SET : NONE;
  return message.type === 'PUBLISH' && isBareStream(message) ? kindOfStream(timestamp) : NONE;
}

/**
 * @param {any} message any: the caller's
 * @returns {Uint8Array | undefined} its frame, the caller's; undefined: it is to be written
 */
export function repeated(message) {
  const value = message?.value;
  if (typeof value !== 'number') return undefined;
  const { timestamp } = message;
  const kind = kindOf(message, timestamp);
  if (kind === NONE || known !== generation) return undefined;
  const slot = knownAddress(message.address) * KINDS + kind;
  const length = lengths[slot];
  if (length === 0) return undefined;
  return kind === OF_TIMED_STREAM
    ? keptTimed(frames, slot * SLOT, length, value, timestamp)
    : keptNumber(frames, slot * SLOT, length, value);
}

/** @param {number} at the first word of the tape @returns {number} the kind of the frame that it became */
function kindOfTape(at) {
  if (u32[at + 4] !== F64) return NONE;
  const has = u32[at + 1];
  const c = u32[at + 3];
  if (u32[at] === SET) return has === 0 && c === 0 ? OF_SET : NONE;
  if (u32[at] !== PUBLISH || c !== STREAM) return NONE;
  if (has === HAS_VALUE) return OF_STREAM;
  return has === (HAS_VALUE | HAS_TIMESTAMP) && u32[at + 8] === U64 ? OF_TIMED_STREAM : NONE;
}

/** Take note of the frame that was written just now, by what its tape says. @param {number} length */
export function note(length) {
  const at = tape();
  const kind = kindOfTape(at);
  const word = u32[at + 2];
  if (kind === NONE || word === 0) return;
  if (frames.length === 0) frames = new Uint32Array(lengths.length * SLOT);
  if (known !== generation) lengths.fill(0);
  known = generation;
  const slot = word * KINDS + kind;
  const from = OUT >> 2;
  frames.set(u32.subarray(from, from + ((length + 3) >> 2)), slot * SLOT);
  lengths[slot] = length;
}
