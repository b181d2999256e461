import { hostOf } from './address.js';

/** @typedef {import('node:net').Socket} Socket */

const HANDSHAKE_MS = 10_000;
const PENDING_PER_ADDRESS = 256;
const PENDING = 4096;
const REFUSED_MS = 1000; // until a connection that was refused is ended: who comes back at once would cost more than who waits
const REFUSED = 256; // that wait for it at most, each with one read of its socket; beyond them they end at once

/**
 * @typedef {object} GateOptions
 * @property {number} [handshakeTimeout] milliseconds from the connection to a complete request (TLS included); 10,000 by
 *   default. HELLO has 10 s of its own.
 * @property {number} [maxPendingPerAddress] connections of one address that have not said HELLO; 256 by default. Behind a
 *   proxy (`trustProxy`) it counts for the proxy.
 */

/**
 * A TCP connection, whether it is named by its own socket or by the TLS socket on top of it.
 * @param {Socket} socket
 */
const nameOf = ({ remoteAddress, remotePort }) => `${remoteAddress} ${remotePort}`;

/**
 * Connections that have not said HELLO yet. Nothing is known of them, so their number and their time are bounded: who
 * connects and says nothing, or half a request, costs a socket for some seconds and no more.
 */
export class Gate {
  /** @type {Map<string, { socket: Socket, host: string, timer: ReturnType<typeof setTimeout> }>} by name, the oldest one first */
  #waiting = new Map();
  /** @type {Map<string, number>} how many of them a host has */ #perHost = new Map();
  #refused = 0; // not ended yet
  #counters;
  #maxPerAddress;
  /** Milliseconds to a complete request. */ timeout;

  /**
   * @param {GateOptions} options
   * @param {import('./counters.js').Counters} counters
   */
  constructor({ handshakeTimeout, maxPendingPerAddress }, counters) {
    this.timeout = handshakeTimeout ?? HANDSHAKE_MS;
    this.#maxPerAddress = maxPendingPerAddress ?? PENDING_PER_ADDRESS;
    this.#counters = counters;
  }

  /**
   * When one address has too many, it gets no more; when there are too many of all, the oldest one ends, so that whoever says HELLO
   * in time comes in.
   * @param {Socket} socket that has just connected
   * @returns {boolean} false: it is refused, and ended here
   */
  enter(socket) {
    const name = nameOf(socket);
    const host = hostOf(socket.remoteAddress ?? '').join();
    const count = this.#perHost.get(host) ?? 0;
    if (count >= this.#maxPerAddress) {
      this.#refuse(socket);
      return false;
    }
    if (this.#waiting.size >= PENDING) this.#endOldest();
    const timer = setTimeout(() => {
      this.timedOut(socket);
      socket.destroy();
    }, this.timeout);
    this.#perHost.set(host, (this.#perHost.get(host) ?? 0) + 1);
    this.#waiting.set(name, { socket, host, timer });
    socket.once('close', () => this.#leave(name));
    return true;
  }

  /** It is heard no more, and ends a little later. @param {Socket} socket */
  #refuse(socket) {
    this.#counters.pending_refused_total++;
    if (this.#refused >= REFUSED) return socket.destroy();
    this.#refused++;
    const timer = setTimeout(() => socket.destroy(), REFUSED_MS);
    socket.pause().on('error', () => {});
    socket.once('close', () => {
      this.#refused--;
      clearTimeout(timer);
    });
  }

  #endOldest() {
    const [[name, { socket }]] = this.#waiting;
    this.#leave(name);
    this.#counters.pending_refused_total++;
    socket.destroy();
  }

  /** Its time is up, whoever has noticed; it counts once. @param {Socket} socket */
  timedOut(socket) {
    const name = nameOf(socket);
    if (!this.#waiting.has(name)) return;
    this.#counters.handshake_timeouts_total++;
    this.#leave(name);
  }

  /** A request is complete: its time stops. @param {Socket} socket */
  asked(socket) {
    clearTimeout(this.#waiting.get(nameOf(socket))?.timer);
  }

  /** It is a session now. @param {Socket} socket */
  greeted(socket) {
    this.#leave(nameOf(socket));
  }

  /** @param {string} name */
  #leave(name) {
    const waiting = this.#waiting.get(name);
    if (!waiting) return;
    clearTimeout(waiting.timer);
    this.#waiting.delete(name);
    const count = (this.#perHost.get(waiting.host) ?? 1) - 1;
    if (count > 0) this.#perHost.set(waiting.host, count);
    else this.#perHost.delete(waiting.host);
  }
}
