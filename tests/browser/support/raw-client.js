/** A client of the relay that knows nothing of CLASP but its first words: it sends whatever bytes it is given. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { PATIENCE_MS, within } from './wait.js';

/** docs/wire.md, messages: their type codes. */
export const WELCOME = 0x02;
export const ERROR = 0x51;

const HELLO = '5301000701014000000000'; // version 1, the feature `event`, no name
const TYPE_AT = 4; // after the header of a frame without timestamp
const TIMED_TYPE_AT = 12;

/** One connection, said HELLO on. */
export class RawClient {
  #socket;
  /** @type {Buffer[]} */ #frames = [];
  #came = new EventTarget();

  /** @param {WebSocket} socket */
  constructor(socket) {
    this.#socket = socket;
    socket.on('message', (data) => {
      this.#frames.push(/** @type {Buffer} */ (data));
      this.#came.dispatchEvent(new Event('frame'));
    });
  }

  /** @param {string} url */
  static async connect(url) {
    const client = new RawClient(new WebSocket(url, 'clasp'));
    await within(PATIENCE_MS, 'the relay to accept', once(client.#socket, 'open'));
    client.send(HELLO);
    await client.receives(WELCOME, 1);
    return client;
  }

  get isOpen() {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** @param {string} hex */
  send(hex) {
    this.#socket.send(Buffer.from(hex, 'hex'));
  }

  /**
   * Wait for frames of a type.
   * @param {number} type
   * @param {number} count
   * @returns {Promise<void>}
   */
  async receives(type, count) {
    const isThere = () => this.#frames.filter((frame) => typeOf(frame) === type).length >= count;
    const came = async () => {
      while (!isThere()) await once(this.#came, 'frame');
    };
    await within(PATIENCE_MS, `${count} messages of type ${type.toString(16)}`, came());
  }

  close() {
    this.#socket.terminate();
  }
}

/** @param {Buffer} frame */
function typeOf(frame) {
  const isTimed = (frame[1] & 0x20) !== 0;
  return frame[isTimed ? TIMED_TYPE_AT : TYPE_AT];
}
