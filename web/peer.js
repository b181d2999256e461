import { PRIORITIES, checkedChannel } from '../js-glue/p2p-channel.js';
import { Emitter, disposable } from './emitter.js';
import { ClaspError } from './error.js';
import { Inflow } from './inflow.js';
import { PeerChannel } from './peer-channel.js';
import { aborted, ignorable, onceAborted, untilSettled } from './promises.js';

/** @typedef {import('../js-glue/p2p-peer.js').PeerPlane} PeerPlane */
/** @typedef {import('../js-glue/p2p-peer.js').Path} Path */
/** @typedef {import('../js-glue/p2p-peer.js').PeerState} PeerState */
/** @typedef {import('../js-glue/p2p-peer.js').PeerStats} PeerStats */
/** @typedef {import('../js-glue/p2p-channel.js').ChannelOptions} ChannelOptions */
/** @typedef {import('../js-glue/p2p-channel.js').Priority} Priority */
/** @typedef {import('./emitter.js').Unsubscribe} Unsubscribe */
/** @typedef {(value: any, address: string) => void} Handler any: what was said; bytes are a Uint8Array, perhaps of a part of its buffer */
/** @typedef {{signal?: AbortSignal}} Abortable */

/**
 * @typedef {object} ByteStreams
 * @property {ReadableStream<Uint8Array>} readable
 * @property {WritableStream<ArrayBuffer | ArrayBufferView>} writable
 */

/** True for what on() takes as a pattern of addresses. @param {string} type */
const isPattern = (type) => String(type).startsWith('/');

/**
 * One peer, for as long as it is known: connections to it come and go.
 *
 * Events, for on() and addEventListener(): `connecting`, `connected`, `disconnected` (no direct path; the router carries what is said
 * where it can), `failed` (error), `closed`, `path` (path), `channel` (channel, address): the peer has made one, `bytes` (streams,
 * address): the peer has opened them, `message` (data): one that is not CLASP's, `media` (stream).
 */
export class Peer extends Emitter {
  #plane;
  /** @type {{pattern: string, handler: Function, end: Unsubscribe}[]} */ #heard = [];

  /** @param {PeerPlane} plane */
  constructor(plane) {
    super();
    this.#plane = plane;
    plane.face = this;
  }

  /** The id that its application chose; else its session, or the name by which it was called. */
  get id() {
    return this.#plane.id;
  }

  /** Its session at the router; another one after it came back. '' where it is known by name alone. */
  get session() {
    return this.#plane.session;
  }

  /** @returns {Exclude<PeerState, 'known'>} */
  get state() {
    const { state } = this.#plane;
    return state === 'known' ? 'connecting' : state;
  }

  /** Which way messages go; null: none, or not looked up yet. @returns {Path | null} */
  get path() {
    return this.#plane.path;
  }

  // ---- saying ---------------------------------------------------------------------------------------------------

  /**
   * Set a value at the peer.
   * @param {string} address
   * @param {unknown} value as Clasp.set() takes it; up to 16 MiB with a peer of this package, else up to a frame
   * @param {Abortable} [options]
   * @returns {Promise<void>} resolved when it has arrived; with a peer of another make, when the channel has it. Rejected with
   *   BAD_ADDRESS, BAD_VALUE_TYPE, TOO_LARGE, QUEUE_FULL, NOT_CONNECTED, PEER_GONE, ABORTED (it may arrive all the same). May be ignored
   */
  set(address, value, { signal } = {}) {
    try {
      if (signal?.aborted) throw aborted(signal);
      const arrival = this.#plane.set(address, value);
      return signal ? ignorable(untilSettled(arrival, 0, signal)) : arrival;
    } catch (error) {
      return ignorable(Promise.reject(error));
    }
  }

  /**
   * Tell the peer of an event.
   * @param {string} address
   * @param {unknown} [value] null
   * @throws {ClaspError} BAD_ADDRESS, BAD_VALUE_TYPE, TOO_LARGE, QUEUE_FULL, NOT_CONNECTED
   */
  emit(address, value = null) {
    this.#plane.emit(address, value);
  }

  /**
   * Send what may be lost, such as the newest position of something that moves: without retransmission where there is a channel for it.
   * @param {string} address
   * @param {unknown} value
   * @throws {ClaspError} BAD_ADDRESS, BAD_VALUE_TYPE, TOO_LARGE, QUEUE_FULL, NOT_CONNECTED
   */
  stream(address, value) {
    this.#plane.stream(address, value);
  }

  /**
   * The value that the peer has last set at an address, or was told to.
   * @param {string} address
   * @param {Abortable} [options]
   * @returns {Promise<any>} any: the value. Rejected with TIMEOUT, PEER_GONE, NOT_CONNECTED, BAD_ADDRESS, LIMIT, ABORTED, or BAD_FIELD
   *   where there is none
   */
  async get(address, { signal } = {}) {
    if (signal?.aborted) throw aborted(signal);
    const { ticket, promise } = this.#plane.get(address);
    const forget = onceAborted(signal, () => this.#plane.forget(ticket));
    return untilSettled(promise, 0, signal).finally(forget);
  }

  /**
   * Resolved when no more than 1 MiB is under way, channels of low priority not counted, which have a `ready` of their own: for
   * senders of much. QUEUE_FULL comes at 8 MiB.
   * @returns {Promise<void>}
   */
  get ready() {
    return this.#plane.readyFor('normal');
  }

  /** Bytes that wait here and in the browser. */
  get bufferedAmount() {
    return this.#plane.bufferedAmount;
  }

  // ---- hearing --------------------------------------------------------------------------------------------------

  /**
   * Hear what the peer says at the addresses of a pattern, or listen to an event.
   * @override
   * @param {string} type a pattern such as `/control/**`, or an event's name
   * @param {(...args: any[]) => any} listener called with (value, address, 'param' | 'event' | 'stream'), or what the event tells.
   *   any: by event
   * @returns {Unsubscribe}
   * @throws {ClaspError} BAD_PATTERN, LIMIT, BAD_OPTION, PEER_GONE: it is known no longer
   */
  on(type, listener) {
    if (typeof listener !== 'function')
      throw new ClaspError('BAD_OPTION', 'on() takes a pattern or event, and a function');
    if (!isPattern(type)) return super.on(type, listener);
    const plane = this.#plane;
    const number = plane.subscribe(type, listener);
    const end = disposable(() => {
      this.#heard = this.#heard.filter((it) => it.end !== end);
      plane.unsubscribe(number);
    });
    this.#heard.push({ pattern: type, handler: listener, end });
    return end;
  }

  /**
   * @override
   * @param {string} type a pattern, or an event's name
   * @param {(...args: any[]) => any} [listener] all of a pattern when missing. any: by event
   */
  off(type, listener) {
    if (!isPattern(type)) return listener && super.off(type, listener);
    for (const { pattern, handler, end } of [...this.#heard])
      if (pattern === type && (!listener || handler === listener)) end();
  }

  /**
   * What the peer says at the addresses of a pattern, for `for await`.
   * @param {string} pattern
   * @param {{buffer?: number} & Abortable} [options] `buffer`: values that may wait, 1,024; then the oldest are left out
   * @returns {Inflow} of { address, value }
   * @throws {ClaspError} BAD_PATTERN, LIMIT, BAD_OPTION
   */
  subscribe(pattern, { signal, buffer } = {}) {
    const inflow = new Inflow(buffer);
    const off = this.on(pattern, (value, address) => inflow.push({ value, address }));
    /** @type {(() => void)[]} */
    const ends = [
      off,
      this.on('closed', () => inflow.end()),
      this.on('failed', () => inflow.end()),
    ];
    inflow.left = () => ends.forEach((end) => end());
    ends.push(onceAborted(signal, () => inflow.end()));
    return inflow;
  }

  // ---- channels and streams of bytes ------------------------------------------------------------------------------

  /**
   * Make a data channel for an address and all below it, with its own reliability and priority. The peer gets the event `channel`.
   * @param {string} address
   * @param {ChannelOptions} [options]
   * @returns {PeerChannel} the one that is there already, where there is one
   * @throws {ClaspError} BAD_ADDRESS, BAD_OPTION, LIMIT, PEER_GONE
   */
  createDataChannel(address, options) {
    const channel = this.#plane.channel(address, checkedChannel(options), true);
    return channel.face ?? new PeerChannel(channel);
  }

  /**
   * Bytes of any length, to and from the peer, which gets the event `bytes` (streams, address) and takes what comes by
   * `streams.readable`, or by bytes() of its own at the same address. Neither side holds more than the credit that the reader
   * gives by reading; each direction ends by itself.
   * @param {string} address
   * @param {{priority?: Priority}} [options] 'normal'
   * @returns {ByteStreams}
   * @throws {ClaspError} BAD_ADDRESS, LIMIT, NOT_CONNECTED (also: a peer of another make), BAD_OPTION
   */
  bytes(address, { priority = 'normal' } = {}) {
    if (!PRIORITIES.includes(priority))
      throw new ClaspError('BAD_OPTION', 'priority: high, normal or low');
    const { pipes } = this.#plane;
    return { writable: pipes.write(address, priority), readable: pipes.read(address) };
  }

  // ---- the rest ---------------------------------------------------------------------------------------------------

  /** How the connection does. @returns {Promise<PeerStats>} */
  stats() {
    return this.#plane.stats();
  }

  /**
   * Refuse the peer, in a listener of `peer_connecting`: before its promise has settled.
   * @param {string} [reason] told to the peer, up to 511 bytes of it
   * @throws {ClaspError} BAD_STATE at any other time
   */
  reject(reason = '') {
    if (!this.#plane.isAsked) throw new ClaspError('BAD_STATE', 'the peer is not being asked for');
    this.#plane.refusal = String(reason);
  }

  /** End the connection, with a goodbye. Idempotent; connectToPeer() begins anew. */
  close() {
    if (!this.#plane.isOver) this.#plane.close();
  }

  [Symbol.dispose]() {
    this.close();
  }
}
