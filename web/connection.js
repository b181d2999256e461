import { CLASP_CLIENT } from '../js-glue/client-module.js';
import { FEATURE_BITS } from '../js-glue/client-input.js';
import { ClientSession } from '../js-glue/client-session.js';
import { Core } from '../js-glue/core.js';
import { keepAlive } from '../js-glue/network.js';
import { Listeners, isAboutSignal } from '../js-glue/signalling.js';
import { preconnect } from '../js-glue/socket-class.js';
import { ClaspError } from './error.js';
import { aborted, ignorable, onceAborted, untilOpened, untilSettled } from './promises.js';

/** @typedef {import('../js-glue/client-input.js').SignalType} SignalType */
/** @typedef {import('../js-glue/session.js').State} State */
/** @typedef {import('./clasp.js').Abortable} Abortable */
/** @typedef {import('./clasp.js').Unsubscribe} Unsubscribe */
/** @typedef {import('./client-signalling.js').RawSubscription} RawSubscription */
/** @typedef {import('./inflow.js').Inflow} Inflow */
/** @typedef {import('./subscription.js').Subscription} Subscription */

/**
 * @typedef {object} ClaspOptions
 * @property {string} [name] as the router is told; 'clasp-p2p'
 * @property {SignalType[]} [features] all five
 * @property {string} [token] where the router asks for one
 * @property {boolean} [reconnect] come back by itself after a loss; true
 * @property {number} [reconnectInterval] milliseconds of the first wait, which grows from try to try; 500
 * @property {number} [connectionTimeout] milliseconds for connect(); 10,000
 * @property {import('./hybrid.js').HybridOptions} [p2p] messages to /peer/{id}/… go directly where that peer is connected
 */

/**
 * @typedef {object} ClaspEvents by name, what `detail` holds
 * @property {{session: string}} connect under this id at the router
 * @property {{reason: string, error?: ClaspError}} disconnect it was lost, and comes back by itself; without `error`: by close()
 * @property {{attempt: number}} reconnect a try to come back begins; counts from 1
 * @property {{error: ClaspError}} error what no promise tells, and why a connection did not come about
 * @property {{}} close it is over: by close(), or for good
 */

/** @typedef {new () => import('./conference.js').Typed<ClaspEvents> & EventTarget} Base */

const Base = /** @type {Base} */ (
  /** @type {unknown} its listeners take any event */ (EventTarget)
);

/**
 * From connect() to close(), or until it did not come about.
 * @typedef {object} Life
 * @property {AbortController} end aborted when it is over
 * @property {boolean} isOpening until the router says welcome for the first time
 * @property {number} waiting calls of connect()
 * @property {Promise<void>} opened
 * @property {() => void} resolve
 * @property {(error: ClaspError) => void} reject
 * @property {((session: ClientSession) => void)[]} early what was asked for while the core was being loaded
 * @property {ClaspError} [refusal] what the router said last
 */

/**
 * What Clasp, which is built on a connection, has of its inside.
 * @typedef {object} Inside
 * @property {(connection: Connection) => ClientSession | undefined} session while there is one
 * @property {(connection: Connection) => ClientSession} use the same; throws NOT_CONNECTED
 * @property {(connection: Connection) => AbortSignal | undefined} end of the present life
 * @property {(connection: Connection) => ClaspOptions} options
 * @property {(connection: Connection, error: ClaspError) => void} report raise `error`
 * @property {(connection: Connection) => Set<Subscription>} subscriptions started with each session
 * @property {(connection: Connection) => Set<RawSubscription>} raw the same
 * @property {(connection: Connection) => Listeners<[address: string, code: number]>} refusals
 * @property {(connection: Connection) => Set<Inflow>} inflows ended when it is over
 * @property {(connection: Connection, ...args: Parameters<ClientSession['publish']>) => void} publish
 * @property {<T>(connection: Connection, make: (session: ClientSession) => Promise<T>, signal?: AbortSignal) => Promise<T>} request
 *   whose rejection may be ignored; `make` is not called when the signal has aborted
 */

const CONNECT_MS = 10_000;

/** What a subscription can ask for. */
export const SIGNAL_TYPES = /** @type {SignalType[]} */ (Object.keys(FEATURE_BITS));

/** Writes and events that wait for the core. */
const EARLY_MAX = 1024;

/** @returns {Life} */
function beginLife() {
  const life = /** @type {Life} */ ({
    end: new AbortController(),
    isOpening: true,
    waiting: 0,
    early: /** @type {Life['early']} */ ([]),
  });
  life.opened = new Promise((resolve, reject) => Object.assign(life, { resolve, reject }));
  return life;
}

/** True for what a WebSocket takes: a whole URL without a fragment. @param {string} url */
function isRouterUrl(url) {
  try {
    return /^wss?:$/.test(new URL(url).protocol) && !String(url).includes('#');
  } catch {
    return false;
  }
}

/**
 * @param {SignalType[]} [features]
 * @throws {ClaspError} BAD_OPTION
 */
function featureMask(features) {
  const chosen = features ?? SIGNAL_TYPES;
  if (!Array.isArray(chosen) || !chosen.every((name) => SIGNAL_TYPES.includes(name)))
    throw new ClaspError('BAD_OPTION', `features: a list of ${SIGNAL_TYPES.join(', ')}`);
  return chosen.reduce((mask, name) => mask | FEATURE_BITS[name], 0);
}

/** @type {Inside} */
export let inside;

/** A client's connection to its router: how it comes about, is lost, comes back, ends, and what it tells of that. */
export class Connection extends Base {
  #url;
  #options;
  /** @type {ClientSession | undefined} */ #session;
  /** @type {Life | undefined} */ #life;
  /** @type {State} */ #state = 'IDLE';
  /** @type {string | null} */ #id = null;
  /** @type {Set<Subscription>} */ #subscriptions = new Set();
  /** @type {Set<RawSubscription>} */ #raw = new Set();
  /** @type {ClaspError | null} */ #lastError = null;
  /** @type {Set<Inflow>} */ #inflows = new Set();
  /** @type {Listeners<[address: string, code: number]>} */ #refusals = new Listeners();
  #attempts = 0;

  static {
    inside = {
      session: (connection) => connection.#session,
      use: (connection) => connection.#use(),
      end: (connection) => connection.#life?.end.signal,
      options: (connection) => connection.#options,
      report: (connection, error) => connection.#report(error),
      subscriptions: (connection) => connection.#subscriptions,
      raw: (connection) => connection.#raw,
      refusals: (connection) => connection.#refusals,
      inflows: (connection) => connection.#inflows,
      publish: (connection, ...args) => connection.#publish(...args),
      request: (connection, make, signal) => connection.#request(make, signal),
    };
  }

  /**
   * @param {string} url of the router, ws:// or wss://
   * @param {ClaspOptions} [options]
   * @throws {ClaspError} BAD_OPTION
   */
  constructor(url, options = {}) {
    super();
    if (!isRouterUrl(url)) throw new ClaspError('BAD_OPTION', 'url: ws://… or wss://…');
    this.#url = url;
    this.#options = options;
    featureMask(options.features);
  }

  /**
   * Load the client's core now, so that connect() need not; or from elsewhere than beside the package: then before the first
   * connect().
   * @param {import('../js-glue/loader.js').LoadOptions} [options] of `clasp-p2p/clasp-client.wasm`; without effect once it is loaded
   * @returns {Promise<void>}
   * @throws {ClaspError} LOAD
   */
  static async ready(options) {
    await Core.load(CLASP_CLIENT, options);
  }

  /**
   * Connect; once connected, the client comes back by itself after a loss. After a failure it may be called again. Who calls it
   * while another call waits, waits for the same connection, by bounds of its own.
   * @param {number | {timeout?: number} & Abortable} [options] milliseconds (0: for ever), or those and a signal
   * @returns {Promise<void>} resolved when the router has said welcome
   * @throws {ClaspError} RELAY_UNREACHABLE, TIMEOUT, UNAUTHORIZED (and what else the router says), ABORTED, LOAD, LIMIT
   */
  async connect(options = {}) {
    const { timeout = this.#options.connectionTimeout ?? CONNECT_MS, signal } =
      typeof options === 'number' ? { timeout: options, signal: undefined } : options;
    if (signal?.aborted) throw aborted(signal);
    const life = (this.#life ??= this.#begin());
    await untilOpened(life, timeout, signal, (error) => this.#fail(life, error));
  }

  #begin() {
    const life = beginLife();
    life.opened.catch((error) => this.#fail(life, error)); // before those who wait hear of it
    this.#open(life).catch(life.reject);
    return life;
  }

  /** @param {Life} life */
  async #open(life) {
    const settle = preconnect(this.#url);
    try {
      const core = await Core.load(CLASP_CLIENT);
      if (this.#life === life) this.#start(core, life);
    } finally {
      settle();
    }
  }

  /** @param {Core} core @param {Life} life */
  #start(core, life) {
    const session = new ClientSession(core, {
      turned: (state, id, error) => this.#turned(life, state, id, error),
      failed: (error) => this.#failed(life, error),
    });
    this.#session = session;
    const {
      name = 'clasp-p2p',
      token = '',
      reconnect = true,
      reconnectInterval: backoff = 0,
    } = this.#options;
    const features = featureMask(this.#options.features);
    session.open({ url: this.#url, name, token, features, reconnect, backoff });
    this.#startAll(session);
    for (const act of life.early.splice(0)) act(session);
    keepAlive(session, life.end.signal);
  }

  /** @param {Life} life @param {ClaspError} error */
  #failed(life, error) {
    const { address, wireCode } = error;
    if (address && wireCode) this.#refusals.tell(address, wireCode);
    if (this.#refusals.size > 0 && isAboutSignal(error)) return;
    this.#report((life.refusal = error));
  }

  /** Those that were made before. One that cannot be is no more, and reported. @param {ClientSession} session */
  #startAll(session) {
    for (const subscription of [...this.#raw, ...this.#subscriptions]) {
      try {
        subscription.start(session);
      } catch (error) {
        this.#raw.delete(/** @type {RawSubscription} */ (subscription));
        this.#subscriptions.delete(/** @type {Subscription} */ (subscription));
        this.#report(/** @type {ClaspError} */ (error));
      }
    }
  }

  /** @type {(life: Life, state: State, id: string, error?: ClaspError) => void} */
  #turned(life, state, id, error) {
    if (this.#life !== life) return;
    const wasOpen = this.connected;
    this.#state = state;
    if (state === 'OPEN') return this.#opened(life, id);
    if (state === 'WAITING' || (wasOpen && state === 'CONNECTING')) this.#attempts++;
    if (wasOpen) this.#raise('disconnect', { reason: error?.message ?? '', error });
    if (state === 'CONNECTING' && this.#attempts > 0)
      return this.#raise('reconnect', { attempt: this.#attempts });
    if (state === 'CLOSED') this.#fail(life, this.#why(life, error));
    else if (state === 'WAITING' && life.isOpening) life.reject(this.#why(life, error));
  }

  /** The router's own words say more than that it has closed. @param {Life} life @param {ClaspError | undefined} error */
  #why(life, error) {
    const isRefused = life.isOpening || error?.code === 'RELAY_REFUSED';
    return (isRefused && life.refusal) || (error ?? new ClaspError('RELAY_UNREACHABLE'));
  }

  /** @param {Life} life @param {string} id */
  #opened(life, id) {
    this.#id = id;
    this.#attempts = 0;
    life.isOpening = false;
    life.refusal = undefined;
    life.resolve();
    this.#raise('connect', { session: id });
  }

  /** It did not come about, or is over for good: connect() may be called again. @param {Life} life @param {ClaspError} error */
  #fail(life, error) {
    if (this.#life !== life) return;
    this.#drop(life);
    life.reject(error);
    if (error !== life.refusal) this.#report(error); // that one was told
    if (!life.isOpening) this.#over();
  }

  /** @param {Life} life the present one */
  #drop(life) {
    const wasOpen = this.connected;
    const session = this.#session;
    this.#life = this.#session = undefined;
    this.#state = 'CLOSED';
    this.#attempts = 0;
    life.end.abort();
    for (const subscription of [...this.#raw, ...this.#subscriptions]) subscription.stop();
    session?.close();
    if (wasOpen) this.#raise('disconnect', { reason: '' });
  }

  #over() {
    for (const inflow of this.#inflows) inflow.end();
    this.#raise('close', {});
  }

  /** End for good. What waits for an answer is refused with NOT_CONNECTED. Idempotent; connect() begins anew. */
  close() {
    const life = this.#life;
    if (!life) {
      for (const inflow of this.#inflows) inflow.end();
      return;
    }
    this.#drop(life);
    life.reject(new ClaspError('ABORTED', 'closed before it was connected'));
    this.#over();
  }

  [Symbol.dispose]() {
    this.close();
  }

  get connected() {
    return this.#state === 'OPEN';
  }

  /** The session's id at the router; null before the first connection. A connection that comes back has another one. */
  get session() {
    return this.#id;
  }

  get url() {
    return this.#url;
  }

  /** Microseconds since the epoch by the router's clock. */
  time() {
    return this.#session ? this.#session.time() : Date.now() * 1000;
  }

  /** Of the latest exchange of clocks with the router, in milliseconds; 0 before the first. */
  get latency() {
    return (this.#session?.roundTrip_us ?? 0) / 1000;
  }

  // ---- events ---------------------------------------------------------------------------------------------------

  /** @param {(session: string) => void} callback called at each connection, with the session's id */
  onConnect(callback) {
    return this.#listen('connect', ({ session }) => callback(session));
  }

  /** @param {(reason: string) => void} callback called when the connection is lost; it comes back by itself */
  onDisconnect(callback) {
    return this.#listen('disconnect', ({ reason }) => callback(reason));
  }

  /** @param {(attempt: number) => void} callback called at each try to come back, which counts from 1 */
  onReconnect(callback) {
    return this.#listen('reconnect', ({ attempt }) => callback(attempt));
  }

  /** @param {(error: ClaspError) => void} callback told of what no promise tells */
  onError(callback) {
    return this.#listen('error', ({ error }) => callback(error));
  }

  /** The last error that onError() was told of; null: none. */
  getLastError() {
    return this.#lastError;
  }

  clearError() {
    this.#lastError = null;
  }

  /**
   * @template {keyof ClaspEvents} K
   * @param {K} type
   * @param {(detail: ClaspEvents[K]) => void} callback
   * @returns {Unsubscribe}
   */
  #listen(type, callback) {
    const listener = (/** @type {CustomEvent<ClaspEvents[K]>} */ event) => callback(event.detail);
    this.addEventListener(type, listener);
    const end = () => this.removeEventListener(type, listener);
    return Object.assign(end, { [Symbol.dispose]: end });
  }

  /** @param {string} type @param {object} detail */
  #raise(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** @param {ClaspError} error */
  #report(error) {
    this.#lastError = error;
    this.#raise('error', { error });
  }

  /** The session; what is asked of it may wait there for the connection. */
  #use() {
    if (!this.#session) throw new ClaspError('NOT_CONNECTED', 'connect() comes first');
    return this.#session;
  }

  /**
   * Act on the session, or once there is one.
   * @param {(session: ClientSession) => void} act
   * @throws {ClaspError} NOT_CONNECTED, QUEUE_FULL, and what `act` throws now
   */
  #soon(act) {
    const early = this.#life?.early;
    if (this.#session || !early) return act(this.#use());
    if (early.length >= EARLY_MAX) throw new ClaspError('QUEUE_FULL');
    early.push(act);
  }

  /** What cannot be sent once the core is there is reported. @type {(...args: Parameters<ClientSession['publish']>) => void} */
  #publish(...args) {
    if (this.#session) return this.#session.publish(...args);
    this.#soon((session) => {
      try {
        session.publish(...args);
      } catch (error) {
        this.#report(/** @type {ClaspError} */ (error));
      }
    });
  }

  /**
   * @template T
   * @param {(session: ClientSession) => Promise<T>} make not called when the signal has aborted
   * @param {AbortSignal} [signal]
   * @returns {Promise<T>} whose rejection may be ignored
   */
  #request(make, signal) {
    try {
      if (signal?.aborted) throw aborted(signal);
      const made = this.#session ? make(this.#session) : ignorable(this.#requestSoon(make));
      return signal ? ignorable(untilSettled(made, 0, signal)) : made;
    } catch (error) {
      return ignorable(Promise.reject(error));
    }
  }

  /**
   * @template T
   * @param {(session: ClientSession) => Promise<T>} make
   * @returns {Promise<T>}
   */
  #requestSoon(make) {
    return new Promise((resolve, reject) => {
      const { signal: over } = this.#life?.end ?? {};
      this.#soon((session) => {
        forget();
        try {
          resolve(make(session));
        } catch (error) {
          reject(error); // of bundle()
        }
      });
      const forget = onceAborted(over, () => reject(new ClaspError('NOT_CONNECTED')));
    });
  }
}
