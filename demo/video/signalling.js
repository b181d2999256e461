import { BroadcastDriver, RelayDriver } from '../../web/index.js';

/** @import { Settings } from './settings.js' */

/**
 * @typedef {'connecting' | 'open' | 'unreachable' | 'lost' | 'closed'} SignallingState
 *   unreachable: never open so far; lost: it was. From both it comes back by itself.
 */

/** The driver that was chosen in the lobby, and how it fares. Raises `change`. */
export class Signalling extends EventTarget {
  #driver;
  /** @type {SignallingState} */ #state;

  /** @param {Pick<Settings, 'signalling' | 'relay'>} settings */
  constructor({ signalling, relay }) {
    super();
    this.url = signalling === 'relay' ? relay : '';
    this.#state = this.url ? 'connecting' : 'open';
    this.#driver = this.url ? new RelayDriver({ url: this.url }) : new BroadcastDriver();
    if (this.url) this.#watch();
  }

  get driver() {
    return this.#driver;
  }

  get state() {
    return this.#state;
  }

  close() {
    this.#state = 'closed';
    this.#driver.close();
  }

  #watch() {
    const down = () =>
      this.#become(['open', 'lost'].includes(this.#state) ? 'lost' : 'unreachable');
    this.#driver.addEventListener('open', () => this.#become('open'));
    this.#driver.addEventListener('close', down);
    this.#driver.addEventListener('error', down);
  }

  /** @param {SignallingState} state */
  #become(state) {
    if (this.#state === state || this.#state === 'closed') return;
    this.#state = state;
    this.dispatchEvent(new Event('change'));
  }
}
