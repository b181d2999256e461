import { ConferenceHost } from '../js-glue/conference.js';
import { CONFERENCE } from '../js-glue/conference-module.js';
import { Core } from '../js-glue/core.js';
import { Connections, findRtc } from '../js-glue/rtc.js';
import { ClaspError } from './error.js';
import { ignorable } from './promises.js';

/** @typedef {import('../js-glue/conference.js').Peer} Peer */
/** @typedef {import('../js-glue/stats.js').LinkStats} LinkStats */

/**
 * What carries the signals: the application's own, or one of drivers/. The names of either column will do; results are
 * awaited where they are promises. A driver that is an EventTarget may raise `open` and `close` when its way works or not.
 *
 * @typedef {object} Driver
 * @property {(namespace: string[], handler: (message: any) => void) => unknown} [on] any: whatever came
 * @property {(namespace: string[], handler: (message: any) => void) => unknown} [off]
 * @property {(namespace: string[], message: object) => unknown} [emit]
 * @property {(namespace: string[], handler: (message: any) => void) => unknown} [subscribe]
 * @property {(namespace: string[], handler: (message: any) => void) => unknown} [unsubscribe]
 * @property {(namespace: string[], message: object) => unknown} [publish]
 * @property {string} [state] 'open' while its way works; one that has none always does
 * @property {EventTarget['addEventListener']} [addEventListener]
 */

/**
 * @typedef {object} ConferenceOptions
 * @property {Driver} driver
 * @property {RTCIceServer[]} [iceServers] one public STUN server by default; `[]`: none
 * @property {number} [connectionTimeout] seconds for a connection to come about, or to recover; 30; 0: no limit
 * @property {{RTCPeerConnection: import('../js-glue/rtc.js').RtcClass}} [rtc] in place of the page's own
 * @property {RTCConfiguration} [rtcConfig] further members, such as iceTransportPolicy
 */

/**
 * @template {Record<string, any>} Events
 * @typedef {object} Typed listeners that know what they are given; any: by event
 * @property {<K extends keyof Events & string>(type: K, listener: (event: CustomEvent<Events[K]>) => void,
 *   options?: boolean | AddEventListenerOptions) => void} addEventListener
 * @property {<K extends keyof Events & string>(type: K, listener: (event: CustomEvent<Events[K]>) => void,
 *   options?: boolean | EventListenerOptions) => void} removeEventListener
 */

/**
 * @typedef {object} Traits what tells a Sender from a Receiver
 * @property {'SENDER' | 'RECEIVER'} role
 * @property {(options: StartOptions) => string} newId
 * @property {(options: StartOptions) => object} config what the core is told of the options of start()
 * @property {(peer: Peer) => object} detail what every event of a peer says
 */

/**
 * @typedef {object} Life from start() to stop()
 * @property {string} id
 * @property {string} room
 * @property {StartOptions} options kept up to date: a page that comes back from the cache starts with them
 * @property {AbortController} end
 * @property {ConferenceHost} [host] once the core is there
 * @property {boolean} isListening
 * @property {Promise<void>} ready
 */

/** @typedef {{room?: string, signal?: AbortSignal, stream?: MediaStream} & Record<string, any>} StartOptions any: by role */

const DEFAULT_ICE = [{ urls: 'stun:stun.l.google.com:19302' }];

/** The names of a driver's functions: ours, and others that will do. */
const ALIAS = /** @type {const} */ ({ on: 'subscribe', off: 'unsubscribe', emit: 'publish' });

/** A random id: crypto.randomUUID() is there in secure contexts alone. */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40; // version 4
  bytes[8] = (bytes[8] & 0x3f) | 0x80; // RFC 9562's variant
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/**
 * For Sender and Receiver: act on the running conference, at once where that is possible.
 * @template T
 * @type {<T>(conference: Conference, action: (host: ConferenceHost, options: StartOptions) => T) => T | Promise<T>}
 */
export let act;

/** What Sender and Receiver share: one life at a time, the driver, the events. */
export class Conference extends EventTarget {
  #options;
  #traits;
  /** @type {Life | undefined} */ #life;

  static {
    act = (conference, action) => {
      const life = conference.#life;
      if (!life) throw new ClaspError('BAD_STATE', 'not started');
      const run = () => action(/** @type {ConferenceHost} */ (life.host), life.options);
      return life.isListening ? run() : ignorable(life.ready.then(run));
    };
  }

  /**
   * @param {ConferenceOptions & Record<string, any>} options any: by role
   * @param {Traits} traits
   * @throws {ClaspError} BAD_OPTION
   */
  constructor(options, traits) {
    super();
    for (const [name, alias] of Object.entries(ALIAS)) {
      const driver = /** @type {Record<string, unknown>} */ (options?.driver ?? {});
      if (typeof (driver[name] ?? driver[alias]) === 'function') continue;
      throw new ClaspError(
        'BAD_OPTION',
        `driver: an object with on(), off() and emit(); ${name}() is missing`,
      );
    }
    this.#options = options;
    this.#traits = traits;
    ignorable(Core.load(CONFERENCE)); // early; start() says what went wrong
  }

  /** The own id; undefined while not started. */
  get id() {
    return this.#life?.id;
  }

  /** The room; undefined while not started. */
  get room() {
    return this.#life?.room;
  }

  /** True from start() to stop(). */
  get started() {
    return this.#life !== undefined;
  }

  /**
   * Those with a connection, or on the way to one, by id.
   * @returns {ReadonlyMap<string, Peer>}
   */
  get peers() {
    return this.#life?.host?.peers ?? new Map();
  }

  /**
   * @param {StartOptions} options
   * @returns {Promise<void>}
   */
  start(options) {
    return ignorable(this.#start(options));
  }

  /** Close all connections, with a goodbye. Idempotent; raises a last `dispose` for each peer, and nothing after. */
  stop() {
    const life = this.#life;
    this.#life = undefined;
    if (!life) return;
    life.end.abort();
    life.host?.stop();
    for (const namespace of this.#namespaces(life)) this.#drive('off', namespace, this.#signalled);
  }

  [Symbol.dispose]() {
    this.stop();
  }

  /**
   * Let one peer go, with a goodbye. It may come back by itself.
   * @param {string} id
   */
  disconnect(id) {
    this.#life?.host?.disconnect(id);
  }

  /**
   * Send over the data channels. Messages wait while a channel is not open, `queueSize` of them for each peer; the oldest
   * one goes first.
   *
   * @param {string | Blob | ArrayBuffer | ArrayBufferView} data not to be changed before the promise is settled
   * @param {string} [id] all peers when missing
   * @returns {Promise<number>} resolved with the number of peers that it was handed to; rejected when to none, with
   *   QUEUE_FULL, PEER_GONE, TOO_LARGE, NOT_CONNECTED, BAD_STATE or BAD_OPTION. May be ignored
   */
  send(data, id) {
    return ignorable(this.#act((host) => host.send(data, id)));
  }

  /**
   * How the connection with a peer does.
   * @param {string} id
   * @returns {Promise<LinkStats>} bit rates are those since the previous call for that peer
   * @throws {ClaspError} NOT_CONNECTED, BAD_STATE
   */
  stats(id) {
    return this.#act((host) => host.stats(id));
  }

  /**
   * @template T
   * @param {(host: ConferenceHost) => Promise<T>} action
   */
  async #act(action) {
    return act(this, action);
  }

  /** @param {StartOptions} options */
  async #start(options = {}) {
    const { room = '', signal } = options;
    if (this.#life) throw this.#fail(new ClaspError('BAD_STATE', 'it is started already'));
    if (typeof room !== 'string') throw this.#fail(new ClaspError('BAD_OPTION', 'room: a string'));
    if (signal?.aborted)
      throw this.#fail(new ClaspError('ABORTED', undefined, { cause: signal.reason }));
    /** @type {Life} */
    const life = {
      id: this.#traits.newId(options),
      room: room || 'default',
      options: { ...options },
      end: new AbortController(),
      isListening: false,
      ready: Promise.resolve(),
    };
    this.#life = life;
    signal?.addEventListener('abort', () => this.stop(), { signal: life.end.signal });
    this.#leaveWithThePage(life);
    life.ready = ignorable(this.#begin(life));
    return life.ready.catch((error) => {
      if (this.#life !== life) throw new ClaspError('ABORTED', 'stopped before it listened');
      this.#fail(error);
      this.stop();
      throw error;
    });
  }

  /** @param {Life} life */
  async #begin(life) {
    // All at once: the driver finds its way, and the first connection is made, while the core is being loaded.
    const [core, connections] = await Promise.all([
      Core.load(CONFERENCE),
      this.#connections(life),
      ...this.#namespaces(life).map((namespace) => this.#drive('on', namespace, this.#signalled)),
    ]);
    if (this.#life !== life) throw new ClaspError('ABORTED');
    const options = this.#hostOptions(life, connections);
    const host = (life.host = new ConferenceHost(core, this.#traits.role, options));
    const { connectionTimeout, pingInterval, pingAttempts, queueSize } = this.#options;
    const settings = { connectionTimeout, pingInterval, pingAttempts, queueSize };
    host.start({ id: life.id, ...settings, ...this.#traits.config(life.options) });
    life.isListening = true;
    this.#followDriver(life, host, connections);
  }

  /** @param {Life} life */
  async #connections({ options, end }) {
    const { rtc, iceServers = DEFAULT_ICE, rtcConfig } = this.#options;
    const { audioBitrate, videoBitrate, codecs } = this.#options;
    const outgoing = { stream: () => options.stream, audioBitrate, videoBitrate, codecs };
    const config = { iceServers, ...rtcConfig };
    return new Connections(await findRtc(rtc), config, outgoing, end.signal);
  }

  /**
   * @param {Life} life
   * @param {Connections} connections
   * @returns {import('../js-glue/conference.js').HostOptions}
   */
  #hostOptions({ room }, connections) {
    const { verify } = this.#options;
    const other = this.#traits.role === 'SENDER' ? 'receiver' : 'sender';
    return {
      connections,
      verify,
      emit: (to, message) => this.#drive('emit', to ? [other, room, to] : [other, room], message),
      raise: (type, peer, extra) => this.#raise(type, { ...this.#traits.detail(peer), ...extra }),
      fail: (error, id) => this.#fail(error, id),
    };
  }

  /**
   * @param {Life} life
   * @param {ConferenceHost} host
   * @param {Connections} connections the first is made after the first signals have left: they have the longer way
   */
  #followDriver({ end: { signal } }, host, connections) {
    const { driver } = this.#options;
    const opened = () => {
      host.signalling(true);
      connections.prepare();
    };
    if (driver.state === undefined || driver.state === 'open') connections.prepare();
    else host.signalling(false);
    driver.addEventListener?.('open', opened, { signal });
    driver.addEventListener?.('close', () => host.signalling(false), { signal });
  }

  /**
   * A page that goes says so; one that comes back from the cache starts again.
   * @param {Life} life
   */
  #leaveWithThePage({ end, options }) {
    if (typeof document === 'undefined') return;
    const leave = (/** @type {PageTransitionEvent} */ { persisted }) => {
      this.stop();
      const comeBack = () => this.started || options.signal?.aborted || this.start(options);
      if (persisted) addEventListener('pageshow', comeBack, { once: true });
    };
    addEventListener('pagehide', leave, { signal: end.signal });
  }

  /** @param {Life} life */
  #namespaces({ room, id }) {
    const own = this.#traits.role.toLowerCase();
    return [
      [own, room],
      [own, room, id],
    ];
  }

  /** One function for both namespaces. @param {unknown} message */
  #signalled = (message) => {
    this.#life?.host?.signal(message);
  };

  /**
   * Call the driver. Its faults are events: whatever it lost is repeated.
   * @param {keyof typeof ALIAS} name
   * @param {string[]} namespace
   * @param {any} argument any: by function
   */
  async #drive(name, namespace, argument) {
    const { driver } = this.#options;
    try {
      await (driver[name] ?? driver[ALIAS[name]])?.call(driver, namespace, argument);
    } catch (cause) {
      if (this.#life)
        this.#fail(new ClaspError('DRIVER', `the driver's ${name}() failed: ${cause}`, { cause }));
    }
  }

  /**
   * @param {ClaspError} error
   * @param {string} [id]
   */
  #fail(error, id) {
    this.#raise('error', id ? { id, error } : { error });
    return error;
  }

  /**
   * @param {string} type
   * @param {object} detail
   */
  #raise(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/**
 * Conference with typed events, to be extended.
 * @template {Record<string, any>} Events
 * @typedef {new (...args: ConstructorParameters<typeof Conference>) => Typed<Events> & Conference} TypedConference
 */
