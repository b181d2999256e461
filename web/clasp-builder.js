import { Clasp } from './clasp.js';

/** @typedef {import('./clasp.js').ClaspOptions} ClaspOptions */
/** @typedef {import('./clasp.js').SignalType} SignalType */

/**
 * Puts a client together, step by step; each step gives the builder back.
 * @example
 * const client = await new ClaspBuilder('ws://localhost:7330').name('desk').reconnect(true).connect();
 */
export class ClaspBuilder {
  #url;
  /** @type {ClaspOptions} */ #options = {};

  /** @param {string} url of the router, ws:// or wss:// */
  constructor(url) {
    this.#url = url;
  }

  /** @param {ClaspOptions} options */
  #with(options) {
    Object.assign(this.#options, options);
    return this;
  }

  /** @param {string} name as the router is told */
  name(name) {
    return this.#with({ name });
  }

  /** @param {string} name the same as name() */
  withName(name) {
    return this.name(name);
  }

  /** @param {SignalType[]} features */
  features(features) {
    return this.#with({ features });
  }

  /** @param {SignalType[]} features the same as features() */
  withFeatures(features) {
    return this.features(features);
  }

  /** @param {string} token that the router asks for */
  token(token) {
    return this.#with({ token });
  }

  /** @param {string} token the same as token() */
  withToken(token) {
    return this.token(token);
  }

  /** @param {boolean} enabled come back by itself after a loss */
  reconnect(enabled) {
    return this.#with({ reconnect: enabled });
  }

  /**
   * @param {boolean} enabled
   * @param {number} [interval] milliseconds of the first wait
   */
  withReconnect(enabled, interval) {
    this.reconnect(enabled);
    return interval === undefined ? this : this.reconnectInterval(interval);
  }

  /** @param {number} interval milliseconds of the first wait, which grows from try to try */
  reconnectInterval(interval) {
    return this.#with({ reconnectInterval: interval });
  }

  /**
   * Let messages to `/peer/{id}/…` go directly where that peer is connected.
   * @param {import('./hybrid.js').HybridOptions} [options]
   */
  withP2P(options = {}) {
    return this.#with({ p2p: options });
  }

  getUrl() {
    return this.#url;
  }

  getName() {
    return this.#options.name;
  }

  getFeatures() {
    return this.#options.features;
  }

  getToken() {
    return this.#options.token;
  }

  getReconnect() {
    return this.#options.reconnect;
  }

  getReconnectInterval() {
    return this.#options.reconnectInterval;
  }

  /** A copy of what was chosen so far. */
  getOptions() {
    return { ...this.#options };
  }

  /**
   * The client, not yet connected.
   * @throws {import('./error.js').ClaspError} BAD_OPTION
   */
  build() {
    return new Clasp(this.#url, this.#options);
  }

  /**
   * @param {{timeout?: number, signal?: AbortSignal}} [options]
   * @returns {Promise<Clasp>} connected
   * @throws {import('./error.js').ClaspError} as Clasp.connect(); BAD_OPTION
   */
  async connect(options) {
    const client = this.build();
    await client.connect(options);
    return client;
  }
}
