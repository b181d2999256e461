import { WebSocket } from 'ws';

/** @typedef {import('node:net').Socket} Socket */

const STUCK_MS = 30_000; // a client that takes nothing for so long is cut off
const GOODBYE_MS = 2_000; // for the other side's half of a closing handshake

/** Holds back what is written in one turn of the event loop, so that many small frames leave in one write. */
export class Corks {
  /** @type {Set<Socket>} */ #corked = new Set();
  #pull = () => {
    for (const socket of this.#corked) socket.uncork();
    this.#corked.clear();
  };

  /** @param {Socket} socket about to be written to */
  hold(socket) {
    if (this.#corked.has(socket)) return;
    if (this.#corked.size === 0) setImmediate(this.#pull);
    this.#corked.add(socket);
    socket.cork();
  }
}

/**
 * One client's WebSocket as the relay writes to it. What a slow client does not take in time is left out for that client
 * alone; it is said how much once the client takes again.
 */
export class Connection {
  #ws;
  #socket;
  #corks;
  #maxBuffered;
  #caughtUp;
  #leftOut = 0;
  #slowSince = 0;

  /**
   * @param {WebSocket} ws
   * @param {Socket} socket under it
   * @param {object} options
   * @param {Corks} options.corks
   * @param {number} options.maxBuffered bytes that may wait for the client
   * @param {(leftOut: number) => void} options.caughtUp nothing waits any more, after frames were left out
   */
  constructor(ws, socket, { corks, maxBuffered, caughtUp }) {
    this.#ws = ws;
    this.#socket = socket;
    this.#corks = corks;
    this.#maxBuffered = maxBuffered;
    this.#caughtUp = caughtUp;
  }

  /** @param {Uint8Array} frame kept until it is written */
  send(frame) {
    if (this.#ws.readyState !== WebSocket.OPEN) return;
    if (this.#ws.bufferedAmount > this.#maxBuffered) return this.#leaveOut();
    this.#corks.hold(this.#socket);
    this.#ws.send(frame);
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  close(code, reason) {
    this.#ws.close(code, reason);
    const timer = setTimeout(() => this.#ws.terminate(), GOODBYE_MS);
    this.#ws.once('close', () => clearTimeout(timer));
  }

  /** At once, without a word. */
  cut() {
    this.#ws.terminate();
  }

  #leaveOut() {
    if (this.#leftOut++ === 0) {
      this.#slowSince = performance.now();
      this.#socket.once('drain', () => this.#drained());
    } else if (performance.now() - this.#slowSince > STUCK_MS) {
      this.cut();
    }
  }

  #drained() {
    const count = this.#leftOut;
    this.#leftOut = 0;
    this.#caughtUp(count);
  }
}
