/** Promises that wait with a bound, or need nobody who waits. */
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
 * @param {number} timeout milliseconds; 0: for ever
 * @param {AbortSignal} [signal]
 * @returns {Promise<T>}
 * @throws {ClaspError} TIMEOUT, ABORTED
 */
export function untilSettled(promise, timeout, signal) {
  if (!timeout && !signal) return promise;
  return new Promise((resolve, reject) => {
    const expire = () => reject(new ClaspError('TIMEOUT', `no answer within ${timeout} ms`));
    const timer = timeout ? setTimeout(expire, timeout) : undefined;
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
 * @param {number} wait milliseconds
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 * @throws {ClaspError} ABORTED
 */
export function later(wait, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      forget();
      resolve();
    }, wait);
    const forget = onceAborted(signal, () => {
      clearTimeout(timer);
      reject(aborted(/** @type {AbortSignal} */ (signal)));
    });
  });
}
