import { ClaspError } from './error.js';

/** @typedef {'p2p' | 'router'} Way */
/** @typedef {() => Way} Choose the way of the moment; throws where there is none */

/** Writes that may wait for those before them. */
const WAITING_MAX = 1024;

/**
 * The writes to one peer, in order although they may go two ways: one that goes another way than those before it waits until they
 * are settled.
 */
export class Lane {
  /** @type {Way} */ #way = 'router';
  #pending = 0;
  /** @type {{choose: Choose, begin: () => void}[]} */ #waiting = [];
  #idle;

  /** @param {() => void} idle called when nothing is left */
  constructor(idle) {
    this.#idle = idle;
  }

  /**
   * @param {Choose} choose
   * @param {(way: Way) => Promise<number>} write fails by its promise alone
   * @returns {Promise<number>}
   */
  run(choose, write) {
    return new Promise((resolve, reject) => {
      const begin = () => {
        try {
          resolve(this.#start(choose(), write));
        } catch (error) {
          reject(error);
        }
      };
      if (this.#waiting.length === 0 && this.#isFree(choose)) begin();
      else if (this.#waiting.length < WAITING_MAX) this.#waiting.push({ choose, begin });
      else reject(new ClaspError('QUEUE_FULL'));
      this.#endSoon();
    });
  }

  /** @param {Choose} choose */
  #isFree(choose) {
    try {
      return this.#pending === 0 || choose() === this.#way;
    } catch {
      return this.#pending === 0; // it fails when its turn comes
    }
  }

  /**
   * @param {Way} way
   * @param {(way: Way) => Promise<number>} write
   */
  #start(way, write) {
    this.#way = way;
    this.#pending++;
    const written = write(way);
    const settled = () => this.#settled();
    written.then(settled, settled);
    return written;
  }

  #settled() {
    this.#pending--;
    while (this.#waiting.length > 0 && this.#isFree(this.#waiting[0].choose))
      this.#waiting.shift()?.begin();
    this.#endSoon();
  }

  #endSoon() {
    if (this.#pending === 0 && this.#waiting.length === 0) this.#idle();
  }
}
