import {
  FLOW_STATS,
  ON_CHANNEL,
  ON_CHANNEL_END,
  ON_CLOSE,
  ON_GET,
  ON_READY,
  ON_SUBSCRIBE,
  ON_UNSUBSCRIBE,
  SAY_EVENT,
  SAY_SET,
  SAY_STREAM,
} from './abi.gen.js';
import { ClaspError, check } from './error.js';
import { PRIORITIES, PlaneChannel } from './p2p-channel.js';
import { PeerPipes } from './p2p-pipes.js';
import { pathStats } from './stats.js';

/** @typedef {import('./p2p-host.js').P2PHost} P2PHost */
/** @typedef {import('./p2p-link.js').P2PLink} P2PLink */
/** @typedef {(value: any, address: string, signal: string) => void} Handler any: what was said; signal: as 'param' */
/** @typedef {{pattern: string, handler: Handler}} Subscription */
/** @typedef {{address: string, subs: Subscription[]}} Target where an address id leads */
/** @typedef {'host' | 'srflx' | 'prflx' | 'relay' | 'router'} PathType */
/** @typedef {{type: PathType, protocol: string, rtt: number | null}} Path `rtt`: milliseconds, as of when it was looked up */
/** @typedef {'known' | 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed'} PeerState */

/**
 * @typedef {object} Batch what was said in one packet and is acknowledged together
 * @property {number} number
 * @property {Promise<void>} promise
 * @property {() => void} resolve
 * @property {(error: ClaspError) => void} reject
 */

/**
 * @typedef {object} PeerStats
 * @property {PathType | 'unknown' | null} path null: there is none
 * @property {string} protocol 'udp', 'tcp' or 'tls' to a TURN server; 'ws' by the router; '' while unknown
 * @property {number | null} rtt milliseconds
 * @property {number | null} outgoingBitrate bit/s since the previous call; null at the first one, and by the router
 * @property {number | null} incomingBitrate the same
 * @property {number} bufferedBytes that wait here and in the browser
 * @property {number} unacknowledgedBytes sent, and not known to have arrived
 * @property {number} retransmits packets sent again on another path
 * @property {number} duplicates packets that came twice
 * @property {number} messagesSent since the start
 * @property {number} messagesReceived the same
 * @property {number} bytesSent the same, of messages
 * @property {number} bytesReceived the same
 * @property {number} coveredBytes sent by way of the router
 */

const ICE_ERRORS_MAX = 8;
const ENDED_MAX = 64;

/**
 * Where a broadcast is said.
 * @param {string} address
 * @throws {ClaspError} BAD_ADDRESS
 */
export function broadcastAt(address) {
  if (!String(address).startsWith('/')) throw new ClaspError('BAD_ADDRESS');
  return `/clasp/p2p/broadcast${address}`;
}

function withResolve() {
  let resolve = () => {};
  const promise = new Promise((/** @type {(value: void) => void} */ done) => (resolve = done));
  return { promise, resolve };
}

/** One peer: its links, channels, subscriptions and pipes. */
export class PeerPlane {
  #host;
  /** @type {Map<number, Subscription>} */ #subs = new Map();
  /** @type {Map<number, Batch>} */ #batches = new Map();
  /** @type {Batch | undefined} */ #batch;
  /** @type {import('./stats.js').Sample | undefined} */ #sample;
  /** By priority. @type {({promise: Promise<void>, resolve: () => void} | undefined)[]} */ #rooms =
    [];

  pipes = new PeerPipes(this);
  /** Those that the applications have made, by number. @type {Map<number, PlaneChannel>} */
  channels = new Map();
  /** Addresses whose channel this side has closed: what comes late for it is not heard. @type {Set<string>} */
  ended = new Set();
  /** @type {Map<number, P2PLink>} */
  links = new Map();
  /** What ICE servers said, the last few. @type {string[]} */
  iceErrors = [];
  /** By address id. @type {Target[]} */
  targets = [];
  /** @type {PeerState} */
  state = 'known';
  /** @type {Path | null} */
  path = null;
  isOurs = false;
  /** There is a connection, or one is looked for. */
  isWanted = false;
  isAnnounced = false;
  /** It was connected directly when its state was told last. */
  isUp = false;
  /** The application knows it as connected. */
  isIntroduced = false;
  /** Nothing is handed on any more. */
  isOver = false;
  /** The application is being asked whether it may come in. */
  isAsked = false;
  /** … and was, so many times. */
  questions = 0;
  /** Its words where it may not. @type {string | undefined} */
  refusal;
  /** What the application holds of it. @type {any} any: of web/ */
  face;

  /**
   * @param {P2PHost} host
   * @param {number} handle
   * @param {string} id
   * @param {string} session
   */
  constructor(host, handle, id, session) {
    this.#host = host;
    this.handle = handle;
    this.id = id;
    this.session = session;
  }

  /** @type {(event: number, b?: number, c?: number, input?: Uint8Array | string) => number} @throws {ClaspError} */
  input(event, b, c, input) {
    if (this.isOver) throw new ClaspError('PEER_GONE');
    return check(this.#host.input(event, this.handle, b, c, input));
  }

  /** As those of the host. @type {P2PHost['later']} */
  later(calls) {
    return this.#host.later(calls);
  }

  flushSoon() {
    this.#host.flushSoon();
  }

  // ---- saying ---------------------------------------------------------------------------------------------------

  /**
   * @param {number} say SAY_*
   * @param {string} address
   * @param {unknown} value
   * @returns {number} its batch; 0: nobody acknowledges it
   * @throws {ClaspError}
   */
  say(say, address, value) {
    const host = this.#host;
    if (!this.isWanted) throw new ClaspError('NOT_CONNECTED');
    const id = host.addressId(address);
    return typeof value === 'number'
      ? this.#said(host.core.hot('p2p_number', host.handle, this.handle, say, id, value))
      : this.#sayPut(say, id, host.putAt(address, value));
  }

  /** What lies in the inbox. @type {(say: number, id: number, len: number) => number} */
  #sayPut(say, id, len) {
    const { core, handle } = this.#host;
    return this.#said(core.hot('p2p_value', handle, this.handle, say, id, len));
  }

  /** @param {number} result */
  #said(result) {
    this.#host.flushSoon();
    return result < 0 ? this.#refuse(result) : result;
  }

  /** @type {(address: string, value: unknown) => Promise<void>} until it has arrived; its rejection may be ignored @throws {ClaspError} */
  set = (address, value) => this.arrival(this.say(SAY_SET, address, value));

  /** @type {(address: string, value: unknown) => void} @throws {ClaspError} */
  emit = (address, value) => void this.say(SAY_EVENT, address, value);

  /** @type {(address: string, value: unknown) => void} @throws {ClaspError} */
  stream = (address, value) => void this.say(SAY_STREAM, address, value);

  /** @param {number} result @returns {never} */
  #refuse(result) {
    throw ClaspError.of(result);
  }

  /**
   * Resolved when little of this priority and above is under way: at once, or when the core says so, or when the peer is gone.
   * @param {import('./p2p-channel.js').Priority} priority
   * @returns {Promise<void>}
   */
  readyFor(priority) {
    const number = PRIORITIES.indexOf(priority);
    if (this.isOver) return Promise.resolve();
    if (!this.#rooms[number] && this.input(ON_READY, number) === 1) return Promise.resolve();
    return (this.#rooms[number] ??= withResolve()).promise;
  }

  /** @param {number} priority */
  roomAgain(priority) {
    this.#rooms[priority]?.resolve();
    this.#rooms[priority] = undefined;
  }

  /**
   * Until a batch has arrived: one promise for all that share it.
   * @param {number} number
   * @returns {Promise<void>} whose rejection may be ignored
   */
  arrival(number) {
    if (number === 0) return Promise.resolve();
    if (this.#batch?.number === number) return this.#batch.promise;
    const batch = /** @type {Batch} */ ({ number });
    batch.promise = new Promise((resolve, reject) => Object.assign(batch, { resolve, reject }));
    batch.promise.catch(() => {});
    this.#batches.set(number, batch);
    this.#batch = batch;
    return batch.promise;
  }

  /** @param {number} number */
  acknowledged(number) {
    this.#batches.get(number)?.resolve();
    this.#batches.delete(number);
  }

  /** @type {(address: string, value: unknown) => void} @throws {ClaspError} */
  broadcast(address, value) {
    this.say(SAY_EVENT, broadcastAt(address), value);
  }

  /** @type {(address: string, bytes: Uint8Array) => void} bytes: of P2PHost.broadcastValue() @throws {ClaspError} */
  broadcastEarly(address, bytes) {
    const id = this.#host.addressId(broadcastAt(address));
    this.#sayPut(SAY_EVENT, id, this.#host.core.put(bytes));
  }

  /** @param {number} ticket of get(), which nobody waits for any more */
  forget(ticket) {
    this.#host.tickets.take(ticket);
  }

  /** @param {string} address @returns {{ticket: number, promise: Promise<any>}} any: the value */
  get(address) {
    if (!this.isWanted) throw new ClaspError('NOT_CONNECTED');
    return this.#host.tickets.ask((ticket) => {
      this.input(ON_GET, ticket, 0, address);
      this.#host.flushSoon();
    });
  }

  // ---- hearing --------------------------------------------------------------------------------------------------

  /**
   * @param {string} pattern
   * @param {Handler} handler
   * @returns {number} for unsubscribe()
   * @throws {ClaspError} BAD_PATTERN, LIMIT
   */
  subscribe(pattern, handler) {
    const number = this.#host.tickets.newNumber();
    this.#subs.set(number, { pattern, handler });
    try {
      this.#host.later(() => this.input(ON_SUBSCRIBE, number, 0, pattern)); // no handler is called before it returns
    } catch (error) {
      this.#subs.delete(number);
      throw error;
    }
    return number;
  }

  /** @param {number} number */
  unsubscribe(number) {
    const sub = this.#subs.get(number);
    if (!sub) return;
    sub.handler = () => {};
    this.#subs.delete(number);
    if (!this.isOver) this.#host.input(ON_UNSUBSCRIBE, this.handle, number);
  }

  /** What an address id means now, and where it leads. @type {(id: number, address: string, subs: Uint32Array) => void} */
  lead(id, address, subs) {
    const found = Array.from(subs, (number) => this.#subs.get(number));
    this.targets[id] = { address, subs: /** @type {Subscription[]} */ (found.filter(Boolean)) };
  }

  // ---- channels -------------------------------------------------------------------------------------------------

  /** @param {string} address */
  channelAt(address) {
    return [...this.channels.values()].find((channel) => channel.address === address);
  }

  /**
   * @param {string} address
   * @param {ReturnType<typeof import('./p2p-channel.js').checkedChannel>} options
   * @param {boolean} isMaker
   * @returns {PlaneChannel}
   * @throws {ClaspError} BAD_ADDRESS, LIMIT
   */
  channel(address, options, isMaker) {
    const there = this.channelAt(address);
    if (there) return there;
    const channel = new PlaneChannel(this, address, options, isMaker);
    const wish = Number(channel.isReliable) | (PRIORITIES.indexOf(options.priority) << 1);
    channel.number = this.input(ON_CHANNEL, wish, 0, address);
    this.channels.set(channel.number, channel);
    this.ended.delete(address);
    if (this.path?.type === 'router') channel.carry();
    const link = this.link;
    if (link && isMaker) channel.make(link);
    return channel;
  }

  /** By this side: what the peer has said on it meanwhile comes late. @param {PlaneChannel} channel */
  closeChannel(channel) {
    if (this.channels.get(channel.number) !== channel) return;
    this.ended.add(channel.address);
    if (this.ended.size > ENDED_MAX) this.ended.delete([...this.ended][0]);
    this.endChannel(channel);
  }

  /** @param {PlaneChannel} channel */
  endChannel(channel) {
    if (this.channels.get(channel.number) !== channel) return;
    this.channels.delete(channel.number);
    if (!this.isOver) this.#host.input(ON_CHANNEL_END, this.handle, channel.number);
    channel.end();
  }

  /** The link in use: the latest one whose reliable channel is open. */
  get link() {
    return [...this.links.values()].findLast((link) => link.channels.has(0));
  }

  // ---- figures --------------------------------------------------------------------------------------------------

  get bufferedAmount() {
    let bytes = this.#stat('WAITING');
    for (const link of this.links.values())
      for (const channel of link.channels.values()) bytes += channel.bufferedAmount;
    return bytes;
  }

  /** @param {string} name of FLOW_STATS */
  #stat(name) {
    const { core, handle } = this.#host;
    return core.hot('p2p_stat', handle, this.handle, FLOW_STATS.indexOf(name), 0);
  }

  /** @returns {Promise<PeerStats>} */
  async stats() {
    const { link } = this;
    const isDirect = link && this.path?.type !== 'router';
    const none = { stats: null, sample: undefined };
    const { stats, sample } = isDirect
      ? await pathStats(link.pc, this.#sample).catch(() => none) // it may be closed meanwhile
      : none;
    this.#sample = sample;
    const rtt_us = this.#stat('RTT_US');
    return {
      path: stats?.path ?? this.path?.type ?? null,
      protocol: stats?.protocol ?? this.path?.protocol ?? '',
      rtt: rtt_us ? rtt_us / 1000 : (stats?.rtt ?? null),
      outgoingBitrate: stats?.outgoingBitrate ?? null,
      incomingBitrate: stats?.incomingBitrate ?? null,
      bufferedBytes: this.bufferedAmount,
      unacknowledgedBytes: this.#stat('UNACKED'),
      retransmits: this.#stat('RESENT'),
      duplicates: this.#stat('DUPLICATES'),
      messagesSent: this.#stat('SENT_MESSAGES'),
      messagesReceived: this.#stat('RECEIVED_MESSAGES'),
      bytesSent: this.#stat('SENT_BYTES'),
      bytesReceived: this.#stat('RECEIVED_BYTES'),
      coveredBytes: this.#stat('COVERED_BYTES'),
    };
  }

  /** What an ICE server has said: it is kept, also when the attempt is over. @param {string} words */
  iceError(words) {
    this.iceErrors.push(words);
    if (this.iceErrors.length > ICE_ERRORS_MAX) this.iceErrors.shift();
  }

  /** Look up which way is in use. @returns {Promise<Path | null>} */
  async directPath() {
    const { link } = this;
    if (!link) return null;
    const { path: type, protocol, rtt } = (await pathStats(link.pc)).stats;
    return type === 'unknown' ? null : { type: /** @type {PathType} */ (type), protocol, rtt };
  }

  // ---- the end --------------------------------------------------------------------------------------------------

  close() {
    this.input(ON_CLOSE);
  }

  /** What was said and not acknowledged has not arrived. @param {ClaspError} error */
  drop(error) {
    for (const batch of this.#batches.values()) batch.reject(error);
    this.#batches.clear();
    this.#batch = undefined;
    this.pipes.drop(error);
    for (const channel of [...this.channels.values()]) this.endChannel(channel);
    this.ended.clear();
    PRIORITIES.forEach((_, priority) => this.roomAgain(priority));
  }

  /** Its flow began anew: what is subscribed is told again. */
  again() {
    this.targets = [];
    for (const [number, { pattern }] of this.#subs)
      this.#host.input(ON_SUBSCRIBE, this.handle, number, 0, pattern);
  }
}
