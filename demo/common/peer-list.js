import { isReachable, milliseconds, stateOf, toneOf, wayOf } from './peer-words.js';
import { find, make, setText } from './ui.js';

/** @import { Peer } from '../../web/index.js' */

/** Who is there, each with state, way and round trip. */
export class PeerList {
  #list;
  #nameOf;
  /** @type {Map<string, HTMLLIElement>} by the id of the peer */ #rows = new Map();

  /**
   * @param {HTMLUListElement} list is filled
   * @param {(peer: Peer) => string} nameOf
   */
  constructor(list, nameOf) {
    this.#list = list;
    this.#nameOf = nameOf;
  }

  /** @param {Peer[]} peers */
  show(peers) {
    for (const [id, row] of this.#rows) {
      if (peers.some((peer) => peer.id === id)) continue;
      row.remove();
      this.#rows.delete(id);
    }
    for (const peer of peers) this.#update(this.#rows.get(peer.id) ?? this.#add(peer.id), peer);
  }

  /** @param {string} id */
  #add(id) {
    const cell = (/** @type {string} */ key) => make('span', { 'data-fact': key });
    const row = make(
      'li',
      { class: 'person', 'data-peer': id },
      cell('name'),
      cell('way'),
      cell('rtt'),
    );
    this.#rows.set(id, row);
    this.#list.append(row);
    return row;
  }

  /**
   * @param {HTMLLIElement} row
   * @param {Peer} peer
   */
  #update(row, peer) {
    const tell = (/** @type {string} */ key, /** @type {string} */ text) =>
      setText(find(row, `[data-fact=${key}]`, HTMLElement), text);
    row.dataset.tone = toneOf(peer);
    row.dataset.state = peer.state;
    tell('name', this.#nameOf(peer));
    tell('way', isReachable(peer) ? wayOf(peer) : stateOf(peer));
    this.#measure(peer).then((text) => tell('rtt', text));
  }

  /** @param {Peer} peer @returns {Promise<string>} its round trip */
  async #measure(peer) {
    if (!isReachable(peer)) return '';
    const stats = await peer.stats().catch(() => null);
    return milliseconds(stats?.rtt ?? peer.path?.rtt);
  }
}
