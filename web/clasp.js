import { CLASP_CLIENT } from '../js-glue/client-module.js';
import { LONGEST_MS } from '../js-glue/clock.js';
import { ClientSession, FEATURE_BITS } from '../js-glue/client-session.js';
import { Core } from '../js-glue/core.js';
import { preconnect } from '../js-glue/socket-class.js';
import { ClaspBuilder } from './clasp-builder.js';
import { ClaspError } from './error.js';
import { Inflow } from './inflow.js';
import { aborted, ignorable, later, onceAborted, untilSettled } from './promises.js';
import { Throttle } from './throttle.js';

/** @typedef {import('../js-glue/client-session.js').SignalType} SignalType */
/** @typedef {import('../js-glue/client-session.js').SignalDefinition} SignalDefinition */
/** @typedef {import('../js-glue/client-session.js').Phase} Phase */
/** @typedef {import('../js-glue/session.js').State} State */

/** What CLASP carries; any: values again. @typedef {null | boolean | number | bigint | string | Uint8Array | any[] | {[key: string]: any}} Value */

/** @typedef {(value: any, address: string) => void} Handler any: the value that was written or published */

/**
 * @typedef {object} ClaspOptions
 * @property {string} [name] as the router is told; 'clasp-p2p'
 * @property {SignalType[]} [features] all five
 * @property {string} [token] where the router asks for one
 * @property {boolean} [reconnect] come back by itself after a loss; true
 * @property {number} [reconnectInterval] milliseconds of the first wait, which grows from try to try; 500
 * @property {number} [connectionTimeout] milliseconds for connect(); 10,000
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

/** @typedef {{signal?: AbortSignal}} Abortable */

/** @typedef {import('../js-glue/client-session.js').SetOptions & Abortable} SetOptions */

/**
 * @typedef {import('../js-glue/client-session.js').SubscribeOptions & Abortable} SubscribeOptions `maxRate` and `epsilon` hold
 *   also where the router does not know them
 */

/** Ends a subscription; also by `using`. @typedef {(() => void) & Disposable} Unsubscribe */

/**
 * @typedef {object} Change one value that arrived
 * @property {any} value any: what was written or published
 * @property {string} address
 */

/**
 * One member of a bundle: the first that is there counts.
 * @typedef {object} BundleMember
 * @property {[address: string, value: Value, options?: import('../js-glue/client-session.js').SetOptions]} [set]
 * @property {[address: string, payload?: Value]} [emit]
 * @property {[address: string, value: Value]} [stream]
 */

/** @typedef {{time: number, value: Value, easing?: string, bezier?: number[]}} Keyframe time: microseconds from the start */

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

const CONNECT_MS = 10_000;

/** What a subscription can ask for. */
export const SIGNAL_TYPES = /** @type {SignalType[]} */ (Object.keys(FEATURE_BITS));

/** Writes and events that wait for the core. */
const EARLY_MAX = 1024;

/** Definitions that query() has brought and that are kept. */
const SIGNALS_MAX = 8192;

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

/**
 * @param {ClientSession} session
 * @param {BundleMember} member
 */
function addMember(session, { set, emit, stream }) {
  if (set) session.put(set[0], set[1], set[2] ?? {});
  else if (emit) session.publish(emit[0], emit[1] ?? null, 'event', {});
  else if (stream) session.publish(stream[0], stream[1], 'stream', {});
  else throw new ClaspError('BAD_OPTION', 'a bundle holds {set: […]}, {emit: […]}, {stream: […]}');
}

/** One call of on(), and what it is at the router while there is a session. */
class Subscription {
  #throttle;
  #options;
  /** @type {ClientSession | undefined} */ #session;
  #id = 0;

  /** Its signal does not matter any more. @type {() => void} */ forget = () => {};

  /**
   * @param {string} pattern
   * @param {Handler} handler
   * @param {SubscribeOptions} options
   * @throws {ClaspError} BAD_OPTION
   */
  constructor(pattern, handler, options) {
    this.pattern = pattern;
    this.handler = handler;
    this.#throttle = new Throttle(handler, options, () => this.#session?.kind ?? 0);
    this.#options = options;
  }

  /** @param {ClientSession} session */
  start(session) {
    this.#id = session.subscribe(this.pattern, this.#throttle.deliver, this.#options);
    this.#session = session;
  }

  stop() {
    this.#throttle.stop();
    this.#session?.unsubscribe(this.#id);
    this.#session = undefined;
  }
}

/**
 * A CLASP client: params that are kept and shared, events, streams, gestures and timelines by address, through a router.
 *
 * Subscriptions may be made at any time, writes and events from the call of connect() on, and while the connection is lost:
 * subscriptions are made again by themselves, writes wait (4,096 of them, 512 KiB, 300 s), events, too (256 KiB, 30 s). Raises `connect`, `disconnect`, `reconnect`, `error`, `close`.
 *
 * @example
 * const client = await Clasp.builder('ws://localhost:7330').withName('desk').connect();
 * client.on('/light/*', (value, address) => console.log(address, value));
 * await client.set('/light/1', 0.8);
 */
export class Clasp extends Base {
  #url;
  #options;
  /** @type {ClientSession | undefined} */ #session;
  /** @type {Life | undefined} */ #life;
  /** @type {State} */ #state = 'IDLE';
  /** @type {string | null} */ #id = null;
  /** @type {Set<Subscription>} */ #subscriptions = new Set();
  /** @type {Map<string, SignalDefinition>} */ #signals = new Map();
  /** @type {ClaspError | null} */ #lastError = null;
  /** @type {Set<Inflow>} */ #inflows = new Set();
  #attempts = 0;

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

  /** @param {string} url of the router */
  static builder(url) {
    return new ClaspBuilder(url);
  }

  /**
   * Load the client's core now, so that connect() need not; or from elsewhere than beside the package: then before the first
   * connect().
   * @param {import('../js-glue/loader.js').LoadOptions} [options] of `clasp-p2p/clasp-client.wasm`; without effect once it is loaded
   * @returns {Promise<void>}
   * @throws {ClaspError} LOAD
   */
  static async ready(options) {
    await Core.load(options, CLASP_CLIENT);
  }

  // ---- connection -----------------------------------------------------------------------------------------------

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
    life.waiting++;
    try {
      await untilSettled(life.opened, timeout, signal);
    } catch (error) {
      if (life.waiting === 1) this.#fail(life, /** @type {ClaspError} */ (error));
      throw error;
    } finally {
      life.waiting--;
    }
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
      const core = await Core.load({}, CLASP_CLIENT);
      if (this.#life === life) this.#start(core, life);
    } finally {
      settle();
    }
  }

  /** @param {Core} core @param {Life} life */
  #start(core, life) {
    const session = new ClientSession(core, {
      turned: (state, id, error) => this.#turned(life, state, id, error),
      failed: (error) => this.#report((life.refusal = error)),
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
    this.#hurryWhenBack(session, life);
  }

  /** Those that were made before. One that cannot be is no more, and reported. @param {ClientSession} session */
  #startAll(session) {
    for (const subscription of this.#subscriptions) {
      try {
        subscription.start(session);
      } catch (error) {
        this.#subscriptions.delete(subscription);
        this.#report(/** @type {ClaspError} */ (error));
      }
    }
  }

  /** @param {ClientSession} session @param {Life} life */
  #hurryWhenBack(session, { end: { signal } }) {
    globalThis.addEventListener?.('online', () => session.hurry(), { signal });
    if (typeof document === 'undefined') return;
    const seen = () => document.visibilityState === 'visible' && session.hurry();
    document.addEventListener('visibilitychange', seen, { signal });
  }

  /** @type {(life: Life, state: State, id: string, error?: ClaspError) => void} */
  #turned(life, state, id, error) {
    if (this.#life !== life) return;
    const wasOpen = this.connected;
    this.#state = state;
    if (state === 'OPEN') return this.#opened(life, id);
    if (state === 'CONNECTING' && this.#attempts > 0)
      return this.#raise('reconnect', { attempt: this.#attempts });
    if (state === 'WAITING') this.#attempts++;
    if (wasOpen) this.#raise('disconnect', { reason: error?.message ?? '', error });
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
    for (const subscription of this.#subscriptions) subscription.stop();
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

  // ---- subscriptions --------------------------------------------------------------------------------------------

  /**
   * Subscribe to a pattern: `*` is one segment or a part of one, `**` any number of segments.
   * @param {string} pattern
   * @param {Handler} handler called with params as they are now, then with all that is written or published
   * @param {SubscribeOptions} [options]
   * @returns {Unsubscribe}
   * @throws {ClaspError} BAD_PATTERN, LIMIT, BAD_OPTION
   */
  on(pattern, handler, options = {}) {
    if (typeof handler !== 'function') throw new ClaspError('BAD_OPTION', 'handler: a function');
    const subscription = new Subscription(pattern, handler, options);
    if (this.#session) subscription.start(this.#session);
    this.#subscriptions.add(subscription);
    const unsubscribe = () => this.#end(subscription);
    subscription.forget = onceAborted(options.signal, unsubscribe);
    return Object.assign(unsubscribe, { [Symbol.dispose]: unsubscribe });
  }

  /** @param {Subscription} subscription */
  #end(subscription) {
    if (!this.#subscriptions.delete(subscription)) return;
    subscription.forget();
    subscription.stop();
  }

  /**
   * End the subscriptions of a pattern, or that of one handler alone.
   * @param {string} pattern
   * @param {Handler} [handler]
   */
  off(pattern, handler) {
    for (const subscription of this.#subscriptions) {
      if (subscription.pattern !== pattern || (handler && subscription.handler !== handler))
        continue;
      this.#end(subscription);
    }
  }

  /**
   * As on(); without a handler, to be read by `for await`: at most `buffer` values wait, then the oldest go.
   *
   * @overload
   * @param {string} pattern
   * @param {Handler} handler
   * @param {SubscribeOptions} [options]
   * @returns {Unsubscribe}
   */
  /**
   * @overload
   * @param {string} pattern
   * @param {SubscribeOptions & {buffer?: number}} [options] buffer: 1,024
   * @returns {Inflow} of `{address, value}`; ends when it is left, when the signal aborts, or when the client closes
   */
  /**
   * @param {string} pattern
   * @param {Handler | SubscribeOptions & {buffer?: number}} [handler]
   * @param {SubscribeOptions} [options]
   */
  subscribe(pattern, handler = {}, options) {
    if (typeof handler === 'function') return this.on(pattern, handler, options);
    const { buffer, signal, ...rest } = handler;
    const inflow = new Inflow(buffer);
    const off = this.on(pattern, (value, address) => inflow.push({ value, address }), rest);
    this.#inflows.add(inflow);
    let forget = () => {};
    inflow.left = () => {
      forget();
      off();
      this.#inflows.delete(inflow);
    };
    forget = onceAborted(signal, () => inflow.end());
    return inflow;
  }

  // ---- params ---------------------------------------------------------------------------------------------------

  /**
   * Write a param: it is kept by the router and told to all that are subscribed, this client too.
   * While the connection is lost it waits, and after it came back it is written once.
   *
   * @param {string} address
   * @param {Value} value
   * @param {SetOptions} [options]
   * @returns {Promise<number>} the param's revision, as the router acknowledges it. A rejection may be ignored; with the router's
   *   own words: REVISION_CONFLICT, LOCK_HELD, FORBIDDEN, RATE_LIMITED … ; else BAD_ADDRESS, BAD_VALUE_TYPE, TOO_LARGE, QUEUE_FULL,
   *   NOT_CONNECTED, TIMEOUT, ABORTED (it may have been written all the same)
   */
  set(address, value, options = {}) {
    return this.#request((session) => session.set(address, value, options), options.signal);
  }

  /**
   * Write a param and hold its lock: nobody else can write it until unlock(), or until this client's connection ends.
   * @param {string} address
   * @param {Value} value
   * @param {SetOptions} [options]
   */
  setLocked(address, value, options) {
    return this.set(address, value, { ...options, lock: true });
  }

  /**
   * Release the lock of a param.
   * @param {string} address
   * @param {Value} [value] to write with it; the value that it has, else
   * @param {SetOptions} [options]
   * @returns {Promise<number>} the param's revision. A rejection may be ignored
   */
  unlock(address, value, options) {
    const write = (/** @type {Value} */ it) => this.set(address, it, { ...options, unlock: true });
    return value === undefined ? ignorable(this.get(address, options).then(write)) : write(value);
  }

  /**
   * The value of a param, asked of the router.
   * @param {string} address
   * @param {Abortable} [options]
   * @returns {Promise<any>} any: the value
   * @throws {ClaspError} TIMEOUT: there is no such param; NOT_CONNECTED, FORBIDDEN, ABORTED
   */
  get(address, { signal } = {}) {
    return this.#request((session) => session.get(address), signal);
  }

  /**
   * The value of a param as this client saw it last, without asking; undefined when it has seen none. It is kept up to date
   * where a subscription covers it.
   * @param {string} address
   * @returns {any} any: the value
   */
  cached(address) {
    return this.#session?.cached(address);
  }

  // ---- what is not kept -----------------------------------------------------------------------------------------

  /**
   * An event: delivered once to who is subscribed now.
   * @param {string} address
   * @param {Value} [payload]
   * @throws {ClaspError} BAD_ADDRESS, BAD_VALUE_TYPE, TOO_LARGE, QUEUE_FULL, NOT_CONNECTED
   */
  emit(address, payload = null) {
    this.#publish(address, payload, 'event', { timestamp: this.time() });
  }

  /**
   * One value of many: may be lost where a later one takes its place.
   * @param {string} address
   * @param {Value} value
   * @param {{samples?: number[], rate?: number}} [options] several numbers at once, in place of the value
   * @throws {ClaspError} as emit()
   */
  stream(address, value, options) {
    this.#publish(address, value, 'stream', { ...options, timestamp: this.time() });
  }

  /**
   * @param {string} address
   * @param {number} id of the finger, pen or hand
   * @param {Phase} phase
   * @param {Value} [payload] handlers get it with `phase` and `gestureId` added
   * @throws {ClaspError} as emit(); BAD_OPTION
   */
  gesture(address, id, phase, payload = null) {
    this.#publish(address, payload, 'gesture', { id, phase, timestamp: this.time() });
  }

  /**
   * Values over time: handlers get `{keyframes, loop, startTime, duration}`.
   * @param {string} address
   * @param {Keyframe[]} keyframes
   * @param {{loop?: boolean, startTime?: number, duration?: number}} [options] startTime: microseconds by the router's clock; now
   * @throws {ClaspError} as emit()
   */
  timeline(address, keyframes, { loop = false, startTime = this.time(), duration } = {}) {
    const value = { keyframes, loop, startTime, duration };
    this.#publish(address, value, 'timeline', { timestamp: startTime });
  }

  /**
   * Several writes and events, all or nothing.
   * @param {BundleMember[]} messages
   * @param {{at?: number} & Abortable} [options] at: microseconds by the router's clock; it leaves then, and says so to who receives it
   * @returns {Promise<number>} the revision of its last SET. A rejection may be ignored; as set(), and REFUSED
   */
  bundle(messages, { at, signal } = {}) {
    const send = (/** @type {ClientSession} */ session) => session.bundle(fill(session), at);
    const fill = (/** @type {ClientSession} */ session) => () => {
      for (const message of messages) addMember(session, message);
    };
    const wait_ms = at === undefined ? 0 : (at - this.time()) / 1000;
    if (!(wait_ms > 0)) return this.#request(send, signal);
    const { signal: over } = this.#life?.end ?? { signal: AbortSignal.abort() };
    const waiting = later(Math.min(wait_ms, LONGEST_MS), signal, over);
    return ignorable(waiting.then(() => this.bundle(messages, { at, signal })));
  }

  // ---- what there is --------------------------------------------------------------------------------------------

  /**
   * Say what this client offers; others find it by query().
   * @param {SignalDefinition[]} signals
   * @param {{namespace?: string} & Abortable} [options] namespace: '/'
   * @returns {Promise<void>} A rejection may be ignored
   */
  announce(signals, { namespace = '/', signal } = {}) {
    const made = this.#request((session) => session.announce(namespace, signals), signal);
    return ignorable(made.then(() => {}));
  }

  /**
   * What has been announced.
   * @param {string} pattern
   * @param {Abortable} [options]
   * @returns {Promise<SignalDefinition[]>}
   * @throws {ClaspError} BAD_PATTERN, TIMEOUT, NOT_CONNECTED, ABORTED
   */
  query(pattern, { signal } = {}) {
    const found = this.#request((session) => session.query(pattern), signal);
    return ignorable(found.then((definitions) => this.#keep(definitions)));
  }

  /** @param {SignalDefinition[]} definitions @returns the same */
  #keep(definitions) {
    for (const definition of definitions) {
      this.#signals.delete(definition.address);
      this.#signals.set(definition.address, definition);
    }
    const addresses = this.#signals.keys();
    for (let left = this.#signals.size - SIGNALS_MAX; left > 0; left--)
      this.#signals.delete(addresses.next().value ?? '');
    return definitions;
  }

  /** The definitions that query() has brought so far: of those over 8,192, the ones that came last. */
  getSignals() {
    return [...this.#signals.values()];
  }

  /**
   * Those of getSignals() whose address a pattern matches.
   * @param {string} pattern
   */
  querySignals(pattern) {
    return this.getSignals().filter(({ address }) => this.#use().matches(pattern, address));
  }

  /**
   * Have what was written and published before delivered once more, to the subscriptions that match.
   * @param {string} pattern
   * @param {{types?: SignalType[], from?: number, to?: number, limit?: number}} [options] times in microseconds by the router's clock
   * @throws {ClaspError} BAD_PATTERN, NOT_CONNECTED
   */
  replay(pattern, options = {}) {
    this.#use().replay(pattern, options);
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
