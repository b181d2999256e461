import { ClaspError } from '../error.js';
import { MemoryDriver } from './memory.js';

/** Signals between the tabs of one origin, and within each, without a server: by BroadcastChannel. */
export class BroadcastDriver extends MemoryDriver {
  #name;
  /** @type {BroadcastChannel | null | undefined} null: closed */ #channel;

  /**
   * @param {object} [options]
   * @param {string} [options.name] of the channel: drivers of one name hear each other
   */
  constructor({ name = 'clasp-p2p' } = {}) {
    super();
    this.#name = name;
  }

  /**
   * @override
   * @param {string[]} namespace
   * @param {import('./memory.js').Handler} handler
   * @throws {ClaspError} BAD_STATE after close()
   */
  on(namespace, handler) {
    this.#open();
    super.on(namespace, handler);
  }

  /**
   * @override
   * @param {string[]} namespace
   * @param {object} message
   * @throws {ClaspError} BAD_STATE after close()
   */
  emit(namespace, message) {
    this.#open().postMessage({ namespace, message });
    super.emit(namespace, message); // a channel does not speak to itself
  }

  /** Hear and say nothing more. Idempotent. */
  close() {
    this.#channel?.close();
    this.#channel = null;
  }

  [Symbol.dispose]() {
    this.close();
  }

  #open() {
    if (this.#channel === null) throw new ClaspError('BAD_STATE', 'the driver is closed');
    if (!this.#channel) {
      this.#channel = new BroadcastChannel(this.#name);
      this.#channel.onmessage = ({ data }) => {
        if (this.#channel && Array.isArray(data?.namespace))
          super.emit(data.namespace, data.message);
      };
    }
    return this.#channel;
  }
}
