import { ClaspError } from './error.js';

/** @typedef {{address: string, bytes: Uint8Array, timer: ReturnType<typeof setTimeout>}} Item */

const COUNT_MAX = 64;
const BYTES_MAX = 8 << 20;
const KEPT_MS = 5000;

/** What was said before anybody was there to hear it, for a while. */
export class Early {
  /** Oldest first. @type {Set<Item>} */ #items = new Set();
  #bytes = 0;

  /**
   * @param {string} address
   * @param {Uint8Array} bytes its value, encoded; from now on the receiver's
   * @throws {ClaspError} QUEUE_FULL
   */
  keep(address, bytes) {
    if (this.#items.size >= COUNT_MAX || this.#bytes + bytes.length > BYTES_MAX)
      throw new ClaspError('QUEUE_FULL');
    const timer = setTimeout(() => this.#drop(item), KEPT_MS);
    /** @type {any} any: of Node alone */ (timer).unref?.();
    const item = { address, bytes, timer };
    this.#items.add(item);
    this.#bytes += bytes.length;
  }

  /** @param {Item} item */
  #drop(item) {
    clearTimeout(item.timer);
    this.#items.delete(item);
    this.#bytes -= item.bytes.length;
  }

  clear() {
    for (const item of this.#items) this.#drop(item);
  }

  /** @returns {Iterator<Item>} */
  [Symbol.iterator]() {
    return this.#items.values();
  }
}
