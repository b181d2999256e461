import { ClaspError } from './error.js';
import { Emitter } from './emitter.js';
import { ClaspP2P } from './p2p.js';
import { ignorable, isThenable, onceAborted, untilSettled } from './promises.js';
import { Rendezvous } from './rendezvous.js';
import { routerFor, routersOf } from './router-url.js';

/** @typedef {import('./p2p.js').ClaspP2POptions} ClaspP2POptions */
/** @typedef {import('./peer.js').Peer} Peer */
/** @typedef {import('./registration.js').Registration} Registration */
/** @typedef {import('./rendezvous.js').Device} Device */
/** @typedef {import('./rendezvous.js').Found} Found */
/** @typedef {import('./rendezvous.js').Query} Query */
/** @typedef {import('./rendezvous.js').Registered} Registered */

/**
 * @typedef {object} OwnOptions
 * @property {string} peerId by which others find and connect to this peer
 * @property {string} [rendezvousUrl] http:// or https://; 'http://localhost:7340'
 * @property {(string | RTCIceServer)[]} [iceServers] STUN and TURN; in place of those of `rtcConfig`
 * @property {boolean} [useUnreliableChannel] a channel without retransmission for stream(); true
 * @property {string} [router] ws:// or wss://, by which signals go. By default at the URL of the rendezvous server, else at port
 *   7330 of its host
 * @property {string} [token] for that router, and for no other one
 * @property {typeof globalThis.fetch} [fetch] in place of the global one
 */

/** @typedef {OwnOptions & Omit<ClaspP2POptions, 'signaling' | 'clientId' | 'unreliable' | 'token'>} P2PManagerOptions */

/** @typedef {{p2p: ClaspP2P, url: string}} Home the own router */

/** @typedef {Omit<Device, 'peerId'> & {signal?: AbortSignal}} RegisterOptions */

/**
 * @typedef {object} P2PManagerEvents by name, what listeners of on() are called with
 * @property {[peer: Peer]} connecting a peer wants in. Listeners may be async and call peer.reject(); nothing is answered before all
 *   have settled, and one that fails refuses
 * @property {[peer: Peer]} connection a peer is connected, whoever has dialled
 * @property {[peerId: string]} disconnection it is not any more, and does not come back by itself
 * @property {[entry: {id: string, ttl: number}]} registered it is found under this id of the server, the first one or another
 * @property {[error: ClaspError]} error a fault that no promise tells
 */

const FEATURE = 'clasp-p2p/1';
const TRY_MS = 5_000; // for a router that may not be there
const ROUTERS_MAX = 8; // that are connected to at once, as peers name them
const ENTRIES_MAX = 1000; // that a rendezvous server lists
const DISCOVER_MAX = 100;
const SAME_MAX = 16; // entries of one peer that are looked at

/** There is no router at such a URL. */
const NOBODY = ['RELAY_UNREACHABLE', 'TIMEOUT'];

/** By this a peer is found among others. @param {string} id */
const featureOf = (id) => `${FEATURE}:${id}`;

/** @param {string | RTCIceServer} server */
const iceServer = (server) => (typeof server === 'string' ? { urls: server } : server);

/** One entry for each peer: who came back without a goodbye has left an older one. @param {Found[]} found */
function newest(found) {
  /** @type {Map<string, Found>} */ const peers = new Map();
  for (const entry of found) {
    const other = peers.get(entry.id);
    if (!other || other.registeredAt <= entry.registeredAt) peers.set(entry.id, entry);
  }
  return [...peers.values()];
}

/** @param {unknown} it */
const textOr = (it, /** @type {string} */ other = '') => (typeof it === 'string' ? it : other);

/**
 * Finds peers at a rendezvous server and connects to them. Their signals go by the CLASP router beside it, and so does what they say
 * while there is no direct way: Peer's functions work on, in order.
 *
 * @example
 * const p2p = new P2PManager({ peerId: 'peer-b', rendezvousUrl: 'https://relay.example.org' });
 * p2p.on('connection', (peer) => peer.on('/chat/*', (value, address) => console.log(address, value)));
 * await p2p.register({ tags: ['demo'], metadata: { name: 'Peer B' } });
 * const peer = await p2p.connect('peer-a');
 * peer.set('/chat/greeting', 'Hello!');
 */
export class P2PManager extends Emitter {
  #options;
  #rendezvous;
  #urls;
  /** @type {Map<string, Promise<ClaspP2P>>} by the URL of its router */ #routers = new Map();
  /** @type {Promise<Home> | undefined} */ #own;
  /** @type {Omit<Device, 'peerId'> | undefined} */ #device;
  /** @type {Registration | undefined} */ #registration;
  #registered = ''; // the session that was told
  /** @type {Map<string, Peer>} */ #peers = new Map();
  #end = new AbortController();

  /**
   * @param {P2PManagerOptions} options
   * @throws {ClaspError} BAD_OPTION
   */
  constructor(options) {
    super();
    const { peerId, rendezvousUrl = 'http://localhost:7340', router, fetch } = options ?? {};
    if (typeof peerId !== 'string' || peerId === '')
      throw new ClaspError('BAD_OPTION', 'peerId: a text that is not empty');
    this.#rendezvous = new Rendezvous(rendezvousUrl, { fetch, signal: this.#end.signal });
    this.#urls = router === undefined ? routersOf(rendezvousUrl) : [router];
    this.#options = options;
  }

  get peerId() {
    return this.#options.peerId;
  }

  /** Those that are connected, by id. @returns {ReadonlyMap<string, Peer>} */
  get peers() {
    return this.#peers;
  }

  // ---- finding ----------------------------------------------------------------------------------------------------

  /**
   * Be found, until close(): the registration is refreshed by itself. Called again, it takes the place of the last one.
   * @param {RegisterOptions} [device] the name is that of the metadata, else the peer id
   * @returns {Promise<Registered>} its entry, which may be another one later
   * @throws {ClaspError} as Rendezvous.register(), and where no router is found as Clasp.connect()
   */
  async register({ signal, ...device } = {}) {
    const own = await this.#home(signal);
    this.#device = device;
    const registration = this.#renew(own);
    const first = new Promise((_, reject) => {
      registration.addEventListener('error', ({ detail }) => reject(detail.error), { once: true });
    });
    try {
      return await untilSettled(Promise.race([registration.ready, first]), 0, signal);
    } catch (error) {
      if (this.#registration === registration) this.#forget();
      throw error;
    }
  }

  /**
   * Tell the session of the moment to those who look for this peer.
   * @param {Home} own
   */
  #renew({ p2p, url }) {
    const { name, features = [], metadata, ...device } = this.#device ?? {};
    const { peerId } = this.#options;
    this.#registration?.close();
    this.#registered = p2p.session ?? '';
    const registration = this.#rendezvous.keep({
      ...device,
      name: name ?? textOr(metadata?.name, peerId),
      peerId,
      features: [...features, FEATURE, featureOf(peerId)],
      metadata: { ...metadata, session: this.#registered, router: url },
    });
    this.#tellOf(registration);
    return (this.#registration = registration);
  }

  /** What becomes of a registration; that the first try fails is told by register(). @param {Registration} registration */
  #tellOf(registration) {
    let id = '';
    registration.addEventListener('refreshed', ({ detail: entry }) => {
      if (entry.id === id) return;
      id = entry.id;
      this.raise('registered', { entry });
    });
    registration.addEventListener('error', ({ detail: { error } }) => {
      if (id !== '') this.raise('error', { error });
    });
  }

  #forget() {
    const registration = this.#registration;
    this.#registration = this.#device = undefined;
    return registration?.close();
  }

  /**
   * Those that have registered, but this one.
   * @param {Query} [query] without one: any
   * @returns {Promise<Found[]>} of each peer its latest entry, in no order that means anything
   * @throws {ClaspError} as Rendezvous.discover()
   */
  async discover({ limit = DISCOVER_MAX, ...query } = {}) {
    const most = Math.min(ENTRIES_MAX, limit + SAME_MAX); // own and older ones are left out
    const found = await this.#rendezvous.discover({ ...query, limit: most });
    return newest(found)
      .filter(({ id }) => id !== this.peerId)
      .slice(0, limit);
  }

  /**
   * The latest entry of a peer.
   * @param {string} id
   * @param {AbortSignal} [signal]
   * @returns {Promise<Found | undefined>}
   */
  async #find(id, signal) {
    const queries = [{ feature: featureOf(id), limit: SAME_MAX }, { limit: ENTRIES_MAX }]; // of other makes
    for (const query of queries) {
      const found = newest(await this.#rendezvous.discover({ ...query, signal }));
      const entry = found.find((it) => it.id === id || it.registration === id);
      if (entry) return entry;
    }
  }

  // ---- connecting -------------------------------------------------------------------------------------------------

  /**
   * Connect to a peer: where its entry says, or, without one, where it has announced itself.
   * @param {string} id as discover() gives it
   * @param {{signal?: AbortSignal, timeout?: number}} [options] timeout: milliseconds for an attempt; 30,000
   * @returns {Promise<Peer>} connected, or reached by way of the router
   * @throws {ClaspError} REJECTED, TIMEOUT, PEER_GONE, ICE_FAILED, ABORTED, and where no router is found as Clasp.connect()
   */
  async connect(id, { signal, timeout } = {}) {
    if (typeof id !== 'string' || id === '' || id === this.peerId)
      throw new ClaspError('BAD_OPTION', "id: another peer's");
    const own = await this.#home(signal);
    const known = this.#peers.get(id);
    if (known) return known;
    const entry = await this.#lookUp(id, signal);
    try {
      return await this.#dial(id, entry, own, { signal, timeout });
    } catch (error) {
      const isGone = /** @type {ClaspError} */ (error).code === 'PEER_GONE';
      const later = isGone ? await this.#lookUp(id, signal) : undefined; // it may be there under another session
      if (!later || later.metadata.session === entry?.metadata.session) throw error;
      return this.#dial(id, later, own, { signal, timeout });
    }
  }

  /** Its entry; without the server's help where that cannot be asked. @param {string} id @param {AbortSignal} [signal] */
  async #lookUp(id, signal) {
    try {
      return await this.#find(id, signal);
    } catch (error) {
      if (signal?.aborted || this.#end.signal.aborted) throw error;
      this.raise('error', { error });
    }
  }

  /**
   * @param {string} id
   * @param {Found | undefined} entry
   * @param {Home} own
   * @param {{signal?: AbortSignal, timeout?: number}} options
   */
  async #dial(id, entry, own, options) {
    const { session, router, peerId } = entry?.metadata ?? {};
    const p2p = await this.#by(routerFor(router, own.url), own, options.signal);
    const name = peerId === id ? id : textOr(session, id);
    if (textOr(session) !== '') p2p.know(peerId === id ? id : '', textOr(session));
    return p2p.connectToPeer(name, options);
  }

  // ---- routers ----------------------------------------------------------------------------------------------------

  /** The own router; found when it is first needed. @param {AbortSignal} [signal] @returns {Promise<Home>} */
  #home(signal) {
    if (this.#end.signal.aborted) return Promise.reject(new ClaspError('BAD_STATE', 'closed'));
    this.#own ??= this.#findHome();
    const own = this.#own;
    own.catch(() => (this.#own = this.#own === own ? undefined : this.#own)); // the next call tries again
    return untilSettled(own, 0, signal);
  }

  /** @returns {Promise<Home>} */
  async #findHome() {
    /** @type {unknown} */ let failure;
    for (const url of this.#urls) {
      try {
        const p2p = await this.#open(url, this.#options.token);
        p2p.on('session', () => this.#sessionChanged({ p2p, url }));
        return { p2p, url };
      } catch (error) {
        failure = error;
        if (!NOBODY.includes(/** @type {ClaspError} */ (error).code)) break;
      }
    }
    throw failure;
  }

  /** @param {Home} own */
  #sessionChanged(own) {
    const { session } = own.p2p;
    if (this.#registration && session && session !== this.#registered) this.#renew(own);
  }

  /**
   * The peers of a router; the own one where it cannot be reached, or where there are too many.
   * @param {string} url
   * @param {Home} own
   * @param {AbortSignal} [signal]
   */
  async #by(url, own, signal) {
    if (url === own.url) return own.p2p;
    const known = this.#routers.get(url);
    if (!known && this.#routers.size >= ROUTERS_MAX) return own.p2p;
    const opening = known ?? this.#open(url);
    this.#routers.set(url, opening);
    opening.catch(() => this.#routers.delete(url));
    try {
      return await untilSettled(opening, 0, signal);
    } catch (error) {
      if (signal?.aborted) throw error;
      return own.p2p;
    }
  }

  /**
   * @param {string} url
   * @param {string} [token]
   */
  async #open(url, token) {
    const p2p = new ClaspP2P({ ...this.#peerOptions(), signaling: url, token });
    const forget = onceAborted(this.#end.signal, () => p2p.close());
    p2p.on('peer_connecting', (peer) => this.#ask(peer));
    p2p.on('peer_connected', (peer) => this.#connected(peer));
    p2p.on('error', (error) => this.raise('error', { error }));
    try {
      await p2p.connect({ timeout: TRY_MS, signal: this.#end.signal });
      return p2p;
    } catch (error) {
      forget();
      p2p.close();
      throw error;
    }
  }

  /** What every ClaspP2P is given. */
  #peerOptions() {
    const { peerId, iceServers, useUnreliableChannel, rtcConfig: given } = this.#options;
    const servers = iceServers?.map(iceServer);
    const rtcConfig =
      servers && typeof given !== 'function' ? { ...given, iceServers: servers } : given;
    return { ...this.#options, rtcConfig, clientId: peerId, unreliable: useUnreliableChannel };
  }

  /** Listeners may refuse it, also later. @param {Peer} peer @returns {Promise<unknown> | undefined} */
  #ask(peer) {
    const results = this.raise('connecting', { peer });
    return results.some(isThenable) ? Promise.all(results) : undefined;
  }

  /** @param {Peer} peer */
  #connected(peer) {
    const { id } = peer; // it may be known under another one later
    if ([...this.#peers.values()].includes(peer)) return;
    this.#peers.set(id, peer);
    const over = () => {
      for (const end of ends) end();
      if (this.#peers.get(id) !== peer) return;
      this.#peers.delete(id);
      this.raise('disconnection', { peerId: id });
    };
    const ends = [peer.on('closed', over), peer.on('failed', over)];
    this.raise('connection', { peer });
  }

  // ---- the end ----------------------------------------------------------------------------------------------------

  /**
   * Say goodbye to all peers, unregister, and end for good. Idempotent.
   * @returns {Promise<void>} when the rendezvous server was told, or could not be: this never fails
   */
  async close() {
    this.#peers.clear(); // nothing is told of them any more
    this.#end.abort();
    await this.#forget();
  }

  [Symbol.dispose]() {
    ignorable(this.close());
  }

  async [Symbol.asyncDispose]() {
    await this.close();
  }
}
