import {
  DELIVER_BROADCAST,
  DELIVER_WIDE,
  DIALECT_CLASP,
  ERR,
  OPEN_CHANNELS,
  OPEN_FAST,
  OPEN_MEDIA,
  ON_CANCEL,
  ON_CLOSED,
  ON_CONNECT,
  ON_DECIDE,
  ON_EXPLAIN,
  ON_KNOW,
  ON_LINK,
  ON_NETWORK,
  ON_OPENED,
  ON_REFUSED,
  ON_SIGNAL,
  ON_SIGNALLING,
  ON_START,
  ON_STOP,
  ON_TOKEN,
  P2P_ACKED,
  P2P_ADDRESS,
  P2P_ASK,
  P2P_COVER,
  P2P_DELIVER,
  P2P_DOUBT,
  P2P_FROM,
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
  P2P_STATES,
  P2P_SUBSCRIBE,
  P2P_TOKEN,
  P2P_TOKEN_LEN,
  P2P_UNSUBSCRIBE,
  P2P_VERDICTS,
  PEER_ANNOUNCED,
  PEER_OURS,
  PIPE_OPENED,
  LINK_REFUSED,
  SIGNAL,
  VALUE,
} from './abi.gen.js';
import { now } from './clock.js';
import { textOf } from './core.js';
import { ClaspError, check, surface } from './error.js';
import { followNetwork } from './network.js';
import { checkedChannel } from './p2p-channel.js';
import { LOW_WATER, P2PLink, isCustom } from './p2p-link.js';
import { PeerPlane } from './p2p-peer.js';
import { addValue, beginInput, decodeValue, endInput } from './value.js';
import { decodeWide, encodeWide, isWideNeeded } from './wide.js';

/** @typedef {import('./core.js').Core} Core */
/** @typedef {import('./collector.js').Effect} Effect */
/** @typedef {import('./run-collector.js').Run} Run */
/** @typedef {import('./run-collector.js').RunCollector} RunCollector */
/** @typedef {import('./p2p-channel.js').PlaneChannel} PlaneChannel */
/** @typedef {import('./signalling.js').Signalling} Signalling */

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

const WORDS = 8; // of a record
const POLL_MS = 20; // where there is no event for few bytes in the browser
const WATCHDOG_MS = 1000;
const BEAT_MS = 5000;
const FROZEN_MS = 15_000;
const SIGNALS = Object.keys(SIGNAL).map((name) => name.toLowerCase()); // they count from 0
const UNBOUNDED = 0xffff;
const BY_NAME = 1; // clasp_p2p_dialect
const ADDRESSES_MAX = 4096;
const ADDRESS_SURE = 1024; // characters; none has more
const EMPTY = new Uint8Array(0);
const encoder = new TextEncoder();

/** @type {import('./p2p-peer.js').PeerState[]} */
const STATES = /** @type {any} in the core's order */ (
  P2P_STATES.map((name) => name.toLowerCase())
);

/** @typedef {{plane: PeerPlane, where: number, channel: RTCDataChannel}} Place a data channel, as the core names it */
/** @typedef {{resolve: (result: any) => void, reject: (error: ClaspError) => void}} Ticket any: by request */

/** Carries out what one application's peers want, from start to stop. Decides nothing. */
export class P2PHost {
  #options;
  #events;
  /** @type {Map<number, PeerPlane>} */ #planes = new Map();
  /** @type {Map<string, () => void>} */ #patterns = new Map();
  /** @type {Map<number, Ticket>} */ #tickets = new Map();
  /** @type {Map<string, number>} */ #addresses = new Map();
  #generation = 0;
  #lastNumber = 0;
  #isFlushing = false;
  #isOver = false;
  /** @type {Place[]} */ #touched = [];
  /** @type {Set<Place>} */ #full = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #watchdog;
  #life = new AbortController();

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
    core.own(this.handle, this.#handlers());
    this.#senders().set(this.handle, { send: this.#send, sent: this.#sent });
  }

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
    this.#followNetwork();
  }

  #senders() {
    return /** @type {RunCollector} */ (this.core.collector).senders;
  }

  /** Says goodbye to every peer. Nothing is told after it returns. */
  stop() {
    if (this.#isOver) return;
    this.input(ON_STOP);
    this.core.drain(); // even when called by a handler
    this.#isOver = true;
    this.#life.abort();
    clearTimeout(this.#watchdog);
    for (const end of this.#patterns.values()) end();
    for (const plane of this.#planes.values())
      for (const link of plane.links.values()) link.close();
    this.#options.connections.close();
    this.core.disown(this.handle);
    this.#senders().delete(this.handle);
    this.core.call('p2p_free', this.handle);
  }

  /** One input, by src/wasm/abi.h. @type {(event: number, a?: number, b?: number, c?: number, input?: Uint8Array | string) => number} */
  input(event, a = 0, b = 0, c = 0, input = EMPTY) {
    if (this.#isOver) return ERR.BAD_STATE;
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
   * Put a value, with its type code, into the inbox: in the wide form where no frame can carry it.
   * @param {string} address that it is said at
   * @param {unknown} value
   * @returns {number} its length
   */
  put(address, value) {
    const room = Math.min(address.length, ADDRESS_SURE) * 3; // bytes of the address, at most
    try {
      const bytes = this.#encoded(value);
      if (!isWideNeeded(room, bytes.length)) return this.core.put(bytes);
      const { length } = encoder.encode(address);
      if (!isWideNeeded(length, bytes.length)) return this.core.put(bytes);
    } catch (error) {
      if (!(error instanceof ClaspError && error.code === 'TOO_LARGE')) throw error;
    }
    return this.core.put(encodeWide(value));
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

  /** A number that is not in use: of tickets and subscriptions. */
  newNumber() {
    return (this.#lastNumber = (this.#lastNumber + 1) >>> 0 || 1);
  }

  /** What is said in this turn leaves at its end. */
  flushSoon() {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    queueMicrotask(this.#flush);
  }

  #flush = () => {
    this.#isFlushing = false;
    if (!this.#isOver) this.core.hot('p2p_flush', this.handle, now(), 0, 0);
  };

  /** Make an input whose effects wait until the caller is ready for them. @type {Core['later']} */
  later(calls) {
    return this.core.later(calls);
  }

  // ---- requests -------------------------------------------------------------------------------------------------

  /**
   * @param {(ticket: number) => void} begin throws where nothing is begun
   * @returns {{ticket: number, promise: Promise<any>}} any: by request
   */
  ask(begin) {
    const ticket = this.newNumber();
    const promise = new Promise((resolve, reject) =>
      this.#tickets.set(ticket, { resolve, reject }),
    );
    promise.catch(() => {});
    try {
      begin(ticket);
    } catch (error) {
      this.#take(ticket);
      throw error;
    }
    return { ticket, promise };
  }

  /** Nobody waits for it any more. @param {number} ticket */
  forget(ticket) {
    this.#tickets.delete(ticket);
  }

  /** @param {number} ticket */
  #take(ticket) {
    const found = this.#tickets.get(ticket);
    this.#tickets.delete(ticket);
    return found;
  }

  /**
   * @param {string} id
   * @param {number} timeout milliseconds; 0: that of the configuration
   * @returns {{ticket: number, promise: Promise<PeerPlane>}}
   * @throws {ClaspError} BAD_OPTION, LIMIT
   */
  connect(id, timeout) {
    return this.ask((ticket) => {
      const result = this.input(ON_CONNECT, ticket, timeout, 0, id);
      if (result === ERR.BAD_FIELD)
        throw new ClaspError('BAD_OPTION', 'id: not empty, and not the own one');
      check(result);
    });
  }

  /** Somebody is reached by this name. @param {string} id @throws {ClaspError} BAD_OPTION, LIMIT */
  knowName(id) {
    const result = this.input(ON_KNOW, BY_NAME, encoder.encode(id).length, 0, id);
    if (result === ERR.BAD_FIELD) throw new ClaspError('BAD_OPTION', 'id: a name without a "/"');
    check(result);
  }

  /** Nobody waits for it any more. @param {number} ticket */
  cancel(ticket) {
    if (this.#take(ticket)) this.input(ON_CANCEL, ticket);
  }

  /**
   * A session was heard of by another way than the router.
   * @param {string} id of its application; '' where it has none
   * @param {string} session
   */
  know(id, session) {
    beginInput(id + session);
    const { length } = new TextEncoder().encode(id);
    check(this.input(ON_KNOW, DIALECT_CLASP, length, 0, endInput()));
  }

  /** Why an id is not connected, or slow. @param {string} id */
  explain(id) {
    return P2P_VERDICTS[check(this.input(ON_EXPLAIN, 0, 0, 0, id))];
  }

  planes() {
    return [...this.#planes.values()];
  }

  /** @param {string} id @returns {PeerPlane | undefined} */
  planeOf(id) {
    return this.planes().find((plane) => plane.id === id || plane.session === id);
  }

  // ---- effects --------------------------------------------------------------------------------------------------

  /** @returns {Record<number, (effect: any) => void>} any: as Core.own() */
  #handlers() {
    const { signalling } = this.#options;
    /** @type {(effect: Effect) => P2PLink | undefined} */
    const link = ({ a, b }) => this.#planes.get(a)?.links.get(b);
    /** @type {(act: (plane: PeerPlane, effect: Effect) => void) => (effect: Effect) => void} */
    const of = (act) => (effect) => {
      const plane = this.#planes.get(effect.a);
      if (plane) act(plane, effect);
    };
    /** @type {Record<number, (effect: Effect) => void>} */
    const handlers = {
      [P2P_SUBSCRIBE]: ({ bytes }) => this.#listen(textOf(bytes)),
      [P2P_UNSUBSCRIBE]: ({ bytes }) => this.#unlisten(textOf(bytes)),
      [P2P_SIGNAL]: ({ a, bytes }) =>
        signalling.publish(textOf(bytes.subarray(0, a)), bytes.subarray(a)),
      [P2P_PEER]: (effect) => this.#named(effect),
      [P2P_PEER_STATE]: of((plane, effect) => this.#turned(plane, effect)),
      [P2P_ASK]: of((plane) => void this.#ask(plane)),
      [P2P_SETTLED]: (effect) => this.#settled(effect),
      [P2P_LINK_OPEN]: of((plane, effect) => this.#open(plane, effect)),
      [P2P_LINK_OFFER]: (effect) => link(effect)?.offer(effect.number),
      [P2P_LINK_ANSWER]: (effect) => link(effect)?.answer(effect.number, textOf(effect.bytes)),
      [P2P_LINK_APPLY]: (effect) => link(effect)?.apply(effect.number, textOf(effect.bytes)),
      [P2P_LINK_CANDIDATE]: (effect) => link(effect)?.addCandidate(textOf(effect.bytes)),
      [P2P_LINK_CLOSE]: of((plane, { b }) => {
        plane.links.get(b)?.close();
        plane.links.delete(b);
      }),
      [P2P_COVER]: of((plane, { b }) => this.#covered(plane, b !== 0)),
      [P2P_TOKEN]: ({ a }) =>
        void this.input(ON_TOKEN, a, 0, 0, crypto.getRandomValues(new Uint8Array(P2P_TOKEN_LEN))),
      [P2P_ACKED]: of((plane, { b }) => plane.acknowledged(b)),
      [P2P_RAW]: of((plane, { b, bytes }) => this.#raw(plane, b & 0xff, bytes.slice().buffer)),
      [P2P_GOT]: ({ a, b, number, bytes }) =>
        this.#take(a)?.resolve(isNumber(b & 0xff) ? number : readValue(b, bytes)),
      [P2P_PIPE]: of((plane, effect) => {
        const number = effect.b >>> 8;
        const event = effect.b & 0xff;
        if (event !== PIPE_OPENED) return plane.pipeHappens(number, event, effect);
        const address = textOf(effect.bytes);
        if (plane.pipeOpened(number, address)) this.#events.pipe(plane, address);
      }),
      [P2P_DOUBT]: () => signalling.check?.(),
      [P2P_ROOM]: of((plane, { b }) => plane.roomAgain(b)),
    };
    return { ...handlers, [P2P_DELIVER]: (/** @type {Run} */ run) => this.#deliver(run) };
  }

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

  /** @param {Effect} effect */
  #named({ a, b, number, bytes }) {
    if (bytes.length === 0) {
      const gone = this.#planes.get(a);
      if (gone) gone.isOver = true;
      this.#planes.delete(a);
      return;
    }
    const id = textOf(bytes.subarray(0, number));
    const session = textOf(bytes.subarray(number));
    const plane = this.#planes.get(a) ?? new PeerPlane(this, a, id, session);
    const isAnnounced = (b & PEER_ANNOUNCED) !== 0;
    const isNews = isAnnounced && (!plane.isAnnounced || plane.session !== session);
    this.#planes.set(a, plane);
    const before = plane.id;
    Object.assign(plane, { id, session, isAnnounced, isOurs: (b & PEER_OURS) !== 0 });
    if (before !== id) this.#events.named(plane, before);
    if (isNews) this.#events.announced(plane);
  }

  /** @param {PeerPlane} plane @param {Effect} effect */
  #turned(plane, { b, number, bytes }) {
    plane.state = STATES[b];
    const error = number ? ClaspError.of(number, textOf(bytes)) : undefined;
    const isEnd = plane.state === 'failed' || plane.state === 'closed';
    plane.isWanted = !isEnd && plane.state !== 'known';
    if (isEnd) plane.path = null;
    if (plane.state === 'connected') this.#lookUp(plane);
    this.#events.turned(plane, error);
    if (plane.state === 'connected') this.#introduce(plane);
    if (!isEnd) return;
    plane.isIntroduced = false;
    plane.drop(error ?? new ClaspError('NOT_CONNECTED'));
    plane.again();
  }

  /** @param {PeerPlane} plane */
  #introduce(plane) {
    if (plane.isIntroduced) return;
    plane.isIntroduced = true;
    this.#events.introduced(plane);
  }

  /** @param {PeerPlane} plane */
  async #ask(plane) {
    const answer = this.#events.ask(plane);
    const refusal = answer ? await answer : undefined;
    this.input(ON_DECIDE, plane.handle, Number(refusal === undefined), 0, refusal ?? '');
  }

  /** @param {Effect} effect */
  #settled({ a, b, number, bytes }) {
    const ticket = this.#take(a);
    if (number < 0) ticket?.reject(ClaspError.of(number, textOf(bytes)));
    else ticket?.resolve(this.#planes.get(b));
  }

  // ---- paths ----------------------------------------------------------------------------------------------------

  /** @param {PeerPlane} plane @param {boolean} isOn */
  #covered(plane, isOn) {
    if (!isOn) return this.#lookUp(plane);
    if (plane.path?.type === 'router') return; // anew
    plane.path = { type: 'router', protocol: 'ws', rtt: null };
    this.#events.path(plane);
    this.#introduce(plane);
  }

  /** @param {PeerPlane} plane */
  async #lookUp(plane) {
    const path = await plane.directPath().catch(() => null);
    if (!path || this.#isOver || plane.state !== 'connected') return;
    const isSame = plane.path?.type === path.type && plane.path.protocol === path.protocol;
    plane.path = path;
    if (!isSame) this.#events.path(plane);
  }

  // ---- links ----------------------------------------------------------------------------------------------------

  /** @param {PeerPlane} plane @param {Effect} effect */
  #open(plane, { b, number }) {
    const where = b << 8;
    const report = (/** @type {number} */ event, arg = 0, text = '') =>
      void this.input(ON_LINK, plane.handle, where | event, arg, text);
    try {
      const { connections, media } = this.#options;
      const { renew } = connections;
      const link = new P2PLink(connections.take(), this.#linkHost(plane, where, report));
      plane.links.set(b, link);
      if (renew) {
        link.renew = () => renew(link.pc);
        link.next(link.renew);
      }
      if (number & OPEN_CHANNELS) link.openChannel(0);
      if (number & OPEN_FAST) link.openChannel(1);
      if (number & OPEN_MEDIA) link.addMedia(media);
    } catch (cause) {
      report(LINK_REFUSED, 0, String(cause));
    }
  }

  /**
   * @param {PeerPlane} plane
   * @param {number} where of channel 0
   * @param {import('./link.js').Report} report
   * @returns {import('./p2p-link.js').P2PLinkHost}
   */
  #linkHost(plane, where, report) {
    const link = () => /** @type {P2PLink} */ (plane.links.get(where >>> 8));
    return {
      report,
      number: (channel) => this.#numberOf(plane, channel),
      opened: (number, channel) => this.#opened(plane, link(), where, number, channel),
      closed: (number) => this.#closed(plane, link(), where, number),
      message: (number, data) => this.#message(plane, where, number, data),
      low: (number) => this.#low(plane, where, number),
      moved: () => void this.#lookUp(plane),
      media: (stream) => this.#events.media(plane, stream),
    };
  }

  /** Of a channel that the peer has made. @param {PeerPlane} plane @param {RTCDataChannel} channel */
  #numberOf(plane, channel) {
    const { label, ordered } = channel;
    // WebRTC in Node has no null for what is not bounded.
    const bound = (/** @type {number | null} */ count) => (count === UNBOUNDED ? null : count);
    const maxRetransmits = bound(channel.maxRetransmits);
    const maxPacketLifeTime = bound(channel.maxPacketLifeTime);
    try {
      const options = checkedChannel({ ordered, maxRetransmits, maxPacketLifeTime });
      return plane.channel(label, options, false).number;
    } catch {
      return -this.newNumber(); // a label that is no address: nothing of CLASP's
    }
  }

  /** @type {(plane: PeerPlane, link: P2PLink, where: number, number: number, channel: RTCDataChannel) => void} */
  #opened(plane, link, where, number, channel) {
    if (number < 0) return;
    const custom = plane.channels.get(number);
    if (isCustom(number) && !custom) return channel.close(); // ended meanwhile
    this.input(ON_OPENED, plane.handle, where | number, link.messageMax);
    if (custom) {
      const isNew = !custom.isMaker && custom.face === undefined;
      custom.attach(channel, link);
      if (isNew) this.#events.channel(plane, custom);
    } else if (number === 0) {
      for (const made of plane.channels.values()) if (made.isMaker) made.make(link);
      this.#options.connections.prepare();
    }
  }

  /** @type {(plane: PeerPlane, link: P2PLink, where: number, number: number) => void} */
  #closed(plane, link, where, number) {
    if (number < 0) return;
    this.input(ON_CLOSED, plane.handle, where | number);
    const custom = plane.channels.get(number);
    if (!custom) return;
    // With its link it comes back; alone, the peer has ended it.
    setTimeout(() => {
      if (link.channels.has(0) && !link.channels.has(number)) plane.endChannel(custom);
    });
  }

  // ---- messages -------------------------------------------------------------------------------------------------

  /** @type {(plane: PeerPlane, where: number, number: number, data: string | ArrayBuffer) => void} */
  #message(plane, where, number, data) {
    if (typeof data === 'string' || number < 0) return this.#raw(plane, number, data);
    const { core } = this;
    const len = core.put(new Uint8Array(data));
    const result = core.hot('p2p_received', this.handle, plane.handle, where | number, len, now());
    this.flushSoon(); // acknowledgements, with what the handlers have said
    if (result < 0) this.#events.failed(ClaspError.of(result, `a message of ${plane.id}`), plane);
  }

  /** @type {(plane: PeerPlane, number: number, data: string | ArrayBuffer) => void} */
  #raw(plane, number, data) {
    const channel = plane.channels.get(number);
    if (channel) channel.tell('message', data);
    else this.#events.raw(plane, data);
  }

  /** @param {Run} run */
  #deliver({ words, numbers, from, base }) {
    /** @type {PeerPlane | undefined} */ let plane;
    for (let i = 0; i < words.length; i += WORDS) {
      const kind = words[i];
      if (kind === P2P_DELIVER) {
        if (!plane || plane.isOver) continue;
        const b = words[i + 3];
        const type = b & 0xff;
        const at = words[i + 6] - base;
        const value = isNumber(type)
          ? numbers[(i >> 1) + 2]
          : readValue(b, from.subarray(at, at + words[i + 7]));
        this.#hand(plane, plane.targets[words[i + 2]], value, b);
      } else if (kind === P2P_FROM) plane = this.#planes.get(words[i + 2]);
      else if (kind === P2P_ADDRESS) plane?.lead(words[i + 2], ...leads(words, i, from, base));
    }
  }

  /** @type {(plane: PeerPlane, target: import('./p2p-peer.js').Target, value: any, b: number) => void} any: what was said; b: of DELIVER */
  #hand(plane, { address, subs }, value, b) {
    const signal = SIGNALS[(b >>> 8) & 0xff];
    for (const sub of subs) {
      try {
        sub.handler(value, address, signal);
      } catch (cause) {
        surface(cause); // one handler's fault is not the next one's
      }
    }
    if ((b >>> 16) & DELIVER_BROADCAST) this.#events.broadcast(plane, value, address);
  }

  // ---- sending --------------------------------------------------------------------------------------------------

  /** @type {import('./run-collector.js').Sender['send']} */
  #send = (peer, where, message) => {
    const plane = this.#planes.get(peer);
    const channel = plane?.links.get(where >>> 8)?.channels.get(where & 0xff);
    if (!plane || !channel) return;
    try {
      channel.send(/** @type {any} not shared */ (message));
    } catch {
      return; // it is closing: that is told, too
    }
    const last = this.#touched.at(-1);
    if (last?.channel !== channel) this.#touched.push({ plane, where, channel });
  };

  #sent = () => {
    for (const place of this.#touched.splice(0)) this.#tellBuffered(place);
  };

  /** @param {Place} place */
  #tellBuffered(place) {
    const { plane, where, channel } = place;
    const bytes = channel.readyState === 'open' ? channel.bufferedAmount : 0;
    if (bytes > LOW_WATER) this.#watch(place);
    else this.#full.delete(place);
    this.core.hot('p2p_buffered', this.handle, plane.handle, where, bytes, now());
  }

  /** @type {(plane: PeerPlane, where: number, number: number) => void} */
  #low(plane, where, number) {
    const channel = plane.links.get(where >>> 8)?.channels.get(number);
    for (const place of this.#full) if (place.channel === channel) this.#full.delete(place);
    if (channel && number >= 0 && !this.#isOver)
      this.#tellBuffered({ plane, where: where | number, channel });
  }

  /** Look again, should no event come. @param {Place} place */
  #watch(place) {
    for (const { channel } of this.#full) if (channel === place.channel) return;
    this.#full.add(place);
    const wait_ms =
      'onbufferedamountlow' in place.channel && nativeLow(place.channel) ? WATCHDOG_MS : POLL_MS;
    this.#watchdog ??= setTimeout(() => {
      this.#watchdog = undefined;
      const places = [...this.#full];
      this.#full.clear();
      for (const full of places) this.#tellBuffered(full);
    }, wait_ms);
  }

  // ---- the network ----------------------------------------------------------------------------------------------

  /** The network has changed, or may have: signalling connects anew, and all paths are proven anew. */
  network() {
    this.#options.signalling.renew?.();
    this.input(ON_NETWORK);
  }

  #followNetwork() {
    const { signal } = this.#life;
    followNetwork({ changed: () => this.network() }, signal);
    this.#watchClock(signal);
  }

  /** A page that was frozen, or a machine that slept, notices by the time that is gone. @param {AbortSignal} signal */
  #watchClock(signal) {
    let last = Date.now();
    const beat = () => {
      const time = Date.now();
      if (time - last > FROZEN_MS) this.network();
      last = time;
    };
    const timer = setInterval(beat, BEAT_MS);
    /** @type {any} any: of Node alone */ (timer).unref?.();
    signal.addEventListener('abort', () => clearInterval(timer));
  }
}

/** True where the browser has the event; a property that somebody has set is none. @param {RTCDataChannel} channel */
const nativeLow = (channel) => 'onbufferedamountlow' in Object.getPrototypeOf(channel);

/** @param {number} type VALUE */
const isNumber = (type) => type >= VALUE.I8 && type <= VALUE.F64;

/** @param {number} b of P2P_DELIVER, or of P2P_GOT @param {Uint8Array} data */
const readValue = (b, data) =>
  (b >>> 16) & DELIVER_WIDE ? decodeWide(data, b & 0xff) : decodeValue(b & 0xff, data);

/**
 * What P2P_ADDRESS says: the address, and the subscriptions.
 * @type {(words: Uint32Array, i: number, from: Uint8Array, base: number) => [string, Uint32Array]}
 */
function leads(words, i, from, base) {
  const at = words[i + 6] - base;
  const count = words[i + 3];
  const subs = new Uint32Array(from.slice(at, at + count * 4).buffer);
  return [textOf(from.subarray(at + count * 4, at + words[i + 7])), subs];
}
