import { WebSocket } from 'ws';
import { FRAME_MAX } from '../js-glue/hub.js';
import { Backlog } from './backlog.js';

/** @typedef {import('node:net').Socket} Socket */

const CROWDED = 16 << 10; // bytes at the socket, from which on messages wait in the backlog
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
 * @typedef {object} ConnectionOptions
 * @property {Corks} corks
 * @property {import('./backlog.js').Backlogs} backlogs of all connections
 * @property {number} maxBuffered bytes that may wait for the client
 * @property {number} slowTimeout milliseconds that it may take nothing while something waits; then it is cut off
 * @property {(leftOut: number) => void} caughtUp nothing waits any more, after frames were left out
 */

/**
 * One client's WebSocket as the relay writes to it. What a slow client does not take in time is left out for that client
 * alone; it is said how much once the client takes again.
 */
export class Connection {
  #ws;
  #socket;
  #corks;
  #backlog;
  #slowTimeout;
  #caughtUp;
  #leftOut = 0;
  #isCorked = false;
  #isSlow = false; // what comes waits in the backlog
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #patience;
  /** @type {Joint | undefined} */ #joint;

  /**
   * @param {WebSocket} ws
   * @param {Socket} socket under it
   * @param {ConnectionOptions} options
   */
  constructor(ws, socket, { corks, backlogs, maxBuffered, slowTimeout, caughtUp }) {
    this.#ws = ws;
    this.#socket = socket;
    this.#corks = corks;
    this.#backlog = new Backlog(backlogs, maxBuffered);
    this.#slowTimeout = slowTimeout;
    this.#caughtUp = caughtUp;
    ws.once('close', () => this.#forget());
  }

  /** @param {Uint8Array} frame kept until it is written */
  send(frame) {
    if (this.#ws.readyState !== WebSocket.OPEN) return;
    if (this.#isSlow && !this.#joint) return this.#keep(frame);
    this.#cork();
    if (!this.#joint) return this.#write(frame);
    if (this.#joint.bytes + frame.length > FRAME_MAX) this.#write(this.#joint.take());
    this.#joint.add(frame);
  }

  /** Answer a ping of WebSocket. Who takes nothing gets none: he could ask for them without end. @param {Buffer} data */
  pong(data) {
    const isTaking = !this.#isSlow && this.#ws.bufferedAmount < CROWDED;
    if (isTaking && this.#ws.readyState === WebSocket.OPEN) this.#ws.pong(data);
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
      this.#write(this.#joint.take());
  }

  /** @param {Uint8Array} message */
  #write(message) {
    if (this.#isSlow) return this.#keep(message);
    if (this.#ws.bufferedAmount < CROWDED) return this.#ws.send(message);
    this.#isSlow = true;
    this.#wait();
    this.#ws.send(message, this.#drained);
  }

  /** @param {Uint8Array} message for later */
  #keep(message) {
    if (!this.#backlog.add(message)) this.#leftOut++;
  }

  /** The client takes something until then, or is cut off. */
  #wait() {
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => this.cut(), this.#slowTimeout);
  }

  /** All that was written has left. */
  #drained = () => {
    if (this.#ws.readyState !== WebSocket.OPEN) return;
    const block = this.#backlog.take();
    if (block) {
      this.#socket.write(block, this.#drained);
      return this.#wait();
    }
    this.#isSlow = false;
    clearTimeout(this.#patience);
    const count = this.#leftOut;
    this.#leftOut = 0;
    if (count > 0) this.#caughtUp(count);
  };

  /**
   * @param {number} code
   * @param {string} reason
   */
  close(code, reason) {
    this.#sendJoint();
    for (let block = this.#backlog.take(); block; block = this.#backlog.take())
      this.#socket.write(block);
    this.#ws.close(code, reason);
    this.cutSoon();
  }

  /** For who does not end what has come to its end. */
  cutSoon() {
    const timer = setTimeout(() => this.cut(), GOODBYE_MS);
    this.#ws.once('close', () => clearTimeout(timer));
  }

  /** At once, without a word. */
  cut() {
    this.#ws.terminate();
  }

  #forget() {
    clearTimeout(this.#patience);
    this.#backlog.clear();
  }
}
