import { surface } from '../js-glue/error.js';
import { Emitter } from './emitter.js';
import { ignorable } from './promises.js';

/** @typedef {import('../js-glue/p2p-channel.js').PlaneChannel} PlaneChannel */
/** @typedef {import('../js-glue/p2p-channel.js').ChannelOptions} ChannelOptions */
/** @typedef {import('../js-glue/p2p-channel.js').Priority} Priority */

/**
 * A data channel of an application, for an address and all below it: what the peer's `set`, `emit` and `stream` say there goes by
 * it, with its reliability and priority. It carries raw messages as well. When the peer gets a new connection its maker makes
 * it again; a reliable one stays open meanwhile where both sides are of this library, and loses nothing.
 *
 * Events: `open`; `message` ({ data }: string or ArrayBuffer); `close`.
 */
export class PeerChannel extends Emitter {
  #channel;

  /** @type {(() => void) | null} */ onopen = null;
  /** @type {((event: {data: string | ArrayBuffer}) => void) | null} */ onmessage = null;
  /** @type {(() => void) | null} */ onclose = null;

  /** @param {PlaneChannel} channel */
  constructor(channel) {
    super();
    this.#channel = channel;
    channel.face = this;
    channel.tell = (type, detail) => {
      const event = type === 'message' ? { data: detail } : {};
      try {
        /** @type {any} any: by type */ (this)[`on${type}`]?.(event);
      } catch (cause) {
        surface(cause); // a handler's fault is not that of whoever tells
      }
      this.raise(type, event);
    };
  }

  /** The address. */
  get label() {
    return this.#channel.address;
  }

  get ordered() {
    return this.#channel.options.ordered;
  }

  /** null: sent again until it arrives. */
  get maxRetransmits() {
    return this.#channel.options.maxRetransmits;
  }

  /** Milliseconds; null: sent again until it arrives. */
  get maxPacketLifeTime() {
    return this.#channel.options.maxPacketLifeTime;
  }

  /** For what is sent here; each side has its own. */
  get priority() {
    return this.#channel.options.priority;
  }

  get readyState() {
    return this.#channel.readyState;
  }

  /** Bytes that wait in the browser; of a reliable channel, of raw messages that have not arrived. */
  get bufferedAmount() {
    return this.#channel.bufferedAmount;
  }

  /**
   * Resolved when no more than 1 MiB of what the peer's `set` and `emit` have said on channels of this priority, and those above, is
   * under way.
   * @returns {Promise<void>}
   */
  get ready() {
    return this.#channel.plane.readyFor(this.priority);
  }

  /**
   * Send a raw message.
   * @param {string | Blob | ArrayBuffer | ArrayBufferView} data not to be changed before the promise is settled
   * @returns {Promise<void>} resolved when it is under way, and there is room for more; rejected with NOT_CONNECTED, TOO_LARGE, QUEUE_FULL, PEER_GONE or
   *   BAD_OPTION. May be ignored
   */
  send(data) {
    return ignorable(this.#channel.send(data));
  }

  /** End it at both sides, when what was sent has gone. What is said at its address goes by the peer's own channels then. */
  close() {
    this.#channel.close();
  }

  [Symbol.dispose]() {
    this.close();
  }
}
