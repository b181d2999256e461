import {
  EFFECT_RENDEZVOUS,
  RENDEZVOUS_DEVICES_MAX,
  RENDEZVOUS_DOCUMENT,
  RENDEZVOUS_DOCUMENT_MAX,
  RENDEZVOUS_LIMIT_MAX,
  RENDEZVOUS_NONE,
  RENDEZVOUS_STATS,
  RENDEZVOUS_TTL_S,
} from './abi.gen.js';
import { now } from './clock.js';
import { Core } from './core.js';
import { ClaspError, check } from './error.js';
import { HUB } from './hub-module.js';

/**
 * @typedef {object} RegistryLimits missing: the default of src/base/limits.h
 * @property {number} [ttl] seconds that a device lives after its registration or last refresh; 300
 * @property {number} [maxDevices] at once; 10,000, at most 100,000. The one seen longest ago makes room
 * @property {number} [maxPerSource] devices of one source address; 10. Infinity: no bound of its own
 * @property {number} [maxDocument] bytes of one registration; 65,536, at most 524,288
 */

/** Metrics of a registry, in order: their names and what they count. */
export const REGISTRY_METRICS = RENDEZVOUS_STATS;

const MOST = 0xffffffff; // what crosses the door as u32
const CHANCE = 16; // random bytes of an id
const EMPTY = new Uint8Array(0);
const encoder = new TextEncoder();

/**
 * @param {string} name
 * @param {number} value
 * @param {number} most
 */
function whole(name, value, most) {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new ClaspError('BAD_OPTION', `${name}: a whole number from 1 to ${most}`);
}

/** @param {RegistryLimits} limits as the arguments of rendezvous_start() */
function checked({ ttl = RENDEZVOUS_TTL_S, maxDevices, maxPerSource, maxDocument }) {
  return [
    maxDevices === undefined ? 0 : whole('maxDevices', maxDevices, RENDEZVOUS_DEVICES_MAX),
    maxPerSource === undefined ? 0 : whole('maxPerSource', Math.min(maxPerSource, MOST), MOST),
    whole('ttl', ttl, MOST),
    maxDocument === undefined ? 0 : whole('maxDocument', maxDocument, RENDEZVOUS_DOCUMENT_MAX),
  ];
}

/** The devices of a rendezvous (src/hub/rendezvous.h), in an instance of the relay's module of its own. */
export class Registry {
  #core;
  /** @type {Uint8Array} */ #answer = EMPTY;

  /** Bytes of the longest registration. @readonly */
  maxDocument;
  /** Seconds. @readonly */
  ttl;

  /**
   * @param {Core} core of the relay's module
   * @param {RegistryLimits} limits
   */
  constructor(core, { ttl = RENDEZVOUS_TTL_S, maxDocument = RENDEZVOUS_DOCUMENT }) {
    this.#core = core;
    this.maxDocument = maxDocument;
    this.ttl = ttl;
    core.own(0, { [EFFECT_RENDEZVOUS]: ({ bytes }) => (this.#answer = bytes) });
  }

  /**
   * @param {RegistryLimits} [limits]
   * @throws {ClaspError} BAD_OPTION, LOAD, NO_MEMORY
   */
  static async open(limits = {}) {
    const args = checked(limits);
    const core = await Core.open(HUB);
    check(core.call('rendezvous_start', ...args));
    return new Registry(core, limits);
  }

  /**
   * @param {Uint8Array} document JSON
   * @param {string} source address that it came from
   * @returns {Uint8Array} the answer as JSON; yours
   * @throws {ClaspError} BAD_JSON, BAD_UTF8, TOO_DEEP; BAD_FIELD; TOO_LARGE; LIMIT; NO_MEMORY
   */
  register(document, source) {
    const from = encoder.encode(source);
    const input = new Uint8Array(CHANCE + from.length + document.length);
    crypto.getRandomValues(input.subarray(0, CHANCE)); // who knows an id may refresh and remove the device
    input.set(from, CHANCE);
    input.set(document, CHANCE + from.length);
    this.#core.put(input);
    return this.#answerTo('rendezvous_register', from.length, document.length);
  }

  /**
   * @param {{tag?: string, feature?: string, limit?: number}} query `limit`: 100; more than 1,000 is 1,000
   * @returns {Uint8Array} an array of devices as JSON; yours
   * @throws {ClaspError} NO_MEMORY
   */
  discover({ tag, feature, limit }) {
    const parts = [tag, feature].map((text) => text !== undefined && encoder.encode(text));
    const [tagLen, featureLen] = parts.map((part) => (part ? part.length : RENDEZVOUS_NONE));
    const most = limit === undefined ? RENDEZVOUS_NONE : Math.min(limit, RENDEZVOUS_LIMIT_MAX);
    this.#core.put((tag ?? '') + (feature ?? ''));
    return this.#answerTo('rendezvous_discover', tagLen, featureLen, most);
  }

  /**
   * @param {string} id
   * @throws {ClaspError} BAD_HANDLE: no device has it
   */
  refresh(id) {
    check(this.#core.call('rendezvous_refresh', this.#core.put(id), now()));
  }

  /**
   * @param {string} id
   * @throws {ClaspError} BAD_HANDLE: no device has it
   */
  unregister(id) {
    check(this.#core.call('rendezvous_unregister', this.#core.put(id), now()));
  }

  /** @returns {Record<string, number>} by the names of REGISTRY_METRICS */
  stats() {
    const entries = RENDEZVOUS_STATS.map(({ name }, i) => [
      name,
      this.#core.call('rendezvous_stat', i),
    ]);
    return Object.fromEntries(entries);
  }

  /** No deadline fires any more. */
  close() {
    this.#core.close();
  }

  /**
   * @param {string} call
   * @param {...number} args all but the time
   */
  #answerTo(call, ...args) {
    check(this.#core.call(call, ...args, now()));
    const answer = this.#answer;
    this.#answer = EMPTY;
    return answer;
  }
}
