import { WebSocket } from 'ws';
import { FRAME_MAX } from '../js-glue/hub.js';

/** @typedef {import('node:net').Socket} Socket */

const STUCK_MS = 30_000; // a client that takes nothing for so long is cut off
const GOODBYE_MS = 2_000; // for the other side's half of a closing handshake

/** Holds back what is written in one turn of the event loop, so that many small frames leave in one write. */
export class Corks {
  /** @type {Set<Connection>} */ #corked = new Set();
  #pull = () => {
    for (const connection of this.#corked) connection.uncork();
    this.#corked.clear();
  };

  /** @param {Connection} connection about to be written to; its uncork() is called when the turn is over */
  hold(connection) {
    if (this.#corked.size === 0) setImmediate(this.#pull);
    this.#corked.add(connection);
  }
}

/** Frames that wait to leave in one message. */
class Joint {
  /** @type {Uint8Array[]} */ #frames = [];
  bytes = 0;

  /** @param {Uint8Array} frame */
  add(frame) {
    this.#frames.push(frame);
    this.bytes += frame.length;
  }

  /** @returns {Uint8Array} all of them; none is left */
  take() {
    const { bytes } = this;
    const frames = this.#frames;
    this.#frames = [];
    this.bytes = 0;
    return frames.length === 1 ? frames[0] : Buffer.concat(frames, bytes);
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
  #isCorked = false;
  /** @type {Joint | undefined} */ #joint;

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
    const waiting = this.#ws.bufferedAmount + (this.#joint?.bytes ?? 0);
    if (waiting > this.#maxBuffered) return this.#leaveOut();
    this.#cork();
    if (!this.#joint) return this.#ws.send(frame);
    if (this.#joint.bytes + frame.length > FRAME_MAX) this.#ws.send(this.#joint.take());
    this.#joint.add(frame);
  }

  /** From now on the frames of one turn leave in one message. */
  join() {
    this.#joint ??= new Joint();
  }

  #cork() {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.#corks.hold(this);
    this.#socket.cork();
  }

  /** The turn is over: what was held back leaves. */
  uncork() {
    this.#isCorked = false;
    this.#sendJoint();
    this.#socket.uncork();
  }

  #sendJoint() {
    if (this.#joint?.bytes && this.#ws.readyState === WebSocket.OPEN)
      this.#ws.send(this.#joint.take());
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  close(code, reason) {
    this.#sendJoint();
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
