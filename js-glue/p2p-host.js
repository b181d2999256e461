import {
  DIALECT_CLASP,
  ERR,
  ON_CANCEL,
  ON_CONNECT,
  ON_EXPLAIN,
  ON_KNOW,
  ON_NETWORK,
  ON_REFUSED,
  ON_SIGNAL,
  ON_SIGNALLING,
  ON_START,
  ON_STOP,
  ON_TOKEN,
  P2P_ACKED,
  P2P_ASK,
  P2P_COVER,
  P2P_DELIVER,
  P2P_DOUBT,
  P2P_GOT,
  P2P_LINK_ANSWER,
  P2P_LINK_APPLY,
  P2P_LINK_CANDIDATE,
  P2P_LINK_CLOSE,
  P2P_LINK_OFFER,
  P2P_LINK_OPEN,
  P2P_PEER,
  P2P_PEER_STATE,
  P2P_PIPE,
  P2P_RAW,
  P2P_ROOM,
  P2P_SETTLED,
  P2P_SIGNAL,
  P2P_SUBSCRIBE,
  P2P_TOKEN,
  P2P_TOKEN_LEN,
  P2P_UNSUBSCRIBE,
  P2P_VERDICTS,
  PIPE_OPENED,
  WIDE_MAX,
} from './abi.gen.js';
import { now } from './clock.js';
import { textOf } from './core.js';
import { ClaspError, check } from './error.js';
import { afterwards, soon } from './microtask.js';
import { followClock, followNetwork } from './network.js';
import { deliver, valueIn } from './p2p-delivery.js';
import { P2PLinks } from './p2p-links.js';
import { broadcastAt } from './p2p-peer.js';
import { Planes } from './p2p-planes.js';
import { Sending } from './p2p-sending.js';
import { Tickets } from './p2p-tickets.js';
import { addValue, beginInput, bytesHead, endInput } from './value.js';
import { encodeWide, isWideAt } from './wide.js';

/** @typedef {import('./core.js').Core} Core */
/** @typedef {import('./collector.js').Effect} Effect */
/** @typedef {import('./run-collector.js').Run} Run */
/** @typedef {import('./run-collector.js').RunCollector} RunCollector */
/** @typedef {import('./p2p-channel.js').PlaneChannel} PlaneChannel */
/** @typedef {import('./p2p-peer.js').PeerPlane} PeerPlane */
/** @typedef {import('./signalling.js').Signalling} Signalling */
/** @typedef {Record<number, (effect: Effect) => void>} Handlers by kind of effect */

/**
 * @typedef {object} P2PHostOptions
 * @property {import('./p2p-connections.js').PeerConnections} connections
 * @property {Signalling} signalling
 * @property {MediaStream} [media] what is sent in a room
 */

/**
 * @typedef {object} P2PEvents what the application is told
 * @property {(plane: PeerPlane) => undefined | Promise<string | undefined>} ask before a peer is let in: undefined: it may come at once; else
 *   resolved with the words of a refusal, or undefined
 * @property {(plane: PeerPlane, error?: ClaspError) => void} turned its state is another one
 * @property {(plane: PeerPlane) => void} introduced it can be spoken with
 * @property {(plane: PeerPlane) => void} path
 * @property {(plane: PeerPlane, before: string) => void} named it has another id than before
 * @property {(plane: PeerPlane) => void} announced
 * @property {(plane: PeerPlane, channel: PlaneChannel) => void} channel the peer has made it
 * @property {(plane: PeerPlane, address: string) => void} pipe the peer has opened one that nobody has waited for
 * @property {(plane: PeerPlane, data: string | ArrayBuffer) => void} raw a message that is not CLASP's
 * @property {(plane: PeerPlane, value: any, address: string) => void} broadcast any: what was said
 * @property {(plane: PeerPlane, stream: MediaStream) => void} media
 * @property {(error: ClaspError, plane?: PeerPlane) => void} failed a fault that ends nothing
 */

const BY_NAME = 1; // clasp_p2p_dialect
const ADDRESSES_MAX = 4096;
const BYTES_HEAD = 3; // type code and count, where a frame can carry them
const EMPTY = new Uint8Array(0);
const encoder = new TextEncoder();

/** Carries out what one application's peers want, from start to stop. Decides nothing. */
export class P2PHost {
  #options;
  #events;
  /** @type {Map<string, () => void>} */ #patterns = new Map();
  /** @type {Map<string, number>} */ #addresses = new Map();
  #generation = 0;
  #isFlushing = false;
  #isOwing = false;
  #life = new AbortController();
  #links;

  isOver = false;
  tickets = new Tickets();

  /**
   * @param {Core} core with the peers' module
   * @param {P2PHostOptions} options
   * @param {P2PEvents} events
   */
  constructor(core, options, events) {
    this.core = core;
    this.#options = options;
    this.#events = events;
    this.handle = check(core.call('p2p_new'));
    this.planes = new Planes(this, events);
    this.sending = new Sending(core, this.handle, this.planes.byHandle);
    this.#links = new P2PLinks(this, options, events);
    core.own(this.handle, this.#handlers());
    this.#senders().set(this.handle, this.sending);
  }

  // ---- life -----------------------------------------------------------------------------------------------------

  /**
   * @param {object} config of clasp_p2p_start()
   * @throws {ClaspError} BAD_OPTION
   */
  start(config) {
    const result = this.input(ON_START, 0, 0, 0, this.#encoded(config));
    if (result === ERR.BAD_FIELD)
      throw new ClaspError('BAD_OPTION', 'an id with a "/", or a number out of its range');
    check(result);
    const { signalling } = this.#options;
    const { signal } = this.#life;
    const offs = [
      signalling.onState((session) => void this.input(ON_SIGNALLING, 0, 0, 0, session)),
      signalling.onRefused((address, code) => void this.input(ON_REFUSED, code, 0, 0, address)),
    ];
    signal.addEventListener('abort', () => offs.forEach((off) => off()));
    if (signalling.session) this.input(ON_SIGNALLING, 0, 0, 0, signalling.session);
    const changed = () => this.network();
    followNetwork({ changed }, signal);
    followClock(changed, signal);
  }

  #senders() {
    return /** @type {RunCollector} */ (this.core.collector).senders;
  }

  /** Says goodbye to every peer. Nothing is told after it returns. */
  stop() {
    if (this.isOver) return;
    this.input(ON_STOP);
    this.core.drain(); // even when called by a handler
    this.isOver = true;
    this.#life.abort();
    this.sending.stop();
    for (const pattern of this.#patterns.keys()) this.#signalled(() => this.#unlisten(pattern));
    for (const plane of this.planes.all()) for (const link of plane.links.values()) link.close();
    this.#options.connections.close();
    this.core.disown(this.handle);
    this.#senders().delete(this.handle);
    this.core.call('p2p_free', this.handle);
  }

  /** The network has changed, or may have: signalling connects anew, and all paths are proven anew. */
  network() {
    this.#signalled(() => this.#options.signalling.renew?.());
    this.input(ON_NETWORK);
  }

  // ---- inputs ---------------------------------------------------------------------------------------------------

  /** One input, by src/wasm/abi.h. @type {(event: number, a?: number, b?: number, c?: number, input?: Uint8Array | string) => number} */
  input(event, a = 0, b = 0, c = 0, input = EMPTY) {
    if (this.isOver) return ERR.BAD_STATE;
    const { core } = this;
    return core.call('p2p_event', this.handle, event, a, b, c, core.put(input), now());
  }

  /** @param {unknown} value */
  #encoded(value) {
    beginInput('');
    addValue(value);
    return endInput();
  }

  /**
   * A value with its type code: in the wide form where no frame can carry it.
   * @param {string} address that it is said at
   * @param {unknown} value
   * @returns {Uint8Array} lent until the next call
   * @throws {ClaspError} BAD_VALUE_TYPE, TOO_LARGE, TOO_DEEP, OUT_OF_RANGE
   */
  valueAt(address, value) {
    try {
      const bytes = this.#encoded(value);
      if (!isWideAt(address, bytes.length)) return bytes;
    } catch (error) {
      if (!(error instanceof ClaspError && error.code === 'TOO_LARGE')) throw error;
    }
    return encodeWide(value);
  }

  /**
   * The same, put into the inbox for the next call; bytes without a copy between.
   * @param {string} address
   * @param {unknown} value
   * @returns {number} length
   * @throws {ClaspError} as valueAt()
   */
  putAt(address, value) {
    const { core } = this;
    if (!(value instanceof Uint8Array)) return core.put(this.valueAt(address, value));
    const head = bytesHead(value.length, isWideAt(address, BYTES_HEAD + value.length));
    if (head.length + value.length > WIDE_MAX) throw new ClaspError('TOO_LARGE');
    return core.put(value, head);
  }

  /**
   * What broadcast() of a peer would say, to be said later.
   * @param {string} address
   * @param {unknown} value
   * @returns {Uint8Array} yours
   * @throws {ClaspError} BAD_ADDRESS, and those of valueAt()
   */
  broadcastValue(address, value) {
    const full = broadcastAt(address);
    this.addressId(full);
    return this.valueAt(full, value).slice();
  }

  /** @param {string} address @returns {number} its id @throws {ClaspError} BAD_ADDRESS, TOO_LARGE */
  addressId(address) {
    const known = this.#addresses.get(address);
    if (known !== undefined) return known;
    if (typeof address !== 'string') throw new ClaspError('BAD_OPTION', 'address: a string');
    const { core, handle } = this;
    const id = check(core.call('p2p_address', handle, core.put(address)));
    const generation = core.call('p2p_generation', handle);
    if (generation !== this.#generation || this.#addresses.size >= ADDRESSES_MAX)
      this.#addresses.clear();
    this.#generation = generation;
    this.#addresses.set(address, id);
    return id;
  }

  /** What is said in this turn leaves at its end. */
  flushSoon() {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    soon(this.#flush);
  }

  /** What is owed for what was heard leaves with that, or a little later. */
  flushAfterwards() {
    if (this.#isOwing) return;
    this.#isOwing = true;
    afterwards(this.#flushOwed);
  }

  #flushOwed = () => {
    this.#isOwing = false;
    this.#flush();
  };

  #flush = () => {
    this.#isFlushing = false;
    if (!this.isOver) this.core.hot('p2p_flush', this.handle, now(), 0, 0);
  };

  /** Make an input whose effects wait until the caller is ready for them. @type {Core['later']} */
  later(calls) {
    return this.core.later(calls);
  }

  // ---- requests -------------------------------------------------------------------------------------------------

  /**
   * @param {string} id
   * @param {number} timeout milliseconds; 0: that of the configuration
   * @returns {{ticket: number, promise: Promise<PeerPlane>}}
   * @throws {ClaspError} BAD_OPTION, LIMIT
   */
  connect(id, timeout) {
    return this.tickets.ask((ticket) => {
      const result = this.input(ON_CONNECT, ticket, timeout, 0, id);
      if (result === ERR.BAD_FIELD)
        throw new ClaspError('BAD_OPTION', 'id: not empty, and not the own one');
      check(result);
    });
  }

  /** Nobody waits for it any more. @param {number} ticket of connect() */
  cancel(ticket) {
    if (this.tickets.take(ticket)) this.input(ON_CANCEL, ticket);
  }

  /** Somebody is reached by this name. @param {string} id @throws {ClaspError} BAD_OPTION, LIMIT */
  knowName(id) {
    const result = this.input(ON_KNOW, BY_NAME, encoder.encode(id).length, 0, id);
    if (result === ERR.BAD_FIELD) throw new ClaspError('BAD_OPTION', 'id: a name without a "/"');
    check(result);
  }

  /**
   * A session was heard of by another way than the router.
   * @param {string} id of its application; '' where it has none
   * @param {string} session
   */
  know(id, session) {
    beginInput(id + session);
    const { length } = encoder.encode(id);
    check(this.input(ON_KNOW, DIALECT_CLASP, length, 0, endInput()));
  }

  /** Why an id is not connected, or slow. @param {string} id */
  explain(id) {
    return P2P_VERDICTS[check(this.input(ON_EXPLAIN, 0, 0, 0, id))];
  }

  // ---- effects --------------------------------------------------------------------------------------------------

  /** @returns {Record<number, (effect: any) => void>} any: as Core.own() */
  #handlers() {
    const { planes, tickets } = this;
    const special = {
      broadcast: this.#events.broadcast,
      raw: this.#links.carried.bind(this.#links),
    };
    const delivery = (/** @type {Run} */ run) => deliver(run, planes.byHandle, special);
    return {
      ...this.#signalHandlers(),
      ...this.#peerHandlers(),
      ...this.#linkHandlers(),
      [P2P_SETTLED]: (effect) => this.#settled(effect),
      [P2P_GOT]: ({ a, b, number, bytes }) => tickets.take(a)?.resolve(valueIn(b, number, bytes)),
      [P2P_DELIVER]: delivery,
    };
  }

  /** @returns {Handlers} */
  #signalHandlers() {
    const { signalling } = this.#options;
    const publish = (/** @type {Effect} */ { a, bytes }) =>
      signalling.publish(textOf(bytes.subarray(0, a)), bytes.subarray(a));
    return {
      [P2P_SUBSCRIBE]: ({ bytes }) => this.#signalled(() => this.#listen(textOf(bytes))),
      [P2P_UNSUBSCRIBE]: ({ bytes }) => this.#signalled(() => this.#unlisten(textOf(bytes))),
      [P2P_SIGNAL]: (effect) => this.#signalled(() => publish(effect)),
      [P2P_DOUBT]: () => this.#signalled(() => signalling.check?.()),
    };
  }

  /** What carries the signals may refuse: then they are lost, as others may be. @param {() => void} act */
  #signalled(act) {
    try {
      act();
    } catch (cause) {
      const isOurs = cause instanceof ClaspError;
      this.#events.failed(isOurs ? cause : new ClaspError('DRIVER', undefined, { cause }));
    }
  }

  /** What is done for the peer that an effect names. @param {(plane: PeerPlane, effect: Effect) => void} act */
  #for(act) {
    return (/** @type {Effect} */ effect) => {
      const plane = this.planes.byHandle.get(effect.a);
      if (plane) act(plane, effect);
    };
  }

  /** @returns {Handlers} */
  #peerHandlers() {
    const { planes } = this;
    const draw = () => crypto.getRandomValues(new Uint8Array(P2P_TOKEN_LEN));
    return {
      [P2P_PEER]: (effect) => planes.named(effect),
      [P2P_PEER_STATE]: this.#for((plane, effect) => planes.turned(plane, effect)),
      [P2P_ASK]: this.#for((plane) => void planes.ask(plane)),
      [P2P_COVER]: this.#for((plane, { b }) => planes.covered(plane, b !== 0)),
      [P2P_TOKEN]: ({ a }) => void this.input(ON_TOKEN, a, 0, 0, draw()),
      [P2P_ACKED]: this.#for((plane, { b }) => plane.acknowledged(b)),
      [P2P_ROOM]: this.#for((plane, { b }) => plane.roomAgain(b)),
      [P2P_PIPE]: this.#for((plane, effect) => {
        const number = effect.b >>> 8;
        const event = effect.b & 0xff;
        if (event !== PIPE_OPENED) return plane.pipes.happens(number, event, effect);
        const address = textOf(effect.bytes);
        if (plane.pipes.opened(number, address)) this.#events.pipe(plane, address);
      }),
    };
  }

  /** @returns {Handlers} */
  #linkHandlers() {
    const links = this.#links;
    /** @type {(effect: Effect) => import('./p2p-link.js').P2PLink | undefined} */
    const link = ({ a, b }) => this.planes.byHandle.get(a)?.links.get(b);
    return {
      [P2P_LINK_OPEN]: this.#for((plane, effect) => links.open(plane, effect)),
      [P2P_LINK_OFFER]: (effect) => link(effect)?.offer(effect.number),
      [P2P_LINK_ANSWER]: (effect) => link(effect)?.answer(effect.number, textOf(effect.bytes)),
      [P2P_LINK_APPLY]: (effect) => link(effect)?.apply(effect.number, textOf(effect.bytes)),
      [P2P_LINK_CANDIDATE]: (effect) => link(effect)?.addCandidate(textOf(effect.bytes)),
      [P2P_LINK_CLOSE]: this.#for((plane, { b, number }) => {
        const link = plane.links.get(b);
        plane.links.delete(b);
        if (number) link?.closeAfterPeer();
        else link?.close();
        setTimeout(() => this.#options.connections.prepare()); // whoever ends one may want another one soon
      }),
      [P2P_RAW]: this.#for((plane, { b, bytes }) =>
        links.raw(plane, b & 0xff, bytes.slice().buffer),
      ),
    };
  }

  /** @param {Effect} effect */
  #settled({ a, b, number, bytes }) {
    const ticket = this.tickets.take(a);
    if (number < 0) ticket?.reject(ClaspError.of(number, textOf(bytes)));
    else ticket?.resolve(this.planes.byHandle.get(b));
  }

  // ---- signals --------------------------------------------------------------------------------------------------

  /** @param {string} pattern */
  #listen(pattern) {
    const end = this.#options.signalling.subscribe(pattern, (value, address) => {
      const head = encoder.encode(address);
      const input = new Uint8Array(head.length + value.length);
      input.set(head);
      input.set(value, head.length);
      const result = this.input(ON_SIGNAL, head.length, 0, 0, input);
      this.flushSoon();
      if (result < 0) this.#events.failed(ClaspError.of(result, `a signal at ${address}`));
    });
    this.#patterns.set(pattern, end);
  }

  /** @param {string} pattern */
  #unlisten(pattern) {
    this.#patterns.get(pattern)?.();
    this.#patterns.delete(pattern);
  }
}
