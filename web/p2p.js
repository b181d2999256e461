import { Core } from '../js-glue/core.js';
import { PeerConnections } from '../js-glue/p2p-connections.js';
import { P2PHost } from '../js-glue/p2p-host.js';
import { PEER } from '../js-glue/peer-module.js';
import { findRtc } from '../js-glue/rtc.js';
import { SessionSignalling } from '../js-glue/signalling.js';
import { preconnect } from '../js-glue/socket-class.js';
import { Early } from './early.js';
import { Emitter } from './emitter.js';
import { ClaspError } from './error.js';
import { EXPLANATIONS } from './explain.js';
import { Peer } from './peer.js';
import { PeerChannel } from './peer-channel.js';
import {
  aborted,
  ignorable,
  isThenable,
  onceAborted,
  untilOpened,
  untilSettled,
} from './promises.js';

/** @typedef {import('../js-glue/p2p-peer.js').PeerPlane} PeerPlane */
/** @typedef {import('../js-glue/signalling.js').Signalling} Signalling */

/**
 * @typedef {object} ClaspP2POptions
 * @property {string | Signalling} signaling URL of the router, ws:// or wss://, or what carries signals already, such as
 *   `client.signalling()` of a Clasp
 * @property {string} [clientId] by which others call this one; its session by default
 * @property {import('../js-glue/p2p-connections.js').RtcConfig} [rtcConfig] of the connections. A function (it may be async) is called for
 *   each connection and again before each ICE restart: for credentials of a short life. One public STUN server by default
 * @property {RTCIceTransportPolicy} [iceTransportPolicy] 'relay': only by TURN
 * @property {boolean} [mesh] connect to every peer that announces itself
 * @property {string} [token] for the router
 * @property {string} [name] as the router is told
 * @property {boolean} [reconnect] the session comes back by itself after a loss; true
 * @property {number} [timeout] milliseconds for one attempt at a connection; 30,000
 * @property {number} [maxPeers] with connections at once; 64, at most 256
 * @property {boolean} [cover] the router carries what no direct path can; true
 * @property {boolean} [unreliable] make the channel without retransmission, too; true
 * @property {boolean} [named] be reachable by name, at `/webrtc/signal/…`; true
 * @property {boolean} [forward] forward signals by name for others
 * @property {string} [room] be in a video room, too
 * @property {MediaStream} [media] what is sent in the room
 * @property {{RTCPeerConnection: import('../js-glue/rtc.js').RtcClass}} [rtc] in place of the page's own
 * @property {import('../js-glue/loader.js').LoadOptions} [wasm] where the core comes from; without effect once it is loaded
 */

/**
 * @typedef {object} Explanation
 * @property {string} code one of a closed list, such as 'NO_RELAY'
 * @property {string} message what is the matter
 * @property {string} next what to do about it
 * @property {{state: string | null, path: string | null, session: boolean, iceErrors: string[]}} facts
 */

/**
 * From connect() to close().
 * @typedef {object} Life
 * @property {AbortController} end
 * @property {number} waiting calls of connect()
 * @property {Promise<void>} opened
 * @property {Signalling} signalling once it is there
 * @property {P2PHost} [host] once it is there
 * @property {ClaspError} [refusal] what the router said last
 */

const DEFAULT_RTC = { iceServers: [{ urls: 'stun:stun.l.google.com:19302' }] };
const CONNECT_MS = 10_000;
const TIMEOUT_MAX_MS = 86_400_000;
const SIGNALLING = ['subscribe', 'publish', 'onState', 'onRefused'];

/** What explain() can say. @type {readonly string[]} */
export const VERDICTS = Object.keys(EXPLANATIONS);

/** @param {ClaspP2POptions} options */
function checked(options) {
  const { signaling } = options ?? {};
  const isUrl = typeof signaling === 'string' && /^wss?:\/\/[^#]+$/.test(signaling);
  const has = (/** @type {string} */ name) =>
    typeof (/** @type {any} checked here */ (signaling)?.[name]) === 'function';
  if (!isUrl && !SIGNALLING.every(has))
    throw new ClaspError('BAD_OPTION', 'signaling: ws://… or wss://…, or what carries signals');
  return options;
}

/** Which kinds of servers a configuration names. @param {ClaspP2POptions['rtcConfig']} config */
function serversOf(config) {
  if (typeof config === 'function') return { stun: true, turn: true };
  const urls = (config?.iceServers ?? []).flatMap((server) => server.urls);
  const has = (/** @type {RegExp} */ scheme) => urls.some((url) => scheme.test(url));
  return { stun: has(/^stuns?:/i), turn: has(/^turns?:/i) };
}

/** @returns {string} random, new for each page */
function newEpoch() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Peers that are connected directly, by WebRTC data channels, with a CLASP router for the signals.
 *
 * Events, for on() and addEventListener():
 * `peer_connecting` (peer): somebody wants in. Listeners of on() may be async and call peer.reject(); nothing is answered, and no
 *   address told, before all have settled. One that fails refuses;
 * `peer_connected` (peer): it can be spoken with;
 * `peer_disconnected` (peer): the connection was lost (it is looked for again), or closed;
 * `peer_failed` (peer, error): given up;
 * `peer_announced` ({ id, session }): somebody is there;
 * `broadcast` (value, peer, address); `channel` (peer, channel, address): a peer has made one;
 * `session` (session): with the router; '' when it is lost; `error` (error): what no promise tells.
 */
export class ClaspP2P extends Emitter {
  #options;
  /** @type {Life | undefined} */ #life;
  #early = new Early();
  /** @type {Map<string, Peer>} */ #peers = new Map();

  /**
   * @param {ClaspP2POptions} options
   * @throws {ClaspError} BAD_OPTION
   */
  constructor(options) {
    super();
    this.#options = checked(options);
    ignorable(Core.load(PEER, options.wasm)); // early; connect() says what went wrong
  }

  // ---- life -----------------------------------------------------------------------------------------------------

  /**
   * Connect to the router, and be there for others. Without effect while connected.
   * @param {{signal?: AbortSignal, timeout?: number}} [options] `timeout`: milliseconds, 10,000; 0: none
   * @returns {Promise<this>}
   * @throws {ClaspError} RELAY_UNREACHABLE, TIMEOUT, ABORTED, what the router says, LOAD, UNSUPPORTED, BAD_OPTION, LIMIT
   */
  async connect({ signal, timeout = CONNECT_MS } = {}) {
    if (signal?.aborted) throw aborted(signal);
    const life = (this.#life ??= this.#begin());
    await untilOpened(life, timeout, signal, () => this.#life === life && this.close());
    return this;
  }

  #begin() {
    const life = /** @type {Life} */ ({ end: new AbortController(), waiting: 0 });
    life.opened = ignorable(Promise.resolve().then(() => this.#open(life)));
    this.#leaveWithThePage(life.end.signal);
    return life;
  }

  /** @param {Life} life */
  async #open(life) {
    const { signaling, wasm, rtc, rtcConfig = DEFAULT_RTC, iceTransportPolicy } = this.#options;
    const settle = typeof signaling === 'string' ? preconnect(signaling) : () => {};
    try {
      const [core, Class] = await Promise.all([Core.load(PEER, wasm), findRtc(rtc)]);
      if (life.end.signal.aborted)
        throw new ClaspError('ABORTED', 'closed before it was connected');
      const connections = new PeerConnections(
        Class,
        rtcConfig,
        iceTransportPolicy && { iceTransportPolicy },
      );
      this.#start(life, core, connections);
      await this.#welcome(life);
      connections.prepare();
    } finally {
      settle();
    }
  }

  /** @param {Life} life @param {Core} core @param {PeerConnections} connections */
  #start(life, core, connections) {
    const { signaling, token, name, reconnect, media } = this.#options;
    if (typeof signaling === 'string') {
      const failed = (/** @type {ClaspError} */ error) => this.#report((life.refusal = error));
      const own = new SessionSignalling(core, { url: signaling, token, name, reconnect }, failed);
      life.end.signal.addEventListener('abort', () => own.close());
      life.signalling = own;
    } else life.signalling = signaling;
    const host = new P2PHost(
      core,
      { connections, signalling: life.signalling, media },
      this.#events(),
    );
    life.host = host;
    const { clientId, mesh, named = true, forward, room, timeout, maxPeers } = this.#options;
    const { cover = true, unreliable: fast = true, rtcConfig = DEFAULT_RTC } = this.#options;
    const more = { ...serversOf(rtcConfig), epoch: newEpoch(), decide: true };
    host.start({ clientId, mesh, named, forward, room, timeout, maxPeers, cover, fast, ...more });
  }

  /** Until there is a session. @param {Life} life @returns {Promise<void>} */
  #welcome(life) {
    const { signalling, end } = life;
    return new Promise((resolve, reject) => {
      const off = signalling.onState((session, error) => {
        if (session) resolve();
        else if (error) reject(life.refusal ?? error);
        this.raise('session', { session });
      });
      end.signal.addEventListener('abort', () => {
        off();
        reject(new ClaspError('ABORTED', 'closed before it was connected'));
      });
      if (signalling.session) resolve();
    });
  }

  /** A page that goes says so; one that comes back from the cache connects again. @param {AbortSignal} signal */
  #leaveWithThePage(signal) {
    if (typeof document === 'undefined') return;
    const leave = (/** @type {PageTransitionEvent} */ { persisted }) => {
      this.close();
      const comeBack = () => ignorable(this.connect());
      if (persisted) addEventListener('pageshow', comeBack, { once: true });
    };
    addEventListener('pagehide', leave, { signal });
  }

  /** End all connections, with a goodbye, and the session if it is the own one. Idempotent; connect() begins anew. */
  close() {
    const life = this.#life;
    this.#life = undefined;
    life?.host?.stop();
    life?.end.abort();
    this.#peers.clear();
    this.#early.clear();
  }

  [Symbol.dispose]() {
    this.close();
  }

  async [Symbol.asyncDispose]() {
    this.close();
  }

  // ---- peers ----------------------------------------------------------------------------------------------------

  /**
   * Those that are connected, or being connected, by id.
   * @returns {ReadonlyMap<string, Peer>}
   */
  get peers() {
    return this.#peers;
  }

  /** True while there is a session with the router. */
  get connected() {
    return this.#life?.signalling?.connected ?? false;
  }

  /** The own session with the router; '' while there is none. */
  get session() {
    return this.#life?.signalling?.session ?? '';
  }

  /** By which others call this one: as configured, else the session. */
  get clientId() {
    return this.#options.clientId ?? this.session;
  }

  /** @throws {ClaspError} NOT_CONNECTED */
  get #host() {
    const host = this.#life?.host;
    if (!host) throw new ClaspError('NOT_CONNECTED', 'connect() comes first');
    return host;
  }

  /**
   * Connect to a peer; one that is not there yet is waited for.
   * @param {string} id its client id, session or name
   * @param {{signal?: AbortSignal, timeout?: number, named?: boolean}} [options] `timeout`: milliseconds in all; that of the
   *   constructor; `named`: it does not announce itself, and takes signals by name, at `/webrtc/signal/…`
   * @returns {Promise<Peer>} connected, or covered by the router
   * @throws {ClaspError} REJECTED (with the peer's words), TIMEOUT, PEER_GONE, ICE_FAILED, NEGOTIATION, ABORTED, NOT_CONNECTED, LIMIT,
   *   BAD_OPTION; explain() says more
   */
  async connectToPeer(id, { signal, timeout = 0, named = false } = {}) {
    if (signal?.aborted) throw aborted(signal);
    if (typeof id !== 'string') throw new ClaspError('BAD_OPTION', 'id: a string');
    if (!(timeout >= 0 && timeout <= TIMEOUT_MAX_MS))
      throw new ClaspError('BAD_OPTION', `timeout: milliseconds, at most ${TIMEOUT_MAX_MS}`);
    const host = this.#host;
    if (named) host.knowName(id);
    const { ticket, promise } = host.connect(id, timeout);
    const forget = onceAborted(signal, () => host.cancel(ticket));
    return faceOf(await untilSettled(promise, 0, signal).finally(forget));
  }

  /**
   * Told by something else than the router, such as the entry of a rendezvous server: whom a session at the router belongs to.
   * connectToPeer() need not wait then for the peer to announce itself.
   * @param {string} id that its application chose; '' where it has none
   * @param {string} session
   * @throws {ClaspError} NOT_CONNECTED, BAD_FIELD
   */
  know(id, session) {
    this.#host.know(id, session);
  }

  /**
   * Tell all connected peers of an event. With nobody connected it is kept for those that come within 5 s.
   * @param {string} address
   * @param {unknown} value
   * @throws {ClaspError} NOT_CONNECTED, QUEUE_FULL (64 are kept, and 8 MiB), BAD_ADDRESS, BAD_VALUE_TYPE, TOO_LARGE
   */
  broadcast(address, value) {
    const host = this.#host;
    const planes = host.planes.all().filter((plane) => plane.isIntroduced);
    if (planes.length === 0) return this.#early.keep(address, host.broadcastValue(address, value));
    /** @type {unknown} */ let fault;
    for (const plane of planes) {
      try {
        plane.broadcast(address, value);
      } catch (error) {
        fault ??= error; // the others are told all the same
      }
    }
    if (fault) throw fault;
  }

  /**
   * Why a peer is not connected, or slow, and what to do about it.
   * @param {string} id
   * @returns {Explanation}
   */
  explain(id) {
    const host = this.#life?.host;
    const code = host?.explain(id) ?? 'SIGNALLING_DOWN';
    const [message, next] = EXPLANATIONS[code];
    const plane = host?.planes.find(id);
    const facts = {
      state: plane?.state ?? null,
      path: plane?.path?.type ?? null,
      session: this.connected,
      iceErrors: [...(plane?.iceErrors ?? [])],
    };
    return { code, message, next, facts };
  }

  // ---- what the host tells ----------------------------------------------------------------------------------------

  /** @returns {import('../js-glue/p2p-host.js').P2PEvents} */
  #events() {
    return {
      ask: (plane) => this.#ask(plane),
      turned: (plane, error) => this.#turned(plane, error),
      introduced: (plane) => this.#introduced(plane),
      path: (plane) => void faceOf(plane).raise('path', { path: plane.path }),
      named: (plane, before) => {
        const peer = this.#peers.get(before);
        if (!peer || peer !== plane.face) return;
        this.#peers.delete(before);
        this.#peers.set(plane.id, peer);
      },
      announced: ({ id, session }) => void this.raise('peer_announced', { peer: { id, session } }),
      channel: (plane, made) => {
        const channel = new PeerChannel(made);
        const peer = faceOf(plane);
        peer.raise('channel', { channel, address: made.address });
        this.raise('channel', { peer, channel, address: made.address });
      },
      pipe: (plane, address) =>
        void faceOf(plane).raise('bytes', { streams: streamsOf(plane, address), address }),
      raw: (plane, data) => void faceOf(plane).raise('message', { data }),
      broadcast: (plane, value, address) =>
        void this.raise('broadcast', { value, peer: faceOf(plane), address }),
      media: (plane, stream) => void faceOf(plane).raise('media', { stream }),
      failed: (error) => this.#report(error),
    };
  }

  /** Listeners decide whether a peer may come in. @param {PeerPlane} plane @returns {Promise<string | undefined> | undefined} */
  #ask(plane) {
    const results = this.raise('peer_connecting', { peer: faceOf(plane) });
    if (results.some(isThenable)) return this.#decided(plane, results);
    return plane.refusal === undefined ? undefined : Promise.resolve(plane.refusal);
  }

  /** @param {PeerPlane} plane @param {unknown[]} results */
  async #decided(plane, results) {
    const failed = (await Promise.allSettled(results)).find(({ status }) => status === 'rejected');
    if (!failed) return plane.refusal;
    const { reason: cause } = /** @type {PromiseRejectedResult} */ (failed);
    this.#report(new ClaspError('VERIFY', 'a peer_connecting listener failed', { cause }));
    return plane.refusal ?? '';
  }

  /** @param {PeerPlane} plane @param {ClaspError} [error] */
  #turned(plane, error) {
    const { state } = plane;
    if (state === 'known') return;
    const peer = faceOf(plane);
    const isEnd = state === 'failed' || state === 'closed';
    if (!isEnd) this.#peers.set(plane.id, peer);
    else if (this.#peers.get(plane.id) === peer) this.#peers.delete(plane.id);
    if (state !== 'connected' && plane.isUp) this.#lost(plane, state !== 'disconnected');
    plane.isUp = state === 'connected';
    if (state === 'disconnected') peer.raise('disconnected', {});
    else peer.raise(state, error ? { error } : {});
    if (state === 'failed') this.raise('peer_failed', { peer, error });
  }

  /** @param {PeerPlane} plane @param {boolean} isEnd */
  #lost(plane, isEnd) {
    const peer = faceOf(plane);
    if (isEnd) peer.raise('disconnected', {});
    this.raise('peer_disconnected', { peer });
  }

  /** @param {PeerPlane} plane */
  #introduced(plane) {
    this.raise('peer_connected', { peer: faceOf(plane) });
    for (const { address, bytes } of this.#early) {
      try {
        plane.broadcastEarly(address, bytes);
      } catch (error) {
        this.#report(/** @type {ClaspError} */ (error));
      }
    }
  }

  /** @param {ClaspError} error */
  #report(error) {
    this.raise('error', { error });
  }
}

/** @param {PeerPlane} plane @returns {Peer} */
const faceOf = (plane) => plane.face ?? new Peer(plane);

/**
 * Both directions of what a peer has opened: each is taken, or opened, when it is first asked for.
 * @param {PeerPlane} plane
 * @param {string} address
 * @returns {import('./peer.js').ByteStreams}
 */
function streamsOf(plane, address) {
  /** @type {Partial<import('./peer.js').ByteStreams>} */ const made = {};
  return {
    get readable() {
      return (made.readable ??= plane.pipes.read(address));
    },
    get writable() {
      return (made.writable ??= plane.pipes.write(address, 'normal'));
    },
  };
}
