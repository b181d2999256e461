/** Promises that wait with a bound, or need nobody who waits. */
import { LONGEST_MS } from '../js-glue/clock.js';
import { ClaspError } from './error.js';

/**
 * A promise whose failure may be ignored.
 * @template T
 * @param {Promise<T>} promise
 * @returns the same
 */
export function ignorable(promise) {
  promise.catch(() => {});
  return promise;
}

/** True for a promise of any make. @param {any} it any: what somebody has returned */
export const isThenable = (it) => typeof it?.then === 'function';

/** The error of what a signal has aborted. @param {AbortSignal} signal */
export const aborted = (signal) => new ClaspError('ABORTED', undefined, { cause: signal.reason });

/**
 * Act when a signal aborts; at once where it has.
 * @param {AbortSignal | undefined} signal
 * @param {() => void} action
 * @returns {() => void} to be called when the signal does not matter any more
 */
export function onceAborted(signal, action) {
  if (signal?.aborted) action();
  else signal?.addEventListener('abort', action, { once: true });
  return () => signal?.removeEventListener('abort', action);
}

/**
 * The same promise, but no longer than a time and until a signal aborts.
 * @template T
 * @param {Promise<T>} promise
 * @param {number} timeout milliseconds; 0, or more than a timer can count: for ever
 * @param {AbortSignal} [signal]
 * @returns {Promise<T>}
 * @throws {ClaspError} TIMEOUT, ABORTED
 */
export function untilSettled(promise, timeout, signal) {
  if (!timeout && !signal) return promise;
  return new Promise((resolve, reject) => {
    const expire = () => reject(new ClaspError('TIMEOUT', `no answer within ${timeout} ms`));
    const timer = timeout && timeout <= LONGEST_MS ? setTimeout(expire, timeout) : undefined;
    const forget = onceAborted(signal, () => reject(aborted(/** @type {AbortSignal} */ (signal))));
    const end = () => {
      clearTimeout(timer);
      forget();
    };
    promise.then(resolve, reject).finally(end);
    if (signal?.aborted) clearTimeout(timer);
  });
}

/**
 * @param {number} wait_ms at most LONGEST_MS; not less than that, as timers may count whole ones
 * @param {AbortSignal | undefined} signal
 * @param {AbortSignal} over aborted when the connection that it waits for is over
 * @returns {Promise<void>}
 * @throws {ClaspError} ABORTED, NOT_CONNECTED
 */
export function later(wait_ms, signal, over) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) throw aborted(signal);
    if (over.aborted) throw new ClaspError('NOT_CONNECTED');
    const timer = setTimeout(() => end(resolve), Math.ceil(wait_ms));
    const end = (/** @type {() => void} */ settle) => {
      clearTimeout(timer);
      forget.forEach((it) => it());
      settle();
    };
    const forget = [
      onceAborted(signal, () => end(() => reject(aborted(/** @type {AbortSignal} */ (signal))))),
      onceAborted(over, () => end(() => reject(new ClaspError('NOT_CONNECTED')))),
    ];
  });
}

/**
 * Wait, beside others, for what is being opened. The last one that gives up ends it.
 * @param {{waiting: number, opened: Promise<void>}} life `waiting`: how many do
 * @param {number} timeout milliseconds; 0: for ever
 * @param {AbortSignal | undefined} signal
 * @param {(error: ClaspError) => void} end
 * @throws {ClaspError} TIMEOUT, ABORTED, and why it did not open
 */
export async function untilOpened(life, timeout, signal, end) {
  life.waiting++;
  try {
    await untilSettled(life.opened, timeout, signal);
  } catch (error) {
    if (life.waiting === 1) end(/** @type {ClaspError} */ (error));
    throw error;
  } finally {
    life.waiting--;
  }
}
