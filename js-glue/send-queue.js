import { ClaspError } from './error.js';

/** Bytes that the browser may hold: enough to fill any path, far from the 16 MiB at which Chromium throws. */
const HIGH_WATER = 1 << 20;
const LOW_WATER = HIGH_WATER >> 2;
/** What may wait behind them: over either, QUEUE_FULL. */
const QUEUE_BYTES = 16 << 20;
const QUEUE_MESSAGES = 1024;
/** Milliseconds after which to look again although no event came; the shorter one where there is no such event. */
const WATCHDOG_MS = 1000;
const POLL_MS = 20;
/** Bytes of a message when the other side has not said what it takes (RFC 8841, 6.1). */
const MESSAGE_BYTES = 65536;

/** @typedef {string | Blob | ArrayBuffer | ArrayBufferView} Message */
/** @typedef {Pick<RTCDataChannel, 'bufferedAmount' | 'bufferedAmountLowThreshold' | 'readyState' | 'send' | 'addEventListener' | 'removeEventListener'>} Channel that a queue sends on: what it uses of one */
/** @typedef {{data: Message, size: number, resolve: () => void, reject: (error: ClaspError) => void}} Item */

/** @param {unknown} data @returns {data is Message} */
export const isMessage = (data) =>
  typeof data === 'string' ||
  data instanceof ArrayBuffer ||
  ArrayBuffer.isView(data) ||
  data instanceof Blob;

/**
 * Bytes on the wire; for a short string an upper bound.
 * @param {Message} data
 * @param {number} limit below it no exact figure is needed
 */
function sizeOf(data, limit) {
  if (data instanceof Blob) return data.size;
  if (typeof data !== 'string') return data.byteLength;
  return data.length * 3 <= limit ? data.length * 3 : new TextEncoder().encode(data).length;
}

/** Sends on one data channel, in order, no faster than it drains. */
export class SendQueue {
  #channel;
  #limit;
  #wake = () => {};
  /** @type {Item[]} */ #items = [];
  #bytes = 0;
  #isPumping = false;

  /**
   * @param {Channel} channel
   * @param {{sctp: {maxMessageSize: number} | null}} pc it belongs to; asked what the other side takes
   * @param {AbortSignal} [life] when it ends, what waits is rejected
   */
  constructor(channel, pc, life) {
    this.#channel = channel;
    this.#limit = () => pc.sctp?.maxMessageSize || MESSAGE_BYTES;
    channel.bufferedAmountLowThreshold = LOW_WATER;
    life?.addEventListener('abort', () => this.#wake(), { once: true });
  }

  /**
   * @param {Message} data not to be changed before the promise is settled
   * @returns {Promise<void>} resolved when the browser has it; rejected with TOO_LARGE, QUEUE_FULL or PEER_GONE
   */
  async send(data) {
    const limit = this.#limit();
    const size = sizeOf(data, limit);
    if (size > limit) throw new ClaspError('TOO_LARGE', `${size} bytes; the peer takes ${limit}`);
    if (this.#items.length >= QUEUE_MESSAGES || this.#bytes + size > QUEUE_BYTES) {
      throw new ClaspError('QUEUE_FULL');
    }
    this.#bytes += size;
    const sent = new Promise((/** @type {(value: void) => void} */ resolve, reject) => {
      this.#items.push({ data, size, resolve, reject });
    });
    if (!this.#isPumping) this.#pump();
    return sent;
  }

  async #pump() {
    this.#isPumping = true;
    for (let item; (item = this.#items[0]); this.#items.shift()) {
      try {
        await this.#pass(item.data);
        item.resolve();
      } catch (cause) {
        item.reject(new ClaspError('PEER_GONE', 'the data channel has closed', { cause }));
      }
      this.#bytes -= item.size;
    }
    this.#isPumping = false;
  }

  /** @param {Message} data */
  #pass(data) {
    const isReady = !(data instanceof Blob) && this.#channel.bufferedAmount <= HIGH_WATER;
    return isReady
      ? this.#channel.send(/** @type {any} TypeScript has an overload for each kind */ (data))
      : this.#passLater(data);
  }

  /** @param {Message} data */
  async #passLater(data) {
    const plain = data instanceof Blob ? await data.arrayBuffer() : data;
    while (this.#channel.bufferedAmount > HIGH_WATER && this.#channel.readyState === 'open') {
      await this.#drained();
    }
    this.#channel.send(/** @type {any} as above */ (plain));
  }

  /** Resolves when there may be room again, or none ever. */
  #drained() {
    const channel = this.#channel;
    const events = ['bufferedamountlow', 'close', 'error'];
    const wait_ms = 'onbufferedamountlow' in channel ? WATCHDOG_MS : POLL_MS;
    return new Promise((/** @type {(value: void) => void} */ resolve) => {
      const timer = setTimeout(() => this.#wake(), wait_ms);
      const wake = (this.#wake = () => {
        clearTimeout(timer);
        for (const type of events) channel.removeEventListener(type, wake);
        resolve();
      });
      for (const type of events) channel.addEventListener(type, wake);
    });
  }
}
