import {
  DELIVER_BROADCAST,
  DELIVER_RAW,
  DELIVER_WIDE,
  P2P_ADDRESS,
  P2P_DELIVER,
  P2P_FROM,
  SIGNAL,
  VALUE,
} from './abi.gen.js';
import { textOf } from './core.js';
import { surface } from './error.js';
import { isApart } from './run-collector.js';
import { decodeValue, isNumber } from './value.js';
import { decodeWide } from './wide.js';

/** @typedef {import('./p2p-peer.js').PeerPlane} PeerPlane */
/** @typedef {import('./p2p-peer.js').Target} Target */
/** @typedef {import('./run-collector.js').Run} Run */
/** @typedef {(plane: PeerPlane, value: any, address: string) => void} Broadcast any: what was said */
/** @typedef {{broadcast: Broadcast, raw: (plane: PeerPlane, address: string, value: any) => void}} Special who is told of what is not for the subscriptions alone */

const WORDS = 8; // of a record
const COUNT = 2; // bytes of the count before bytes
const WIDE_COUNT = 4;
const SIGNALS = Object.keys(SIGNAL).map((name) => name.toLowerCase()); // they count from 0

/** @param {number} b of P2P_DELIVER, or of P2P_GOT @param {Uint8Array} data */
const readValue = (b, data) =>
  (b >>> 16) & DELIVER_WIDE ? decodeWide(data, b & 0xff) : decodeValue(b & 0xff, data);

/** What is no number; bytes by one copy, without anything around it. @type {(b: number, from: Uint8Array, at: number, end: number) => unknown} */
const dataIn = (b, from, at, end) =>
  (b & 0xff) === VALUE.BYTES
    ? from.slice(at + ((b >>> 16) & DELIVER_WIDE ? WIDE_COUNT : COUNT), end)
    : readValue(b, from.subarray(at, end));

/**
 * The value of P2P_DELIVER or P2P_GOT.
 * @param {number} b of the record
 * @param {number} number the value of a number
 * @param {Uint8Array} data of any other
 */
export const valueIn = (b, number, data) => (isNumber(b & 0xff) ? number : readValue(b, data));

/**
 * What P2P_ADDRESS says: the address, and the subscriptions.
 * @type {(words: Uint32Array, i: number, from: Uint8Array, base: number) => [string, Uint32Array]}
 */
function leads(words, i, from, base) {
  const at = words[i + 6] - base;
  const count = words[i + 3];
  const subs = new Uint32Array(from.slice(at, at + count * 4).buffer);
  return [textOf(from.subarray(at + count * 4, at + words[i + 7])), subs];
}

/** @type {(plane: PeerPlane, target: Target, value: any, b: number, special: Special) => void} any: what was said; b: of DELIVER */
function hand(plane, { address, subs }, value, b, special) {
  if ((b >>> 16) & DELIVER_RAW) return special.raw(plane, address, value);
  const signal = SIGNALS[(b >>> 8) & 0xff];
  for (const sub of subs) {
    try {
      sub.handler(value, address, signal);
    } catch (cause) {
      surface(cause); // one handler's fault is not the next one's
    }
  }
  if ((b >>> 16) & DELIVER_BROADCAST) special.broadcast(plane, value, address);
}

/**
 * Call the handlers of what peers have said.
 * @param {Run} run
 * @param {Map<number, PeerPlane>} planes by handle
 * @param {Special} special
 */
export function deliver({ words, numbers, from, base, large }, planes, special) {
  let next = 0; // of the large ones
  /** @type {PeerPlane | undefined} */ let plane;
  for (let i = 0; i < words.length; i += WORDS) {
    const kind = words[i];
    if (kind === P2P_DELIVER) {
      const own = isApart(words, i) ? large[next++] : undefined;
      if (!plane || plane.isOver) continue;
      const b = words[i + 3];
      const at = words[i + 6] - base;
      const value = isNumber(b & 0xff)
        ? numbers[(i >> 1) + 2]
        : (own ?? dataIn(b, from, at, at + words[i + 7]));
      hand(plane, plane.targets[words[i + 2]], value, b, special);
    } else if (kind === P2P_FROM) plane = planes.get(words[i + 2]);
    else if (kind === P2P_ADDRESS) plane?.lead(words[i + 2], ...leads(words, i, from, base));
  }
}
