/** @typedef {import('./rtc.js').RtcClass} RtcClass */
/** @typedef {RTCConfiguration | (() => RTCConfiguration | Promise<RTCConfiguration>)} RtcConfig */

/**
 * Makes the connections of one application, the next one ahead of its use: a browser takes a while for the certificate.
 * Nothing is gathered or sent before a connection is used.
 */
export class PeerConnections {
  #Class;
  #config;
  #more;
  #isOver = false;
  /** @type {RTCPeerConnection | undefined} */ #spare;
  /** The one that was taken last. @type {RTCPeerConnection | undefined} */ #latest;

  /**
   * @param {RtcClass} Class
   * @param {RtcConfig} config a function is called for each connection, and again before each ICE restart
   * @param {RTCConfiguration} [more] members that count more
   */
  constructor(Class, config, more) {
    this.#Class = Class;
    this.#config = config;
    this.#more = more;
  }

  /** @param {RTCConfiguration} [config] */
  #make(config) {
    return new this.#Class({ ...config, ...this.#more });
  }

  /** Make one, unless one is there. It takes some milliseconds, for which no set-up is to wait: whoever ends one calls this again. */
  prepare() {
    const isSettingUp = /new|connecting/.test(this.#latest?.connectionState ?? '');
    if (this.#spare || this.#isOver || isSettingUp) return;
    this.#latest = undefined;
    try {
      const { renew } = this;
      this.#spare = this.#make(renew ? undefined : /** @type {RTCConfiguration} */ (this.#config));
      this.#spare.createOffer().catch(() => {}); // for what it looks up
    } catch {
      // The first peer's own will fail as well, and be reported.
    }
  }

  /** @returns {RTCPeerConnection} not used yet; the caller's. To be renewed first, where there is renew() */
  take() {
    const connection =
      this.#spare ??
      this.#make(this.renew ? undefined : /** @type {RTCConfiguration} */ (this.#config));
    this.#spare = undefined;
    this.#latest = connection;
    return connection;
  }

  /** Give a connection the present configuration; undefined: there is only one. */
  get renew() {
    const config = this.#config;
    return typeof config !== 'function'
      ? undefined
      : async (/** @type {RTCPeerConnection} */ connection) =>
          connection.setConfiguration({ ...(await config()), ...this.#more });
  }

  /** What was made ahead is closed, and nothing is made ahead any more. */
  close() {
    this.#isOver = true;
    this.#spare?.close();
    this.#spare = this.#latest = undefined;
  }
}
