/** Who listens to what, and the SETs that arrive: the same for every contestant. */
import { encode } from '@clasp-to/core';
import { Packr } from 'msgpackr';

import { randomNumbers } from './measure.js';

const HOT = 64; // messages that come over and over, and addresses at most

/** @typedef {{type: 'SET', address: string, value: number}} SetMessage */

/**
 * Of five, three are exact and two have wildcards, both for the first device of the three.
 * @param {number} count
 */
export function patternsOf(count) {
  return Array.from({ length: count }, (_, i) => {
    const [first, kind] = [3 * Math.floor(i / 5), i % 5];
    if (kind === 3) return `/app/device${first}/*/level`;
    if (kind === 4) return `/app/device${first}/**`;
    return `/app/device${first + kind}/channel/level`;
  });
}

/** Devices whose addresses reach as many handlers as there are, at most HOT of them and spread evenly. @param {number} count */
function devicesOf(count) {
  const groups = Math.max(1, Math.floor(count / 5));
  const used = Math.min(groups, HOT);
  return Array.from({ length: used }, (_, i) => 3 * Math.floor((i * groups) / used));
}

/** @param {string[]} addresses @returns {SetMessage[]} */
function setsOf(addresses) {
  const random = randomNumbers(addresses.length);
  return Array.from({ length: HOT }, (_, i) => ({
    type: 'SET',
    address: addresses[i % addresses.length],
    value: random(),
  }));
}

/** HOT messages to addresses that have been seen before. @param {number} count subscriptions */
export const hotSets = (count) =>
  setsOf(devicesOf(count).map((device) => `/app/device${device}/channel/level`));

/** In the address of a cold message, what is written over to make it one that was never seen. */
const FRESH = '/x00000000/';
const DIGITS = 8;

/** HOT messages whose addresses have FRESH in them; only wildcards match them. @param {number} count subscriptions */
export const coldSets = (count) =>
  setsOf(devicesOf(count).map((device) => `/app/device${device}${FRESH}level`));

/** @typedef {(message: SetMessage) => Uint8Array} Encode */

/** A frame, by an encoder that is nobody's here but its own. @type {Encode} */
export const toFrame = (message) => encode(message);

/** Shared by the two sides of msgpackr with records, as if both were told. */
export const packr = new Packr({ structures: [] });

/** @type {Encode} */
export const toRecord = (message) => new Uint8Array(packr.pack(message));

/** @param {Uint8Array} bytes of a cold message @returns {number} where its digits begin */
function digitsAt(bytes) {
  const text = String.fromCharCode(...bytes);
  return text.indexOf(FRESH) + '/x'.length;
}

/** Encoded messages to addresses that nobody has seen. The bytes are made once and their digits written anew. */
export class FreshPool {
  /** @type {{bytes: Uint8Array, at: number}[]} */ #templates;
  /** @type {Uint8Array[]} */ #pool = [];
  #serial = 0;

  /** @param {SetMessage[]} messages cold ones @param {Encode} encode */
  constructor(messages, encode) {
    this.#templates = messages.map((message) => {
      const bytes = encode(message);
      return { bytes, at: digitsAt(bytes) };
    });
  }

  /** @param {number} count @returns {Uint8Array[]} at least so many; good until the next call */
  take(count) {
    const templates = this.#templates;
    while (this.#pool.length < count)
      this.#pool.push(templates[this.#pool.length % templates.length].bytes.slice());
    for (let i = 0; i < count; i++) {
      let left = this.#serial++;
      const { at } = templates[i % templates.length];
      for (let k = at + DIGITS - 1; k >= at; k--, left = Math.floor(left / 10))
        this.#pool[i][k] = 48 + (left % 10);
    }
    return this.#pool;
  }
}
