/** Numbers at addresses that were encoded before: of the frame that the core has written then, only the number changes. */
import { SIGNAL, VALUE } from './abi.gen.js';
import { CELL, HAS_VALUE, WORDS, WORD_MAX } from './codec.gen.js';
import { keptNumber } from './codec-kept.js';
import { OUT, tape, u32 } from './codec-memory.js';
import { generation, knownAddress } from './codec-words.js';

const { F64 } = VALUE;
const { PUBLISH, SET } = CELL;
const { STREAM } = SIGNAL;

const KINDS = 2; // SET, stream
const SLOT = (4 + 2 + 2 + WORD_MAX + 8 + 3) >> 2; // words of the longest frame: header, type and flags, address, number

let frames = new Uint32Array(0);
/** Of the frame in a slot, in bytes; 0: there is none. */
const lengths = new Uint8Array((WORDS + 1) * KINDS);
let known = 0; // the generation of ids that the frames are of

/** @param {any} m any: see Message */
const isBareSet = (m) => m.revision === undefined && !m.lock && !m.unlock && m.ttl === undefined;

/** @param {any} m any: see Message */
const isBareStream = (m) =>
  m.signal === 'stream' &&
  m.phase === undefined &&
  m.timestamp === undefined &&
  m.id === undefined &&
  m.rate === undefined;

/** @param {any} message any: see Message @returns {number} of its kind; -1: of none */
function kindOf(message) {
  if (message.type === 'SET') return isBareSet(message) ? 0 : -1;
  return message.type === 'PUBLISH' && isBareStream(message) ? 1 : -1;
}

/**
 * @param {any} message any: the caller's
 * @returns {Uint8Array | undefined} its frame, the caller's; undefined: it is to be written
 */
export function repeated(message) {
  const value = message?.value;
  if (typeof value !== 'number') return undefined;
  const kind = kindOf(message);
  if (kind < 0 || known !== generation) return undefined;
  const slot = knownAddress(message.address) * KINDS + kind;
  const length = lengths[slot];
  return length > 0 ? keptNumber(frames, slot * SLOT, length, value) : undefined;
}

/** Take note of the frame that was written just now, by what its tape says. @param {number} length */
export function note(length) {
  const at = tape();
  const kind = u32[at];
  const word = u32[at + 2];
  if ((kind !== SET && kind !== PUBLISH) || word === 0 || u32[at + 4] !== F64) return;
  const isStream = kind === PUBLISH;
  if (u32[at + 1] !== (isStream ? HAS_VALUE : 0) || u32[at + 3] !== (isStream ? STREAM : 0)) return;
  if (frames.length === 0) frames = new Uint32Array(lengths.length * SLOT);
  if (known !== generation) lengths.fill(0);
  known = generation;
  const slot = word * KINDS + Number(isStream);
  const [from, to] = [OUT >> 2, slot * SLOT];
  frames.set(u32.subarray(from, from + ((length + 3) >> 2)), to);
  lengths[slot] = length;
}
