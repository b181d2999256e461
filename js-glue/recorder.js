/**
 * Records every call into a core, with all that came of it, for tests/c/replay.c to make again.
 *
 * The format, little-endian:
 *
 *   header   'C' 'L' 'R' 'P', u32 version (1)
 *   record   u8 operation: index in OPERATIONS
 *            u8 argument count, then as many f64
 *            u32 length, then the input: what lay in the inbox
 *            i32 result; 0 for calls that have none
 *            u32 effect count, then as many clasp_effect of 32 bytes
 *            u32 length, then the bytes that the effects speak of
 *
 * The first record is the seed.
 */
import { ClaspError } from './error.js';

/** @typedef {import('./core.js').Core} Core */
/** @typedef {import('./core.js').Call} Call */

const VERSION = 1;
const RECORD = 32; // sizeof(clasp_effect)

/** Exports by number. New ones are added at the end; tests/c/replay.c has the same list. */
export const OPERATIONS = [
  'seed',
  'tick',
  'session_new',
  'session_free',
  'session_event',
  'conference_new',
  'conference_free',
  'conference_event',
];

/** @param {Call} call */
function encodeCall({ name, args, input, result, effects, bytes }) {
  const operation = OPERATIONS.indexOf(name);
  const head = 2 + args.length * 8;
  const out = new Uint8Array(head + 4 + input.length + 8 + effects.length + 4 + bytes.length);
  const view = new DataView(out.buffer);
  out.set([operation, args.length]);
  args.forEach((arg, i) => view.setFloat64(2 + i * 8, arg, true));
  view.setUint32(head, input.length, true);
  out.set(input, head + 4);
  let at = head + 4 + input.length;
  view.setInt32(at, result, true);
  view.setUint32(at + 4, effects.length / RECORD, true);
  out.set(effects, at + 8);
  at += 8 + effects.length;
  view.setUint32(at, bytes.length, true);
  out.set(bytes, at + 4);
  return out;
}

/**
 * Begin to record. The memory that it takes grows with every call.
 * @param {Core} core one that no call was made into yet
 * @returns {() => Uint8Array} the recording so far
 * @throws {ClaspError} BAD_STATE when calls were made already: they could not be replayed
 */
export function record(core) {
  if (core.calls > 0) throw new ClaspError('BAD_STATE', 'the core was used before it was recorded');
  const header = new Uint8Array(8);
  header.set(new TextEncoder().encode('CLRP'));
  header[4] = VERSION;
  const none = new Uint8Array(0);
  const seed = {
    name: 'seed',
    args: [...core.seed],
    input: none,
    result: 0,
    effects: none,
    bytes: none,
  };
  const parts = [header, encodeCall(seed)];
  core.tap = (call) => parts.push(encodeCall(call));
  return () => joined(parts);
}

/** @param {Uint8Array[]} parts */
function joined(parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
