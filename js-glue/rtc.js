import { ClaspError } from './error.js';
import { addTracks } from './media.js';

/** @typedef {typeof globalThis.RTCPeerConnection} RtcClass */

/** @typedef {import('./media.js').MediaOptions & {stream: () => MediaStream | undefined}} Outgoing the stream of the moment */

/**
 * Where connections come from: what was injected, else the page's, else the package that brings WebRTC to Node.
 * @param {{RTCPeerConnection: RtcClass}} [injected]
 * @returns {Promise<RtcClass>}
 * @throws {ClaspError} UNSUPPORTED
 */
export async function findRtc(injected) {
  const { RTCPeerConnection } = injected ?? globalThis;
  if (RTCPeerConnection) return RTCPeerConnection;
  try {
    const name = 'clasp-p2p/rtc'; // a variable: bundlers for the page must not look for it
    return (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)).RTCPeerConnection;
  } catch (cause) {
    const message =
      'there is no RTCPeerConnection here; in Node: npm install @roamhq/wrtc, or pass { rtc: { RTCPeerConnection } }';
    throw new ClaspError('UNSUPPORTED', message, { cause });
  }
}

/**
 * Makes the connections of one conference, the first one ahead of its use: a browser takes a while for its first one, for
 * the certificate, and for finding out what it can encode. Nothing is gathered or sent before a connection is used.
 */
export class Connections {
  #Class;
  #config;
  #outgoing;
  #count = 0;
  /** @type {RTCPeerConnection | undefined} */ #spare;

  /**
   * @param {RtcClass} Class
   * @param {RTCConfiguration} config
   * @param {Outgoing} outgoing what every new one begins with
   * @param {AbortSignal} signal when it aborts, what was made and not taken is closed
   */
  constructor(Class, config, outgoing, signal) {
    this.#Class = Class;
    this.#config = config;
    this.#outgoing = outgoing;
    signal.addEventListener('abort', () => this.discard());
  }

  /** Make the first one, unless it was made. It takes some milliseconds in which nothing else is done. */
  prepare() {
    if (this.#count > 0) return;
    try {
      this.#spare = this.#make();
      this.#spare.createOffer().catch(() => {}); // for what it looks up; the offer is made when it is wanted
    } catch {
      // The first peer's own will fail as well, and be reported.
    }
  }

  /** @returns {RTCPeerConnection} filled, not used yet; the caller's */
  take() {
    const connection = this.#spare ?? this.#make();
    this.#spare = undefined;
    return connection;
  }

  /** What a new connection begins with is another now. */
  discard() {
    this.#spare?.close();
    this.#spare = undefined;
  }

  #make() {
    this.#count++;
    const connection = new this.#Class(this.#config);
    try {
      const stream = this.#outgoing.stream();
      if (stream) addTracks(connection, stream, this.#outgoing);
    } catch (cause) {
      connection.close();
      throw cause;
    }
    return connection;
  }
}
