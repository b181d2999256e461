import { LONGEST_MS } from '../js-glue/clock.js';
import { ClaspBuilder } from './clasp-builder.js';
import { signallingOf } from './client-signalling.js';
import { Connection, inside } from './connection.js';
import { ClaspError } from './error.js';
import { Inflow } from './inflow.js';
import { ignorable, later, onceAborted } from './promises.js';
import { Subscription } from './subscription.js';

export { SIGNAL_TYPES } from './connection.js';

/** @typedef {import('../js-glue/client-session.js').ClientSession} ClientSession */
/** @typedef {import('../js-glue/client-input.js').SignalType} SignalType */
/** @typedef {import('../js-glue/client-input.js').SignalDefinition} SignalDefinition */
/** @typedef {import('../js-glue/client-input.js').Phase} Phase */
/** @typedef {import('./connection.js').ClaspEvents} ClaspEvents */
/** @typedef {import('./connection.js').ClaspOptions} ClaspOptions */

/** What CLASP carries; any: values again. @typedef {null | boolean | number | bigint | string | Uint8Array | any[] | {[key: string]: any}} Value */

/** @typedef {(value: any, address: string) => void} Handler any: the value that was written or published */

/** @typedef {{signal?: AbortSignal}} Abortable */

/** @typedef {import('../js-glue/client-input.js').SetOptions & Abortable} SetOptions */

/**
 * @typedef {import('../js-glue/client-input.js').SubscribeOptions & Abortable} SubscribeOptions `maxRate` and `epsilon` hold
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
 * @property {[address: string, value: Value, options?: import('../js-glue/client-input.js').SetOptions]} [set]
 * @property {[address: string, payload?: Value]} [emit]
 * @property {[address: string, value: Value]} [stream]
 */

/** @typedef {{time: number, value: Value, easing?: string, bezier?: number[]}} Keyframe time: microseconds from the start */

/** Definitions that query() has brought and that are kept. */
const SIGNALS_MAX = 8192;

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
export class Clasp extends Connection {
  /** @type {Map<string, SignalDefinition>} */ #signals = new Map();
  /** @type {import('./hybrid.js').Hybrid | undefined} */ #hybrid;
  /** @type {Promise<void> | undefined} */ #joining;

  /** @param {string} url of the router */
  static builder(url) {
    return new ClaspBuilder(url);
  }

  // ---- peers ------------------------------------------------------------------------------------------------------

  /**
   * As Connection.connect(). With the option `p2p`, peers may connect when it resolves.
   * @override
   * @param {Parameters<Connection['connect']>[0]} [options]
   * @throws {ClaspError} also UNSUPPORTED: without WebRTC nothing can be done directly, and nothing else is wanted
   */
  async connect(options) {
    const { p2p } = inside.options(this);
    const isHybrid = p2p !== undefined && p2p.enabled !== false;
    const loading = isHybrid ? ignorable(import('./hybrid.js')) : undefined; // while it connects
    await super.connect(options);
    if (loading) await (this.#joining ??= this.#join(loading, p2p));
  }

  /**
   * @param {Promise<typeof import('./hybrid.js')>} loading
   * @param {import('./hybrid.js').HybridOptions} [options]
   */
  async #join(loading, options = {}) {
    const over = inside.end(this) ?? AbortSignal.abort();
    onceAborted(over, () => (this.#hybrid = this.#joining = undefined));
    try {
      const hybrid = new (await loading).Hybrid(this, options, over);
      await hybrid.start();
      if (over.aborted) return;
      this.#hybrid = hybrid;
      hybrid.subscribed();
    } catch (cause) {
      const error = /** @type {ClaspError} */ (cause);
      if (over.aborted) return;
      const isWanted = options.fallbackToRouter === false || error.code === 'BAD_OPTION';
      if (!isWanted) return inside.report(this, error);
      super.close();
      throw error;
    }
  }

  /**
   * Its data-channel peers, with `route(address)`; undefined without the option `p2p`, and before connect() has resolved.
   * @returns {import('./hybrid.js').ClientPeers | undefined}
   */
  get p2p() {
    return this.#hybrid?.p2p;
  }

  /** @override */
  close() {
    this.#hybrid?.close();
    super.close();
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
    const session = inside.session(this);
    if (session) subscription.start(session);
    inside.subscriptions(this).add(subscription);
    this.#hybrid?.subscribed(subscription);
    const unsubscribe = () => this.#end(subscription);
    subscription.forget = onceAborted(options.signal, unsubscribe);
    return Object.assign(unsubscribe, { [Symbol.dispose]: unsubscribe });
  }

  /** @param {Subscription} subscription */
  #end(subscription) {
    if (!inside.subscriptions(this).delete(subscription)) return;
    subscription.forget();
    subscription.stop();
    this.#hybrid?.subscribed();
  }

  /**
   * End the subscriptions of a pattern, or that of one handler alone.
   * @param {string} pattern
   * @param {Handler} [handler]
   */
  off(pattern, handler) {
    for (const subscription of inside.subscriptions(this)) {
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
    inside.inflows(this).add(inflow);
    let forget = () => {};
    inflow.left = () => {
      forget();
      off();
      inside.inflows(this).delete(inflow);
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
    const make = (/** @type {ClientSession} */ session) => session.set(address, value, options);
    return this.#hybrid?.set(address, value, options) ?? inside.request(this, make, options.signal);
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
  get(address, options = {}) {
    const make = (/** @type {ClientSession} */ session) => session.get(address);
    return this.#hybrid?.get(address, options) ?? inside.request(this, make, options.signal);
  }

  /**
   * The value of a param as this client saw it last, without asking; undefined when it has seen none. It is kept up to date
   * where a subscription covers it.
   * @param {string} address
   * @returns {any} any: the value
   */
  cached(address) {
    return inside.session(this)?.cached(address);
  }

  // ---- what is not kept -----------------------------------------------------------------------------------------

  /**
   * An event: delivered once to who is subscribed now.
   * @param {string} address
   * @param {Value} [payload]
   * @throws {ClaspError} BAD_ADDRESS, BAD_VALUE_TYPE, TOO_LARGE, QUEUE_FULL, NOT_CONNECTED
   */
  emit(address, payload = null) {
    if (this.#hybrid?.say('emit', address, payload)) return;
    inside.publish(this, address, payload, 'event', { timestamp: this.time() });
  }

  /**
   * One value of many: may be lost where a later one takes its place.
   * @param {string} address
   * @param {Value} value
   * @param {{samples?: number[], rate?: number}} [options] several numbers at once, in place of the value
   * @throws {ClaspError} as emit()
   */
  stream(address, value, options) {
    if (!options && this.#hybrid?.say('stream', address, value)) return;
    inside.publish(this, address, value, 'stream', { ...options, timestamp: this.time() });
  }

  /**
   * @param {string} address
   * @param {number} id of the finger, pen or hand
   * @param {Phase} phase
   * @param {Value} [payload] handlers get it with `phase` and `gestureId` added
   * @throws {ClaspError} as emit(); BAD_OPTION
   */
  gesture(address, id, phase, payload = null) {
    inside.publish(this, address, payload, 'gesture', { id, phase, timestamp: this.time() });
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
    inside.publish(this, address, value, 'timeline', { timestamp: startTime });
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
    if (!(wait_ms > 0)) return inside.request(this, send, signal);
    const over = inside.end(this) ?? AbortSignal.abort();
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
    const made = inside.request(this, (session) => session.announce(namespace, signals), signal);
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
    const found = inside.request(this, (session) => session.query(pattern), signal);
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
    return this.getSignals().filter(({ address }) => inside.use(this).matches(pattern, address));
  }

  /**
   * Have what was written and published before delivered once more, to the subscriptions that match.
   * @param {string} pattern
   * @param {{types?: SignalType[], from?: number, to?: number, limit?: number}} [options] times in microseconds by the router's clock
   * @throws {ClaspError} BAD_PATTERN, NOT_CONNECTED
   */
  replay(pattern, options = {}) {
    inside.use(this).replay(pattern, options);
  }

  /**
   * What carries the signals of data-channel peers by this client's connection: `new ClaspP2P({ signaling: client.signalling() })`
   * needs no session of its own. It ends with the client.
   */
  signalling() {
    return signallingOf(this);
  }
}
