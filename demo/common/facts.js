import { bytes, milliseconds, stateOf, wayOf } from './peer-words.js';
import { make, setText } from './ui.js';

/** @import { Peer } from '../../web/index.js' */

/** Labels by the key of `data-fact`. */
const LABELS = {
  state: 'State',
  way: 'Way',
  rtt: 'Round trip',
  out: 'Sent',
  waiting: 'Waits to be sent',
};

/** What is shown where nothing is known. */
const NOTHING = Object.fromEntries(Object.keys(LABELS).map((key) => [key, '–']));

/** Figures of one peer in a description list. */
export class Facts {
  /** @type {Map<string, HTMLElement>} */ #cells = new Map();

  /** @param {HTMLElement} list is filled */
  constructor(list) {
    for (const [key, label] of Object.entries(LABELS)) {
      const cell = make('dd', { 'data-fact': key }, '–');
      this.#cells.set(key, cell);
      list.append(make('div', {}, make('dt', {}, label), cell));
    }
  }

  /** @param {Peer | null} peer */
  async show(peer) {
    if (!peer) return this.#fill({ ...NOTHING, state: 'not there' });
    this.#fill({ state: stateOf(peer), way: wayOf(peer), rtt: milliseconds(peer.path?.rtt) });
    const stats = await peer.stats().catch(() => null);
    if (!stats) return;
    this.#fill({
      state: stateOf(peer),
      way: wayOf(peer),
      rtt: milliseconds(stats.rtt ?? peer.path?.rtt),
      out: `${bytes((stats.outgoingBitrate ?? 0) / 8)}/s`,
      waiting: bytes(stats.bufferedBytes),
    });
  }

  /** @param {Partial<Record<keyof typeof LABELS, string>>} texts */
  #fill(texts) {
    for (const [key, text] of Object.entries(texts)) {
      setText(/** @type {HTMLElement} */ (this.#cells.get(key)), text);
    }
  }
}
