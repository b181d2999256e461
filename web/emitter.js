/**
 * Ends what on() began: a function that may be called more than once, and a disposable (`using`).
 * @typedef {(() => void) & {[Symbol.dispose]: () => void}} Unsubscribe
 */

/** @param {() => void} end @returns {Unsubscribe} */
export const disposable = (end) => Object.assign(end, { [Symbol.dispose]: end });

/**
 * An EventTarget with listeners of the plain kind beside: they are called with the members of an event's `detail`, in order.
 */
export class Emitter extends EventTarget {
  /** @type {Map<string, Set<Function>>} */ #listeners = new Map();

  /**
   * Call a listener at each event of a type.
   * @param {string} type
   * @param {(...args: any[]) => any} listener any: by event
   * @returns {Unsubscribe}
   */
  on(type, listener) {
    const all = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, all.add(listener));
    return disposable(() => void all.delete(listener));
  }

  /**
   * @param {string} type
   * @param {(...args: any[]) => any} listener any: by event
   */
  off(type, listener) {
    this.#listeners.get(type)?.delete(listener);
  }

  /**
   * The same as on(), for one event.
   * @param {string} type
   * @param {(...args: any[]) => any} listener any: by event
   * @returns {Unsubscribe}
   */
  once(type, listener) {
    const end = this.on(type, (...args) => {
      end();
      return listener(...args);
    });
    return end;
  }

  /**
   * @param {string} type
   * @param {Record<string, unknown>} detail
   * @returns {unknown[]} what the listeners have returned; the error of one that threw is surfaced
   */
  raise(type, detail) {
    const args = Object.values(detail);
    const results = [...(this.#listeners.get(type) ?? [])].map((listener) => {
      try {
        return listener(...args);
      } catch (cause) {
        return Promise.reject(cause); // surfaces, unless somebody looks at it
      }
    });
    this.dispatchEvent(new CustomEvent(type, { detail }));
    return results;
  }
}
