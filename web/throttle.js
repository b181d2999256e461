import { LONGEST_MS } from '../js-glue/clock.js';
import { surface } from '../js-glue/error.js';
import { ClaspError } from './error.js';

/** @typedef {import('./clasp.js').Handler} Handler */

/** Addresses of one subscription that are kept in mind; then the one that was seen first is forgotten. */
const ADDRESSES = 4096;

/**
 * @typedef {object} Seen of one address
 * @property {number} next milliseconds, when the next value may pass
 * @property {unknown} value that passed last
 * @property {() => void} [give] hands out the value that waits
 * @property {number} kind of the value that waits
 * @property {ReturnType<typeof setTimeout>} [timer]
 */

/** @param {string} name @param {number | undefined} number */
function checked(name, number) {
  if (number === undefined || (Number.isFinite(number) && number >= 0)) return number ?? 0;
  throw new ClaspError('BAD_OPTION', `${name}: a number from 0 up`);
}

/**
 * Calls a handler at most so often for one address, and not for changes that are too small, as a relay of this package does
 * (docs/wire.md, section 7, "Options of a subscription"): params, streams and moves of gestures are thinned out, and the newest one
 * comes when the time is over; all else passes at once, behind what waits. Routers of another make know no such options.
 */
export class Throttle {
  #handler;
  #kind;
  #epsilon;
  #interval;
  /** @type {Map<string, Seen>} */ #seen = new Map();
  /** @type {Set<Seen>} */ #waiting = new Set();

  /**
   * @param {Handler} handler
   * @param {{maxRate?: number, epsilon?: number}} options
   * @param {() => number} kind of the value that is being delivered: 0 where each one counts; a newer value takes the place of one of
   *   its kind
   * @throws {ClaspError} BAD_OPTION
   */
  constructor(handler, { maxRate, epsilon }, kind) {
    const rate = checked('maxRate', maxRate);
    this.#handler = handler;
    this.#kind = kind;
    this.#epsilon = checked('epsilon', epsilon);
    this.#interval = rate ? 1000 / rate : 0;
  }

  /** What is to be called in place of the handler. @type {Handler} */
  get deliver() {
    return this.#interval || this.#epsilon ? this.#take : this.#handler;
  }

  /** What waits is not delivered any more, and nothing is remembered. */
  stop() {
    for (const { timer } of this.#waiting) clearTimeout(timer);
    this.#waiting.clear();
    this.#seen.clear();
  }

  /** @type {Handler} */
  #take = (value, address) => {
    const kind = this.#kind();
    const waiting = this.#seen.get(address);
    if (waiting && waiting.kind !== kind && !this.#goesAhead(waiting, address)) return;
    if (kind === 0) return this.#handler(value, address);
    const one = waiting ?? this.#remember(address);
    this.#forget(one);
    if (this.#isNear(one, value)) return;
    const wait = one.next - performance.now();
    if (wait <= 0) return this.#pass(one, value, address);
    one.kind = kind;
    one.give = () => this.#pass(one, value, address);
    one.timer = setTimeout(() => this.#release(one), Math.min(Math.ceil(wait), LONGEST_MS));
    this.#waiting.add(one);
  };

  /** What waits goes before a value of another kind. False: its handler has ended the subscription. @type {(one: Seen, address: string) => boolean} */
  #goesAhead(one, address) {
    this.#release(one);
    return this.#seen.get(address) === one;
  }

  /**
   * What came late by less than an interval does not put off the next one: else the steps of two clocks, the relay's and this
   * one, would add up to values left out.
   * @param {Seen} one @param {unknown} value @param {string} address
   */
  #pass(one, value, address) {
    const now = performance.now();
    one.next = (now - one.next < this.#interval ? one.next : now) + this.#interval;
    one.value = value;
    this.#handler(value, address);
  }

  /** Hand out what waits. @param {Seen} one */
  #release(one) {
    const { give } = one;
    this.#forget(one);
    try {
      give?.();
    } catch (cause) {
      surface(cause); // the fault of one call is not the next one's
    }
  }

  /** @param {Seen} one */
  #forget(one) {
    clearTimeout(one.timer);
    one.give = one.timer = undefined;
    this.#waiting.delete(one);
  }

  /** @param {Seen} one @param {unknown} value */
  #isNear({ value: last }, value) {
    const areNumbers = typeof value === 'number' && typeof last === 'number';
    return areNumbers && Math.abs(value - last) < this.#epsilon;
  }

  /** @param {string} address */
  #remember(address) {
    if (this.#seen.size === ADDRESSES) {
      const [oldest] = this.#seen.keys();
      this.#seen.delete(oldest); // its timer still delivers
    }
    /** @type {Seen} */ const one = { next: -Infinity, value: undefined, kind: 0 };
    this.#seen.set(address, one);
    return one;
  }
}
