import { defaultRelay, relayProblem } from './relay-address.js';

/** @import { ClaspP2P } from '../../web/index.js' */

/**
 * @typedef {'connecting' | 'open' | 'unreachable' | 'lost'} RelayState
 *   unreachable: never reached so far; lost: it was. From both it comes back by itself.
 */

const RETRY_MS = 2000; // between tries before the first success; afterwards ClaspP2P comes back by itself

/** How a page fares with the relay that introduces its peers. Raises `change`. */
export class Relay extends EventTarget {
  #p2p;
  #life = new AbortController();
  #reached = false;
  #refused = '';

  /**
   * @param {ClaspP2P} p2p
   * @param {string} url
   */
  constructor(p2p, url) {
    super();
    this.#p2p = p2p;
    this.url = url;
    p2p.on('session', () => this.#changed());
  }

  /** @returns {RelayState} */
  get state() {
    if (this.#p2p.connected) return 'open';
    if (this.#reached) return 'lost';
    return this.#refused ? 'unreachable' : 'connecting';
  }

  /** What keeps the relay from being reached, in a sentence; '' while it is there, or not tried yet. */
  get trouble() {
    if (this.state === 'lost') return `Lost the relay at ${this.url} — trying again.`;
    return this.state === 'unreachable' ? this.#refused : '';
  }

  /** Tries until the relay answers, or close(). */
  async connect() {
    const { signal } = this.#life;
    while (!signal.aborted && !this.#reached) {
      try {
        await this.#p2p.connect({ signal });
        this.#reached = true;
      } catch (error) {
        this.#refused = this.#explain(/** @type {Error & {code: string}} */ (error));
      }
      this.#changed();
      if (!this.#reached) await pause(RETRY_MS, signal);
    }
  }

  close() {
    this.#life.abort();
  }

  /** @param {Error & {code: string}} error */
  #explain({ code, message }) {
    if (code === 'LOAD') return `This page cannot start: ${message}`;
    if (code === 'RELAY_UNREACHABLE' || code === 'TIMEOUT') return unreachable(this.url);
    return `The relay at ${this.url} does not let this page in: ${message}.`;
  }

  #changed() {
    if (!this.#life.signal.aborted) this.dispatchEvent(new Event('change'));
  }
}

/** @param {string} url of a relay */
export function unreachable(url) {
  return `Cannot reach the relay at ${url} — trying again. Is it running?`;
}

/**
 * The relay that a page's address names, if it is one that the browser may reach from there.
 *
 * @param {URL} page
 */
export function relayOf(page) {
  const given = page.searchParams.get('relay') ?? '';
  return given && relayProblem(page, given) === '' ? given : defaultRelay(page);
}

/**
 * @param {number} ms
 * @param {AbortSignal} signal ends it early
 * @returns {Promise<void>}
 */
export function pause(ms, signal) {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}
