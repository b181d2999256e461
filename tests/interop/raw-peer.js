/** A peer that sends and shows frames as they are, by the package's own codec. */
import { once } from 'node:events';
import { decode, encode, ready } from 'clasp-p2p/codec';
import { WebSocket } from 'ws';
import { PATIENCE_MS, within } from '../browser/support/wait.js';

/** @typedef {import('clasp-p2p/codec').Message} Message */

/** @typedef {Message | Uint8Array | string} Sendable bytes and text go out as they are */

/** @type {Message} */
export const HELLO = { type: 'HELLO', version: 1, name: 'raw', features: ['param', 'event'] };

const isAny = () => true;

/** @param {Buffer} frame @returns {Message} of type UNREADABLE where a strict decoder refuses it */
function read(frame) {
  try {
    return decode(new Uint8Array(frame.buffer, frame.byteOffset, frame.length));
  } catch (error) {
    return { type: 'UNREADABLE', cause: error };
  }
}

/** One connection. Messages wait, in order, until somebody looks at them. */
export class RawPeer {
  /** @type {{message: Message, frame: Buffer}[]} */ #inbox = [];
  #came = new EventTarget();
  #socket;
  /** The id that the relay gave it; '' before join(). */ session = '';
  /** The code with which its socket was closed. @type {Promise<number>} */ closed;

  /** @param {WebSocket} socket */
  constructor(socket) {
    this.#socket = socket;
    this.closed = once(socket, 'close').then(([code]) => code);
    socket.on('message', (data) => {
      const frame = /** @type {Buffer} */ (data);
      this.#inbox.push({ message: read(frame), frame });
      this.#came.dispatchEvent(new Event('message'));
    });
  }

  /**
   * A connection on which nothing has been said.
   * @param {string} url
   * @param {string[]} [protocols]
   */
  static async open(url, protocols = ['clasp']) {
    await ready();
    const socket = new WebSocket(url, protocols);
    const peer = new RawPeer(socket);
    await within(PATIENCE_MS, `${url} to accept`, once(socket, 'open'));
    return peer;
  }

  /**
   * A connection with a session; WELCOME and the SNAPSHOTs after it have been taken out.
   * @param {string} url
   */
  static async join(url) {
    const peer = await RawPeer.open(url);
    const [welcome] = await peer.ask(HELLO);
    peer.session = welcome.session;
    return peer;
  }

  /** The subprotocol that was agreed on; '' when there is none. */
  get protocol() {
    return this.#socket.protocol;
  }

  get isOpen() {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** @param {...Sendable} messages */
  send(...messages) {
    for (const message of messages) {
      const isRaw = typeof message === 'string' || message instanceof Uint8Array;
      this.#socket.send(isRaw ? message : encode(message));
    }
  }

  /**
   * The first message of a type; those before it are dropped.
   * @param {string} type
   * @param {(message: Message) => boolean} [is]
   * @returns {Promise<Message>}
   */
  async next(type, is = isAny) {
    return (await this.#until(type, is)).message;
  }

  /**
   * As next(), its frame.
   * @param {string} type
   */
  async nextFrame(type) {
    return (await this.#until(type, isAny)).frame;
  }

  /**
   * Send, and wait until the relay has dealt with it.
   * @param {...Sendable} messages
   * @returns {Promise<Message[]>} everything that came, up to the answer to the last message
   */
  ask(...messages) {
    return this.askFor(PATIENCE_MS, ...messages);
  }

  /**
   * As ask(), with a patience of its own.
   * @param {number} ms
   * @param {...Sendable} messages
   */
  async askFor(ms, ...messages) {
    this.send(...messages, { type: 'PING' });
    /** @type {Message[]} */
    const came = [];
    await this.#until('PONG', isAny, (message) => came.push(message), ms);
    return came;
  }

  /** Everything that came, or is on its way, and has not been looked at. */
  drain() {
    return this.ask();
  }

  async close() {
    this.#socket.close();
    await this.closed;
  }

  /** For peers that get no answer to anything. */
  drop() {
    this.#socket.terminate();
  }

  /**
   * @param {string} type
   * @param {(message: Message) => boolean} is
   * @param {(message: Message) => unknown} [pass] told what came before it
   * @param {number} [ms]
   */
  async #until(type, is, pass = () => {}, ms = PATIENCE_MS) {
    const look = async () => {
      for (;;) {
        const first = this.#inbox.shift();
        if (!first) await once(this.#came, 'message');
        else if (first.message.type === type && is(first.message)) return first;
        else pass(first.message);
      }
    };
    return within(ms, type, look());
  }
}
