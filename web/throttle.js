import { ClaspError } from './error.js';

/** @typedef {import('./clasp.js').Handler} Handler */

/** Addresses of one subscription that are kept in mind; then the one that was seen first is forgotten. */
const ADDRESSES = 4096;

/**
 * @typedef {object} Seen of one address
 * @property {number} next milliseconds, when the next value may pass
 * @property {unknown} value that passed last
 * @property {ReturnType<typeof setTimeout>} [timer] of the value that waits
 * @property {unknown} [waiting]
 */

/** @param {string} name @param {number | undefined} number */
function checked(name, number) {
  if (number === undefined || (Number.isFinite(number) && number >= 0)) return number ?? 0;
  throw new ClaspError('BAD_OPTION', `${name}: a number from 0 up`);
}

/**
 * A handler that is called at most so often for one address, and not for changes that are too small. The newest value is
 * never lost: it comes when the time is over. Routers of another make know no such options, so the client holds to them, too.
 *
 * @param {Handler} handler
 * @param {{maxRate?: number, epsilon?: number, signal?: AbortSignal}} options
 * @returns {Handler}
 * @throws {ClaspError} BAD_OPTION
 */
export function throttled(handler, options) {
  const maxRate = checked('maxRate', options.maxRate);
  const epsilon = checked('epsilon', options.epsilon);
  if (!maxRate && !epsilon) return handler;
  const interval = maxRate ? 1000 / maxRate : 0;
  /** @type {Map<string, Seen>} */ const seen = new Map();
  const pass = (
    /** @type {Seen} */ one,
    /** @type {any} */ value,
    /** @type {string} */ address,
  ) => {
    one.next = performance.now() + interval;
    one.value = value;
    handler(value, address);
  };
  return (value, address) => {
    const one = seen.get(address) ?? remember(seen, address);
    if (isClose(one, value, epsilon)) return;
    const wait = one.next - performance.now();
    if (wait <= 0 && !one.timer) return pass(one, value, address);
    one.waiting = value;
    one.timer ??= setTimeout(() => {
      one.timer = undefined;
      pass(one, one.waiting, address);
    }, wait);
  };
}

/** @param {Seen} one @param {unknown} value @param {number} epsilon */
function isClose(one, value, epsilon) {
  const last = one.timer ? one.waiting : one.value;
  return typeof value === 'number' && typeof last === 'number' && Math.abs(value - last) < epsilon;
}

/** @param {Map<string, Seen>} seen @param {string} address */
function remember(seen, address) {
  if (seen.size === ADDRESSES) {
    const [oldest] = seen.keys();
    seen.delete(oldest); // its timer still delivers
  }
  /** @type {Seen} */ const one = { next: 0, value: undefined };
  seen.set(address, one);
  return one;
}
