import {
  BUNDLE,
  EFFECT_ADDRESS,
  EFFECT_CLOCK,
  EFFECT_DELIVER,
  EFFECT_PARAM,
  EFFECT_RESULT,
  EFFECT_SESSION_ERROR,
  EFFECT_SETTLED,
  PHASE,
  SESSION_ANNOUNCE,
  SESSION_BUNDLE,
  SESSION_CACHED,
  SESSION_FLUSH,
  SESSION_GET,
  SESSION_MATCH,
  SESSION_OPEN,
  SESSION_PUBLISH,
  SESSION_QUERY,
  SESSION_REPLAY,
  SESSION_SET,
  SESSION_SUBSCRIBE,
  SESSION_UNSUBSCRIBE,
  SIGNAL,
  TYPE_EVENT,
  VALUE,
} from './abi.gen.js';
import {
  HAS_ID,
  HAS_RATE,
  HAS_SAMPLES,
  HAS_TIMESTAMP,
  HAS_VALUE,
  PHASES,
  U32,
  addSetOptions,
  integer,
  microseconds,
  optional,
  signalCode,
  typeMask,
} from './client-input.js';
import { now } from './clock.js';
import { textOf } from './core.js';
import { ClaspError, surface } from './error.js';
import { soon } from './microtask.js';
import { refusal } from './refusal.js';
import { Session, errorOf } from './session.js';
import {
  addF64,
  addSamples,
  addU32,
  addU64,
  addValue,
  beginInput,
  decodeValue,
  endInput,
  rawInput,
  rawValue,
  valueOf,
} from './value.js';

/** @typedef {import('./core.js').Core} Core */
/** @typedef {import('./collector.js').Effect} Effect */
/** @typedef {import('./session.js').SessionHost} SessionHost */
/** @typedef {import('./session.js').Handler} Handler */
/** @typedef {import('./session.js').RawHandler} RawHandler */
/** @typedef {import('./client-input.js').PublishOptions} PublishOptions */
/** @typedef {import('./client-input.js').SetOptions} SetOptions */
/** @typedef {import('./client-input.js').SignalDefinition} SignalDefinition */
/** @typedef {import('./client-input.js').SignalType} SignalType */
/** @typedef {import('./client-input.js').SubscribeOptions} SubscribeOptions */

/**
 * @typedef {object} ClientOptions
 * @property {string} url ws:// or wss://
 * @property {string} name as the router is told
 * @property {string} token '': none
 * @property {number} features bits, by FEATURE_BITS
 * @property {boolean} reconnect come back after a loss
 * @property {number} backoff milliseconds of the first wait; 0: the core's
 */

/** What waits for an answer. Nobody has to look at a rejection. */
class Request {
  /** @type {(result: any) => void} any: by request */ resolve = () => {};
  /** @type {(error: unknown) => void} */ #reject = () => {};

  /** @param {SignalDefinition[]} [found] so far, by a query */
  constructor(found) {
    this.found = found;
    /** @type {Promise<any>} any: by request */
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.#reject = reject;
    });
  }

  /** @param {unknown} error */
  reject(error) {
    this.promise.catch(() => {});
    this.#reject(error);
  }
}

const SECRET_LEN = 16;
const BACKOFF_MAX_MS = 0x3fffff;

/** A gesture's value holds its phase and id, as the other makes of CLASP clients have it. @param {unknown} value */
function gestureValue(value, /** @type {number} */ phase, /** @type {number} */ id) {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  const own = isMap && !ArrayBuffer.isView(value) ? value : value === null ? {} : { value };
  return { ...own, phase: PHASES[phase] ?? 'start', gestureId: id };
}

/** One client's session with a router, and what it waits for. */
export class ClientSession {
  #session;
  /** @type {Map<number, string>} */ #addresses = new Map(); // bounded by the core, which reuses the ids
  /** @type {Map<number, Handler>} */ #handlers = new Map();
  /** @type {Map<number, RawHandler>} */ #raw = new Map();
  /** @type {Map<number, Request>} */ #waiting = new Map();
  #ticket = 0;
  #offset_us = 0;
  #isFlushing = false;
  #isClosed = false;

  /** Of the last exchange of clocks, in microseconds. */
  roundTrip_us = 0;
  jitter_us = 0;
  /**
   * While handlers are called: the kind of the value, of which a newer one may take the place of an older one at its address. 0:
   * each one counts.
   */
  kind = 0;

  /**
   * @param {Core} core with the client's module
   * @param {SessionHost} host
   */
  constructor(core, host) {
    this.#session = new Session(core, host, {
      [EFFECT_ADDRESS]: ({ a, bytes }) => void this.#addresses.set(a, textOf(bytes)),
      [EFFECT_DELIVER]: (effect) => this.#deliver(effect),
      [EFFECT_SETTLED]: (effect) => this.#settled(effect),
      [EFFECT_PARAM]: ({ a, b, number, bytes }) =>
        this.#take(a)?.resolve(valueOf(b, number, bytes)),
      [EFFECT_RESULT]: ({ a, bytes }) =>
        this.#waiting
          .get(a)
          ?.found?.push(.../** @type {SignalDefinition[]} */ (decodeValue(VALUE.ARRAY, bytes))),
      [EFFECT_CLOCK]: ({ a, b, number }) => {
        this.roundTrip_us = a;
        this.jitter_us = b;
        this.#offset_us = number;
      },
      [EFFECT_SESSION_ERROR]: (effect) => {
        const make = (/** @type {number} */ result, /** @type {string} */ words) =>
          effect.a ? refusal(effect.a, words) : ClaspError.of(result, words);
        host.failed(errorOf(effect, make));
      },
    });
  }

  /**
   * @param {ClientOptions} options
   * @throws {ClaspError} BAD_STATE while open; TOO_LARGE
   */
  open({ url, name, token, features, reconnect, backoff }) {
    const encoder = new TextEncoder();
    const parts = [url, name].map((text) => encoder.encode(text));
    if (parts.some((part) => part.length > 0xffff)) throw new ClaspError('TOO_LARGE');
    const secret = crypto.getRandomValues(new Uint8Array(SECRET_LEN));
    const input = join([...parts, secret, encoder.encode(token)]);
    const wait_ms = Math.min(Math.max(backoff, 0), BACKOFF_MAX_MS);
    const settings = features | (Number(reconnect) << 8) | (wait_ms << 9);
    this.#session.input(SESSION_OPEN, settings, (parts[0].length << 16) | parts[1].length, input);
  }

  /**
   * An input that may have sent something: it leaves with what else is sent in this turn.
   * @param {number} event SESSION_*
   * @param {number} a
   * @param {number} b
   * @param {Uint8Array | string} input
   */
  #send(event, a, b, input) {
    const result = this.#session.input(event, a, b, input);
    if (!this.#isFlushing) {
      this.#isFlushing = true;
      soon(this.#flush);
    }
    return result;
  }

  #flush = () => {
    this.#isFlushing = false;
    if (!this.#isClosed) this.#session.input(SESSION_FLUSH);
  };

  /** As Session.renew(). */
  renew() {
    this.#session.renew();
  }

  /** As Session.check(). */
  check() {
    this.#session.check();
  }

  /** The network came back: do not wait out the back-off. */
  hurry() {
    this.#session.hurry();
  }

  /** End for good; what waits is refused with NOT_CONNECTED. */
  close() {
    this.#isClosed = true;
    this.#session.close();
  }

  /** Microseconds since the epoch by the router's clock. */
  time = () => now() + this.#offset_us;

  // ---- subscriptions --------------------------------------------------------------------------------------------

  /**
   * @param {string} pattern
   * @param {Handler} handler
   * @param {SubscribeOptions} options
   * @returns {number} its id, for unsubscribe()
   * @throws {ClaspError} BAD_PATTERN, LIMIT, BAD_OPTION
   */
  subscribe(pattern, handler, { types, maxRate, epsilon, history, window }) {
    const { flags, add } = optional([
      [maxRate && integer('maxRate', Math.ceil(maxRate), U32 - 1), 1, addU32],
      [epsilon, 2, addF64],
      [history && integer('history', history, U32 - 1), 4, addU32],
      [window && integer('window', window, U32 - 1), 8, addU32],
    ]);
    const mask = typeMask(types);
    const patternLen = beginInput(pattern);
    add();
    const id = this.#send(SESSION_SUBSCRIBE, mask | (flags << 8), patternLen, endInput());
    this.#handlers.set(id, handler);
    return id;
  }

  /**
   * Subscribe to events whose values are not read.
   * @param {string} pattern
   * @param {RawHandler} handler
   * @returns {number} its id, for unsubscribe()
   * @throws {ClaspError} BAD_PATTERN, LIMIT
   */
  subscribeRaw(pattern, handler) {
    const patternLen = beginInput(pattern);
    const id = this.#send(SESSION_SUBSCRIBE, TYPE_EVENT, patternLen, endInput());
    this.#raw.set(id, handler);
    return id;
  }

  /** @param {number} id */
  unsubscribe(id) {
    this.#handlers.delete(id);
    this.#raw.delete(id);
    this.#session.afterDelivery(() => this.#send(SESSION_UNSUBSCRIBE, id, 0, ''));
  }

  // ---- writing --------------------------------------------------------------------------------------------------

  /**
   * @param {string} address
   * @param {unknown} value
   * @param {SetOptions} options
   * @returns {Promise<number>} the revision. The caller sees to it that a rejection may be ignored
   * @throws {ClaspError} at once: BAD_ADDRESS, TOO_LARGE, BAD_VALUE_TYPE, QUEUE_FULL, BAD_OPTION
   */
  set(address, value, options) {
    return this.#ask((ticket) => this.#set(ticket, address, value, options));
  }

  /**
   * @param {string} address
   * @param {unknown} value
   * @param {SignalType} signal
   * @param {PublishOptions} options
   * @throws {ClaspError} BAD_ADDRESS, TOO_LARGE, BAD_VALUE_TYPE, QUEUE_FULL, BAD_OPTION
   */
  publish(address, value, signal, { id, phase, timestamp, samples, rate }) {
    const phaseCode = phase === undefined ? 0 : PHASES.indexOf(phase);
    if (phaseCode < 0) throw new ClaspError('BAD_OPTION', `"${phase}" is no phase of a gesture`);
    const { flags, add } = optional([
      [id && integer('id', id, U32 - 1), HAS_ID, addU32],
      [timestamp, HAS_TIMESTAMP, (time) => addU64(microseconds('timestamp', time))],
      [rate && integer('rate', rate, U32 - 1), HAS_RATE, addU32],
    ]);
    const addressLen = beginInput(address);
    if (samples) addSamples(samples);
    else addValue(value);
    add();
    const all = flags | (samples ? HAS_SAMPLES : HAS_VALUE);
    const a = signalCode(signal) | (phaseCode << 8) | (all << 16);
    this.#send(SESSION_PUBLISH, a, addressLen, endInput());
  }

  /**
   * Publish an event without a timestamp.
   * @param {string} address
   * @param {Uint8Array} value with its type code
   * @throws {ClaspError} BAD_ADDRESS, TOO_LARGE, QUEUE_FULL, and those of a value
   */
  publishRaw(address, value) {
    const { bytes, addressLen } = rawInput(address, value);
    this.#send(SESSION_PUBLISH, SIGNAL.EVENT | (HAS_VALUE << 16), addressLen, bytes);
  }

  /**
   * All or nothing.
   * @param {() => void} fill calls set() of the given writer, and publish()
   * @param {number} [timestamp] microseconds, for those that receive it
   * @returns {Promise<number>} the revision of the last SET
   * @throws {ClaspError} as set() and publish(), BAD_OPTION; nothing is sent then
   */
  bundle(fill, timestamp) {
    const time = timestamp === undefined ? undefined : microseconds('at', timestamp);
    this.#session.input(SESSION_BUNDLE, BUNDLE.BEGIN);
    try {
      fill();
      return this.#ask((ticket) => {
        beginInput('');
        if (time !== undefined) addU64(time);
        this.#send(SESSION_BUNDLE, BUNDLE.END, ticket, endInput());
      });
    } catch (error) {
      this.#session.input(SESSION_BUNDLE, BUNDLE.DROP);
      throw error;
    }
  }

  /** A SET as a member of the bundle that is being filled. @type {(address: string, value: unknown, options: SetOptions) => void} */
  put = (address, value, options) => this.#set(0, address, value, options);

  /** @type {(ticket: number, address: string, value: unknown, options: SetOptions) => void} */
  #set(ticket, address, value, options) {
    const addressLen = beginInput(address);
    addValue(value);
    const flags = addSetOptions(options);
    this.#send(SESSION_SET, ticket, addressLen | (flags << 16), endInput());
  }

  // ---- asking ---------------------------------------------------------------------------------------------------

  /** @param {string} address @returns {Promise<any>} any: the value */
  get(address) {
    return this.#ask((ticket) => this.#send(SESSION_GET, ticket, 0, address));
  }

  /** @param {string} pattern @returns {Promise<SignalDefinition[]>} */
  query(pattern) {
    return this.#ask((ticket) => this.#send(SESSION_QUERY, ticket, 0, pattern), []);
  }

  /** @param {string} namespace @param {SignalDefinition[]} signals @returns {Promise<number>} */
  announce(namespace, signals) {
    return this.#ask((ticket) => {
      const namespaceLen = beginInput(namespace);
      addValue(signals);
      this.#send(SESSION_ANNOUNCE, ticket, namespaceLen, endInput());
    });
  }

  /**
   * Have what was written before delivered once more to the subscriptions that match.
   * @param {string} pattern
   * @param {{types?: SignalType[], from?: number, to?: number, limit?: number}} options times in microseconds
   * @throws {ClaspError} BAD_PATTERN, NOT_CONNECTED, BAD_OPTION
   */
  replay(pattern, { types, from, to, limit }) {
    const { flags, add } = optional([
      [from, 1, (time) => addU64(microseconds('from', time))],
      [to, 2, (time) => addU64(microseconds('to', time))],
      [limit && integer('limit', limit, U32 - 1), 4, addU32],
    ]);
    const mask = typeMask(types);
    const patternLen = beginInput(pattern);
    add();
    this.#send(SESSION_REPLAY, mask | (flags << 8), patternLen, endInput());
  }

  /** The value last seen of a param, undefined where none is kept. @param {string} address @returns {any} any: the value */
  cached(address) {
    const found = this.#session.effectOf(SESSION_CACHED, address);
    return found && valueOf(found.b, found.number, found.bytes);
  }

  /**
   * @param {string} pattern
   * @param {string} address
   * @returns {boolean}
   * @throws {ClaspError} BAD_PATTERN, BAD_ADDRESS
   */
  matches(pattern, address) {
    const { length } = new TextEncoder().encode(pattern);
    return this.#session.input(SESSION_MATCH, length, 0, pattern + address) === 1;
  }

  /**
   * Make a request that is settled later.
   * @param {(ticket: number) => void} send throws where nothing is sent
   * @param {SignalDefinition[]} [found] where what is found is gathered
   * @returns {Promise<any>} any: by request
   */
  #ask(send, found) {
    const ticket = (this.#ticket = (this.#ticket + 1) % U32 || 1);
    const request = new Request(found);
    this.#waiting.set(ticket, request);
    try {
      send(ticket);
    } catch (error) {
      this.#waiting.delete(ticket);
      request.reject(error);
    }
    return request.promise;
  }

  /** @param {number} ticket */
  #take(ticket) {
    const waiting = this.#waiting.get(ticket);
    this.#waiting.delete(ticket);
    return waiting;
  }

  /** @param {Effect} effect */
  #settled({ a, b, number, bytes }) {
    const waiting = this.#take(a);
    const result = b | 0;
    if (result === 0) return waiting?.resolve(waiting.found ?? number);
    const words = textOf(bytes);
    const error = ClaspError.of(result, words);
    waiting?.reject(error.code === 'RELAY_REFUSED' && number ? refusal(number, words) : error);
  }

  /**
   * To those that take it as it is; only events go to them.
   * @param {Effect} effect
   * @param {number} count of its subscriptions
   * @returns {number} of them
   */
  #deliverRaw(effect, count) {
    let served = 0;
    for (let i = 0; i < count; i++) {
      const handler = this.#raw.get(effect.word(i));
      if (!handler) continue;
      served++;
      try {
        const value = rawValue(effect.b & 0xff, effect.number, effect.bytes.subarray(count * 4));
        handler(value, this.#addresses.get(effect.a) ?? '');
      } catch (cause) {
        surface(cause); // one handler's fault is not the next one's
      }
    }
    return served;
  }

  /** @param {Effect} effect */
  #deliver(effect) {
    const { a, b, number } = effect;
    const count = b >>> 16;
    const type = b & 0xff;
    const signal = (b >>> 8) & 0xff;
    const isGesture = signal === SIGNAL.GESTURE;
    const head = isGesture ? count + 2 : count; // words before the value's data
    if (this.#raw.size > 0 && this.#deliverRaw(effect, count) === count) return;
    let value = valueOf(type, number, effect.bytes.subarray(head * 4));
    this.kind = signal === SIGNAL.PARAM || signal === SIGNAL.STREAM ? signal + 1 : 0;
    if (isGesture) {
      const phase = effect.word(count + 1) & 0xff;
      const id = effect.word(count);
      this.kind = phase === PHASE.MOVE ? U32 + id : 0;
      value = gestureValue(value, phase, id);
    }
    const address = this.#addresses.get(a) ?? '';
    for (let i = 0; i < count; i++) {
      try {
        this.#handlers.get(effect.word(i))?.(value, address);
      } catch (cause) {
        surface(cause); // one handler's fault is not the next one's
      }
    }
  }
}

/** @param {Uint8Array[]} parts */
function join(parts) {
  const all = new Uint8Array(parts.reduce((len, part) => len + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
