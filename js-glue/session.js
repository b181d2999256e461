import {
  EFFECT_ADDRESS,
  EFFECT_DELIVER,
  EFFECT_SESSION_ERROR,
  EFFECT_SESSION_STATE,
  FEATURES,
  SESSION_CHECK,
  SESSION_CLOSE,
  SESSION_HURRY,
  SESSION_OPEN,
  SESSION_PUBLISH,
  SESSION_RENEW,
  SESSION_STATE,
  SESSION_SUBSCRIBE,
  SESSION_UNSUBSCRIBE,
  SIGNAL,
  TYPE_EVENT,
} from './abi.gen.js';
import { textOf } from './core.js';
import { ClaspError, check, surface } from './error.js';
import { encodeValue, rawInput, rawValue, valueOf } from './value.js';

/** @typedef {import('./core.js').Core} Core */
/** @typedef {import('./collector.js').Effect} Effect */
/** @typedef {keyof typeof SESSION_STATE} State */
/** @typedef {(value: any, address: string) => void} Handler any: what was published */
/** @typedef {(value: Uint8Array, address: string) => void} RawHandler value: with its type code; yours */

/**
 * @typedef {object} SessionHost
 * @property {(state: State, id: string, error?: ClaspError) => void} turned `id`: of the session, while OPEN; `error`: why not
 * @property {(error: ClaspError) => void} failed a fault that ends nothing; `wireCode` and `address`: of the relay's ERROR message
 */

/**
 * @typedef {object} SessionOptions
 * @property {string} url ws:// or wss://
 * @property {string} [name] as the relay is told
 * @property {string} [token]
 * @property {boolean} [reconnect] come back after a loss; true
 * @property {number} [backoff] milliseconds of the first wait; 0: the core's
 */

const RECONNECT = 1 << 8;
const BACKOFF_SHIFT = 9;
const BACKOFF_MAX_MS = 0x3fffff;

const STATES = /** @type {State[]} */ (Object.keys(SESSION_STATE)); // they count from 0

/**
 * What SESSION_ERROR tells.
 * @param {Effect} effect
 * @param {(result: number, words: string) => ClaspError} make
 */
export function errorOf({ a, b, number, bytes }, make) {
  const error = make(b | 0, textOf(bytes.subarray(number)));
  if (a) error.wireCode = a;
  if (number) error.address = textOf(bytes.subarray(0, number));
  return error;
}

/** One session with a relay. */
export class Session {
  #core;
  #handle;
  /** @type {Map<number, string>} */ #addresses = new Map(); // bounded by the core, which reuses the ids
  /** @type {Map<number, Handler>} */ #handlers = new Map();
  /** @type {Map<number, RawHandler>} */ #raw = new Map();
  #isClosed = false;

  /**
   * @param {Core} core
   * @param {SessionHost} host
   * @param {Record<number, (effect: Effect) => void>} [effects] further ones that are carried out, by kind
   */
  constructor(core, host, effects) {
    this.#core = core;
    this.#handle = check(core.call('session_new'));
    core.own(this.#handle, {
      [EFFECT_SESSION_STATE]: ({ a, b, bytes }) => {
        host.turned(STATES[a], textOf(bytes), b ? ClaspError.of(b | 0) : undefined);
      },
      [EFFECT_SESSION_ERROR]: (effect) => host.failed(errorOf(effect, ClaspError.of)),
      [EFFECT_ADDRESS]: ({ a, bytes }) => void this.#addresses.set(a, textOf(bytes)),
      [EFFECT_DELIVER]: (effect) => this.#deliver(effect),
      ...effects,
    });
  }

  /**
   * One input of the session, by src/wasm/abi.h.
   * @param {number} event SESSION_*
   * @param {number} [a]
   * @param {number} [b]
   * @param {Uint8Array | string} [input]
   * @returns {number} its result
   * @throws {ClaspError} where the result is an error
   */
  input(event, a, b, input) {
    return this.#core.session(this.#handle, event, a, b, input);
  }

  /**
   * The one effect of an input; it is not carried out.
   * @param {number} event SESSION_*
   * @param {Uint8Array | string} input
   * @returns {Effect | undefined}
   * @throws {ClaspError} where the result is an error
   */
  effectOf(event, input) {
    return this.#core.effectOf(this.#handle, event, input);
  }

  /**
   * End a subscription, when no handler is being called: what waits behind may name it, and the core gives its id to another
   * one at once.
   * @param {() => void} action that ends it
   */
  afterDelivery(action) {
    if (!this.#core.isDraining) return action();
    queueMicrotask(() => this.#isClosed || action());
  }

  /**
   * @param {SessionOptions} options
   * @throws {ClaspError} BAD_STATE while open; TOO_LARGE
   */
  open({ url, name = 'clasp-p2p', token = '', reconnect = true, backoff = 0 }) {
    const encoder = new TextEncoder();
    const urlLen = encoder.encode(url).length;
    const nameLen = encoder.encode(name).length;
    if (nameLen > 0xffff) throw new ClaspError('TOO_LARGE');
    const wait_ms = Math.min(Math.max(backoff, 0), BACKOFF_MAX_MS);
    const settings = FEATURES | (reconnect ? RECONNECT : 0) | (wait_ms << BACKOFF_SHIFT);
    this.#core.session(
      this.#handle,
      SESSION_OPEN,
      settings,
      (urlLen << 16) | nameLen,
      url + name + token,
    );
  }

  /** The network has changed: another socket, at once. Reports that come together count as one. */
  renew() {
    this.#core.session(this.#handle, SESSION_RENEW);
  }

  /** Is the socket alive? If nothing is heard soon: renew(). */
  check() {
    this.#core.session(this.#handle, SESSION_CHECK);
  }

  /** The network came back: do not wait out the back-off. */
  hurry() {
    this.#core.session(this.#handle, SESSION_HURRY);
  }

  /** End for good. */
  close() {
    this.#isClosed = true;
    this.#core.session(this.#handle, SESSION_CLOSE);
    this.#core.drain();
    this.#core.disown(this.#handle);
    this.#core.call('session_free', this.#handle);
  }

  /**
   * @param {string} pattern
   * @param {Handler} handler called for every event published to it
   * @returns {number} its id, for unsubscribe()
   * @throws {ClaspError} BAD_PATTERN, LIMIT
   */
  subscribe(pattern, handler) {
    const id = this.#core.session(this.#handle, SESSION_SUBSCRIBE, TYPE_EVENT, 0, pattern);
    this.#handlers.set(id, handler);
    return id;
  }

  /**
   * As subscribe(), with values that are not read.
   * @param {string} pattern
   * @param {RawHandler} handler
   */
  subscribeRaw(pattern, handler) {
    const id = this.input(SESSION_SUBSCRIBE, TYPE_EVENT, 0, pattern);
    this.#raw.set(id, handler);
    return id;
  }

  /** @param {number} id */
  unsubscribe(id) {
    this.#handlers.delete(id);
    this.#raw.delete(id);
    this.afterDelivery(() => void this.input(SESSION_UNSUBSCRIBE, id));
  }

  /**
   * Publish an event; it waits a while for the session to open.
   * @param {string} address
   * @param {unknown} value
   * @throws {ClaspError} BAD_ADDRESS, QUEUE_FULL, and those of encodeValue()
   */
  publish(address, value) {
    const { bytes, addressLen } = encodeValue(address, value);
    this.input(SESSION_PUBLISH, SIGNAL.EVENT, addressLen, bytes);
  }

  /**
   * As publish().
   * @param {string} address
   * @param {Uint8Array} value with its type code
   */
  publishRaw(address, value) {
    const { bytes, addressLen } = rawInput(address, value);
    this.input(SESSION_PUBLISH, SIGNAL.EVENT, addressLen, bytes);
  }

  /** @param {Effect} effect */
  #deliver({ a, b, number, bytes }) {
    const count = b >>> 16;
    const type = b & 0xff;
    const data = bytes.subarray(count * 4);
    const address = this.#addresses.get(a) ?? '';
    for (const id of new Uint32Array(bytes.buffer, bytes.byteOffset, count)) {
      try {
        this.#raw.get(id)?.(rawValue(type, number, data), address);
        this.#handlers.get(id)?.(valueOf(type, number, data), address);
      } catch (cause) {
        surface(cause); // one handler's fault is not the next one's
      }
    }
  }
}
