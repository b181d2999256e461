import { inside } from './connection.js';
import { ClaspError } from './error.js';
import { Inbox, mayReachPeers } from './hybrid-inbox.js';
import { Lane } from './hybrid-lane.js';
import { ClaspP2P } from './p2p.js';
import { ignorable, onceAborted, untilSettled } from './promises.js';

/** @typedef {import('../js-glue/client-session.js').ClientSession} ClientSession */
/** @typedef {import('./clasp.js').Abortable} Abortable */
/** @typedef {import('./clasp.js').Clasp} Clasp */
/** @typedef {import('./clasp.js').SetOptions} SetOptions */
/** @typedef {import('./clasp.js').Value} Value */
/** @typedef {import('./hybrid-lane.js').Way} Way */
/** @typedef {import('./p2p.js').ClaspP2POptions} ClaspP2POptions */
/** @typedef {import('./peer.js').Peer} Peer */
/** @typedef {import('./subscription.js').Subscription} Subscription */

/**
 * @typedef {object} OwnOptions
 * @property {boolean} [enabled] false: there are no peers, and all goes by the router; true
 * @property {boolean} [preferP2P] false: what is written goes by the router, though peers may connect; true
 * @property {boolean} [fallbackToRouter] false: what cannot go directly fails with NOT_CONNECTED; true
 */

/** @typedef {OwnOptions & Omit<ClaspP2POptions, 'signaling'>} HybridOptions without `clientId` the own id is that of the session */

/**
 * @typedef {object} Route the way that a message would take
 * @property {Way | 'none'} way
 * @property {Peer} [peer] where it would go directly
 * @property {Peer['path']} [path] of that peer; of type `router` while the router carries what it is told
 */

/** @typedef {{id: string, rest: string}} Target */

const PEER_ADDRESS = /^\/peer\/([^/]+)(\/.+)$/;

/** Who could not be reached is not dialled again for so long. */
const FAILED_MS = 60_000;

/** Peers of whom something is kept in mind. */
const KNOWN_MAX = 1024;

/** Errors of a peer that is there no longer. */
const LOST = ['NOT_CONNECTED', 'PEER_GONE', 'ICE_FAILED', 'BAD_HANDLE'];

/** Events of a peer that may mean another way. */
const TURNS = /** @type {const} */ (['connected', 'disconnected', 'failed', 'closed', 'path']);

/** Options of a write that only a router understands. @param {SetOptions} options */
const isForRouter = ({ lock, unlock, ttl, revision }) =>
  !!lock || !!unlock || ttl !== undefined || revision !== undefined;

/** @param {unknown} error */
const isLost = (error) => error instanceof ClaspError && LOST.includes(error.code);

/**
 * Set a member of a map that is bounded: the oldest goes.
 * @template T
 * @param {Map<string, T>} map
 * @param {string} key
 * @param {T} value
 */
function remember(map, key, value) {
  map.delete(key);
  map.set(key, value);
  if (map.size > KNOWN_MAX) map.delete(map.keys().next().value ?? '');
}

/** The peers of a client: ClaspP2P over its own connection, which knows the ways that the client's messages take. */
export class ClientPeers extends ClaspP2P {
  #route;

  /**
   * @param {ClaspP2POptions} options
   * @param {(address: string) => Route} route
   */
  constructor(options, route) {
    super(options);
    this.#route = route;
  }

  /**
   * Which way a message of the client to this address would take now. The event `route` tells, with `{id, way,
   * peer, path}`, when that of a peer is another one.
   * @param {string} address
   * @returns {Route}
   */
  route(address) {
    return this.#route(address);
  }
}

/** Lets a client's messages to /peer/{id}/… go directly where that peer is connected. */
export class Hybrid {
  #client;
  #ways;
  #clientId;
  #inbox;
  /** @type {Map<string, Lane>} */ #lanes = new Map();
  /** @type {Map<string, number>} until when, by performance.now() */ #failed = new Map();
  /** @type {Set<string>} */ #dialling = new Set();
  /** @type {Map<string, string>} the way last told, by peer */ #told = new Map();
  /** @type {WeakSet<Peer>} */ #heard = new WeakSet();
  #life = new AbortController();

  /** @type {ClientPeers} */ p2p;

  /**
   * @param {Clasp} client connected
   * @param {HybridOptions} options
   * @param {AbortSignal} over aborted when its connection is
   * @throws {ClaspError} BAD_OPTION
   */
  constructor(client, { enabled: _, preferP2P = true, fallbackToRouter = true, ...options }, over) {
    this.#client = client;
    this.#ways = { isDirect: preferP2P, isRouted: fallbackToRouter || !preferP2P };
    this.#clientId = options.clientId;
    this.#inbox = new Inbox(client, () => this.#ownId);
    const signaling = client.signalling();
    this.p2p = new ClientPeers({ ...options, signaling }, (address) => this.route(address));
    this.p2p.on('peer_connected', (peer) => this.#connected(peer));
    onceAborted(over, () => this.close());
  }

  get #ownId() {
    return this.#clientId ?? this.#client.session ?? '';
  }

  /**
   * Begin: peers may connect from here on.
   * @throws {ClaspError} as ClaspP2P.connect()
   */
  async start() {
    await this.p2p.connect({ signal: this.#life.signal });
  }

  /** Say goodbye to all peers. Idempotent. */
  close() {
    if (this.#life.signal.aborted) return;
    this.#life.abort();
    this.p2p.close();
  }

  // ---- what comes from peers --------------------------------------------------------------------------------------

  /** @param {Peer} peer for the first time, or again */
  #connected(peer) {
    this.#failed.delete(peer.id);
    if (!this.#heard.has(peer)) {
      this.#heard.add(peer);
      for (const type of TURNS) peer.on(type, () => this.#tell(peer.id));
      this.#inbox.open(peer);
    }
    this.#tell(peer.id);
  }

  /**
   * The client's subscriptions are others now.
   * @param {Subscription} [added] is told what peers have set before
   */
  subscribed(added) {
    this.#inbox.renew();
    if (!added || !mayReachPeers(added.pattern)) return;
    for (const peer of this.p2p.peers.values()) this.#inbox.replay(peer, added);
  }

  // ---- ways -------------------------------------------------------------------------------------------------------

  /** @param {string} address @returns {Target | undefined} none: it is not about another one's */
  #target(address) {
    const [, id, rest] = PEER_ADDRESS.exec(address) ?? [];
    if (!id || id === this.#ownId || id === this.#client.session) return undefined;
    return { id, rest };
  }

  /** Who takes messages directly. @param {string} id or session @returns {Peer | undefined} */
  #peer(id) {
    const { peers } = this.p2p;
    const peer = peers.get(id) ?? [...peers.values()].find(({ session }) => session === id);
    return peer && (peer.state === 'connected' || peer.path) ? peer : undefined; // else it is being looked for
  }

  /** @param {string} id @returns {Way} @throws {ClaspError} NOT_CONNECTED */
  #way(id) {
    const { isDirect, isRouted } = this.#ways;
    if (isDirect && this.#peer(id)) return 'p2p';
    if (isRouted) return 'router';
    throw new ClaspError('NOT_CONNECTED', `there is no direct connection to ${id}`);
  }

  /** @param {string} address @returns {Route} */
  route(address) {
    const target = this.#target(address);
    return target ? this.#routeTo(target.id) : { way: this.#client.connected ? 'router' : 'none' };
  }

  /** @param {string} id @returns {Route} */
  #routeTo(id) {
    const { isDirect, isRouted } = this.#ways;
    const peer = isDirect ? this.#peer(id) : undefined;
    if (peer) return { way: 'p2p', peer, path: peer.path };
    return { way: isRouted && this.#client.connected ? 'router' : 'none' };
  }

  /** Raise `route` where the way to a peer is another one now. @param {string} id */
  #tell(id) {
    const route = this.#routeTo(id);
    const text = `${route.way} ${route.path?.type}`;
    if (this.#life.signal.aborted || this.#told.get(id) === text) return;
    remember(this.#told, id, text);
    this.p2p.raise('route', { route: { id, ...route } });
  }

  /** Dial who is written to for the first time, or some time after that failed. @param {string} id */
  #use(id) {
    const { isDirect, isRouted } = this.#ways;
    const hasFailed = isRouted && (this.#failed.get(id) ?? 0) > performance.now();
    if (!isDirect || hasFailed || this.#dialling.has(id) || this.#peer(id)) return;
    this.#dialling.add(id);
    this.#tell(id);
    const dialled = this.p2p.connectToPeer(id, { signal: this.#life.signal });
    dialled.catch(() => this.#fail(id)).finally(() => this.#dialling.delete(id));
  }

  /** @param {string} id */
  #fail(id) {
    remember(this.#failed, id, performance.now() + FAILED_MS);
    this.#tell(id);
  }

  // ---- what goes to peers -----------------------------------------------------------------------------------------

  /**
   * As Clasp.set().
   * @param {string} address
   * @param {Value} value
   * @param {SetOptions} options
   * @returns {Promise<number> | undefined} undefined: it is not about a peer
   */
  set(address, value, options) {
    const target = this.#target(address);
    if (!target) return undefined;
    const { id } = target;
    this.#use(id);
    const byRouter = () => this.#setByRouter(address, value, options);
    const directly = () => this.#setDirectly(target, value, options, byRouter);
    const choose = () => (isForRouter(options) ? 'router' : this.#way(id));
    const write = (/** @type {Way} */ way) => (way === 'p2p' ? directly() : byRouter());
    return ignorable(untilSettled(this.#lane(id).run(choose, write), 0, options.signal));
  }

  /** @param {string} id */
  #lane(id) {
    const lane = this.#lanes.get(id) ?? new Lane(() => void this.#lanes.delete(id));
    this.#lanes.set(id, lane);
    return lane;
  }

  /**
   * @param {string} address
   * @param {Value} value
   * @param {SetOptions} options
   */
  #setByRouter(address, value, options) {
    const write = (/** @type {ClientSession} */ session) => session.set(address, value, options);
    return inside.request(this.#client, write, options.signal);
  }

  /**
   * What a peer that is gone for good has not acknowledged goes by the router.
   * @param {Target} target
   * @param {Value} value
   * @param {Abortable} options
   * @param {() => Promise<number>} byRouter
   */
  async #setDirectly({ id, rest }, value, { signal }, byRouter) {
    try {
      await this.#peer(id)?.set(rest, value, { signal });
      return 0;
    } catch (error) {
      if (!isLost(error)) throw error;
      this.#fail(id);
      if (!this.#ways.isRouted) throw error;
      return byRouter();
    }
  }

  /**
   * As Clasp.emit() and Clasp.stream().
   * @param {'emit' | 'stream'} say
   * @param {string} address
   * @param {Value} value
   * @returns {boolean} false: it is to go by the router
   * @throws {ClaspError} NOT_CONNECTED where that is not wanted, and those of the peer
   */
  say(say, address, value) {
    const target = this.#target(address);
    if (!target) return false;
    this.#use(target.id);
    if (this.#way(target.id) === 'router') return false;
    try {
      this.#peer(target.id)?.[say](target.rest, value);
      return true;
    } catch (error) {
      if (!isLost(error) || !this.#ways.isRouted) throw error;
      this.#fail(target.id);
      return false;
    }
  }

  /**
   * As Clasp.get(): of the peer where it is connected and has it, else of the router.
   * @param {string} address
   * @param {Abortable} options
   * @returns {Promise<any> | undefined} any: the value; undefined: it is to go by the router
   */
  get(address, options) {
    const target = this.#target(address);
    if (!target) return undefined;
    this.#use(target.id);
    const peer = this.#ways.isDirect ? this.#peer(target.id) : undefined;
    if (peer) return ignorable(this.#getDirectly(peer, target, address, options));
    if (this.#ways.isRouted) return undefined;
    return ignorable(Promise.reject(new ClaspError('NOT_CONNECTED')));
  }

  /**
   * @param {Peer} peer
   * @param {Target} target
   * @param {string} address
   * @param {Abortable} options
   */
  async #getDirectly(peer, { rest }, address, { signal }) {
    try {
      return await peer.get(rest, { signal });
    } catch (error) {
      const isElsewhere = isLost(error) || /** @type {ClaspError} */ (error).code === 'NOT_FOUND';
      if (!isElsewhere || !this.#ways.isRouted) throw error;
      return inside.request(this.#client, (session) => session.get(address), signal);
    }
  }
}
