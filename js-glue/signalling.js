import { keepAlive } from './network.js';
import { refusal } from './refusal.js';
import { Session } from './session.js';

/** @typedef {import('./core.js').Core} Core */
/** @typedef {import('./error.js').ClaspError} ClaspError */
/** @typedef {import('./session.js').RawHandler} RawHandler */
/** @typedef {import('./session.js').SessionOptions} SessionOptions */
/** @typedef {(session: string, error?: ClaspError) => void} StateListener session: its id, '' when it is open no longer; error: why */
/** @typedef {(address: string, code: number) => void} RefusalListener code: of the router's ERROR message */

/**
 * What carries the signals of data-channel peers: a session with a router, which may be lost and come back under another id.
 * Values are handed on as they are on the wire, with their type code.
 *
 * @typedef {object} Signalling
 * @property {string} session its id; '' while it is not open
 * @property {boolean} connected
 * @property {(pattern: string, handler: RawHandler) => () => void} subscribe to events, also across losses; returns what ends it.
 *   Throws BAD_PATTERN, LIMIT, NOT_CONNECTED
 * @property {(address: string, value: Uint8Array) => void} publish an event without a timestamp; it waits a while for the session.
 *   Throws BAD_ADDRESS, TOO_LARGE, QUEUE_FULL, NOT_CONNECTED
 * @property {(listener: StateListener) => () => void} onState returns what ends it
 * @property {(listener: RefusalListener) => () => void} onRefused told when the router refuses what was published at an address;
 *   returns what ends it
 * @property {() => void} [renew] the network has changed: connect anew, at once; a call soon after another one does nothing
 * @property {() => void} [check] is the connection alive? where nothing is heard soon: renew()
 */

/** True for a signal to a session that the router does not know: its sender alone is concerned. @param {ClaspError} error */
export const isAboutSignal = ({ wireCode, address = '' }) =>
  wireCode === 404 && address.startsWith('/clasp/p2p/signal/');

/**
 * Listeners of one kind.
 * @template {unknown[]} T
 */
export class Listeners {
  /** @type {Set<(...args: T) => void>} */ #all = new Set();

  /** @param {(...args: T) => void} listener */
  add = (listener) => {
    const own = (/** @type {T} */ ...args) => listener(...args); // one that is added twice is called twice
    this.#all.add(own);
    return () => void this.#all.delete(own);
  };

  /** @param {T} args */
  tell(...args) {
    for (const listener of [...this.#all]) listener(...args);
  }

  get size() {
    return this.#all.size;
  }
}

/**
 * Signalling by a session of its own.
 * @implements {Signalling}
 */
export class SessionSignalling {
  #session;
  #id = '';
  /** @type {Listeners<[session: string, error?: ClaspError]>} */ #states = new Listeners();
  /** @type {Listeners<[address: string, code: number]>} */ #refusals = new Listeners();
  #end = new AbortController();

  onState = this.#states.add;
  onRefused = this.#refusals.add;

  /**
   * @param {Core} core with the page's module, or the peers'
   * @param {SessionOptions} options
   * @param {(error: ClaspError) => void} failed told of a fault that ends nothing
   * @throws {ClaspError} TOO_LARGE, LIMIT
   */
  constructor(core, options, failed) {
    this.#session = new Session(core, {
      turned: (state, id, error) => {
        const before = this.#id;
        this.#id = state === 'OPEN' ? id : '';
        if (this.#id !== before || error) this.#states.tell(this.#id, error);
      },
      failed: (error) => this.#failed(error, failed),
    });
    this.#session.open(options);
    keepAlive(this.#session, this.#end.signal);
  }

  /** @param {ClaspError} error @param {(error: ClaspError) => void} failed */
  #failed(error, failed) {
    const { address, wireCode, message } = error;
    if (address && wireCode) this.#refusals.tell(address, wireCode);
    if (isAboutSignal(error)) return;
    failed(wireCode ? Object.assign(refusal(wireCode, message), { address }) : error);
  }

  get session() {
    return this.#id;
  }

  get connected() {
    return this.#id !== '';
  }

  /** @param {string} pattern @param {RawHandler} handler */
  subscribe(pattern, handler) {
    const id = this.#session.subscribeRaw(pattern, handler);
    return () => this.#session.unsubscribe(id);
  }

  /** @param {string} address @param {Uint8Array} value */
  publish(address, value) {
    this.#session.publishRaw(address, value);
  }

  renew() {
    this.#session.renew();
  }

  check() {
    this.#session.check();
  }

  /** End the session for good. Nothing is told after it returns. */
  close() {
    this.#end.abort();
    this.#session.close();
  }
}
