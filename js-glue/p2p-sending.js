import { now } from './clock.js';
import { LOW_WATER } from './p2p-link.js';

/** @typedef {import('./core.js').Core} Core */
/** @typedef {import('./p2p-peer.js').PeerPlane} PeerPlane */
/** @typedef {import('./run-collector.js').Sender} Sender */
/** @typedef {{plane: PeerPlane, where: number, channel: RTCDataChannel}} Place a data channel, as the core names it */

const POLL_MS = 20; // where there is no event for few bytes in the browser
const WATCHDOG_MS = 1000;
/** Bytes, few beside what the core lets wait, that it counts as waiting without asking. */
const UNTOLD = 32 << 10;
/** Channels of which it is told at once: those that have closed meanwhile are not held. */
const UNTOLD_CHANNELS = 8;

/** True where the browser has the event; a property that somebody has set is none. @param {RTCDataChannel} channel */
const nativeLow = (channel) => 'onbufferedamountlow' in Object.getPrototypeOf(channel);

/**
 * Puts what the core says on data channels, and tells it how much of that waits in the browser.
 * @implements {Sender}
 */
export class Sending {
  #core;
  #handle;
  #planes;
  /** Of what the core was not told. @type {Map<RTCDataChannel, Place>} */ #touched = new Map();
  #untold = 0; // bytes
  /** @type {Set<Place>} */ #full = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #watchdog;
  #isOver = false;

  /**
   * @param {Core} core
   * @param {number} handle of the application's peers
   * @param {Map<number, PeerPlane>} planes by handle
   */
  constructor(core, handle, planes) {
    this.#core = core;
    this.#handle = handle;
    this.#planes = planes;
  }

  /** For good. */
  stop() {
    this.#isOver = true;
    clearTimeout(this.#watchdog);
  }

  /** @type {Sender['send']} */
  send = (peer, where, message) => {
    const plane = this.#planes.get(peer);
    const channel = plane?.links.get(where >>> 8)?.channels.get(where & 0xff);
    if (!plane || !channel) return;
    try {
      channel.send(/** @type {any} not shared */ (message));
    } catch {
      return; // it is closing: that is told, too
    }
    this.#untold += message.length;
    if (!this.#touched.has(channel)) this.#touched.set(channel, { plane, where, channel });
  };

  /** @type {Sender['sent']} */
  sent = () => {
    if (this.#untold < UNTOLD && this.#touched.size < UNTOLD_CHANNELS) return;
    const places = [...this.#touched.values()];
    this.#untold = 0;
    this.#touched.clear();
    for (const place of places) this.#tell(place);
  };

  /** Few bytes of a channel wait in the browser. @type {(plane: PeerPlane, where: number, number: number) => void} */
  low(plane, where, number) {
    const channel = plane.links.get(where >>> 8)?.channels.get(number);
    for (const place of this.#full) if (place.channel === channel) this.#full.delete(place);
    if (channel && number >= 0 && !this.#isOver)
      this.#tell({ plane, where: where | number, channel });
  }

  /** @param {Place} place */
  #tell(place) {
    const { plane, where, channel } = place;
    const bytes = channel.readyState === 'open' ? channel.bufferedAmount : 0;
    if (bytes > LOW_WATER) this.#watch(place);
    else this.#full.delete(place);
    this.#core.hot('p2p_buffered', this.#handle, plane.handle, where, bytes, now());
  }

  /** Look again, should no event come. @param {Place} place */
  #watch(place) {
    for (const { channel } of this.#full) if (channel === place.channel) return;
    this.#full.add(place);
    const wait_ms =
      'onbufferedamountlow' in place.channel && nativeLow(place.channel) ? WATCHDOG_MS : POLL_MS;
    this.#watchdog ??= setTimeout(() => {
      this.#watchdog = undefined;
      const places = [...this.#full];
      this.#full.clear();
      for (const full of places) this.#tell(full);
    }, wait_ms);
  }
}
