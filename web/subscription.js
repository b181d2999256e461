import { kindOf } from '../js-glue/client-input.js';
import { Throttle } from './throttle.js';

/** @typedef {import('../js-glue/client-session.js').ClientSession} ClientSession */
/** @typedef {import('./clasp.js').Handler} Handler */
/** @typedef {import('./clasp.js').SubscribeOptions} SubscribeOptions */

/** One call of on(), and what it is at the router while there is a session. */
export class Subscription {
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

  /**
   * A value that came another way than from the router.
   * @param {any} value any: what was said
   * @param {string} address
   * @param {import('../js-glue/client-input.js').SignalType} signal
   */
  take(value, address, signal) {
    const { types } = this.#options;
    if (types && !types.includes(signal)) return;
    if (this.#session) this.#session.kind = kindOf(signal);
    this.#throttle.deliver(value, address);
  }

  stop() {
    this.#throttle.stop();
    this.#session?.unsubscribe(this.#id);
    this.#session = undefined;
  }
}
