import { surface } from '../../js-glue/error.js';

/** @typedef {(message: any) => void} Handler any: whatever is emitted */

/** Signals within one page or process; also what the other drivers keep their handlers in. */
export class MemoryDriver extends EventTarget {
  /** @type {Map<string, Set<Handler>>} */ #handlers = new Map();

  /**
   * Have a handler called with every message for exactly this namespace.
   * @param {string[]} namespace
   * @param {Handler} handler
   */
  on(namespace, handler) {
    const key = JSON.stringify(namespace); // join() would mix up ['a:b'] and ['a', 'b']
    const handlers = this.#handlers.get(key) ?? new Set();
    this.#handlers.set(key, handlers.add(handler));
  }

  /**
   * @param {string[]} namespace
   * @param {Handler} handler the same function
   */
  off(namespace, handler) {
    const key = JSON.stringify(namespace);
    const handlers = this.#handlers.get(key);
    handlers?.delete(handler);
    if (handlers?.size === 0) this.#handlers.delete(key);
  }

  /**
   * @param {string[]} namespace
   * @param {object} message
   */
  emit(namespace, message) {
    for (const handler of [...(this.#handlers.get(JSON.stringify(namespace)) ?? [])]) {
      try {
        handler(message);
      } catch (cause) {
        surface(cause); // one handler's fault is not the next one's
      }
    }
  }

  /** @param {string[]} namespace @param {Handler} handler */
  subscribe(namespace, handler) {
    return this.on(namespace, handler);
  }

  /** @param {string[]} namespace @param {Handler} handler */
  unsubscribe(namespace, handler) {
    return this.off(namespace, handler);
  }

  /** @param {string[]} namespace @param {object} message */
  publish(namespace, message) {
    return this.emit(namespace, message);
  }

  /** @param {string[]} namespace @protected */
  hasHandlers(namespace) {
    return this.#handlers.has(JSON.stringify(namespace));
  }
}
