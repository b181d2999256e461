import { ClaspError } from './error.js';

/** @typedef {import('./clasp.js').Change} Change */

const BUFFER = 1024;

/**
 * What arrives, to be read by `for await`. Values that nobody reads wait, up to a bound; then the oldest are left out, and
 * counted.
 * @implements {AsyncIterableIterator<Change>}
 */
export class Inflow {
  #bound;
  /** @type {Change[]} */ #waiting = [];
  /** @type {((result: IteratorResult<Change>) => void)[]} */ #readers = [];
  #isOver = false;

  /** Values that were left out so far. */
  dropped = 0;

  /** Called when nobody reads any more. @type {() => void} */ left = () => {};

  /**
   * @param {number} [buffer] values that may wait, from 1 up
   * @throws {ClaspError} BAD_OPTION
   */
  constructor(buffer = BUFFER) {
    if (!(buffer >= 1)) throw new ClaspError('BAD_OPTION', 'buffer: a number from 1 up');
    this.#bound = Math.floor(buffer);
  }

  /** @param {Change} change */
  push(change) {
    if (this.#isOver) return;
    const reader = this.#readers.shift();
    if (reader) return reader({ value: change, done: false });
    if (this.#waiting.length === this.#bound) {
      this.#waiting.shift();
      this.dropped++;
    }
    this.#waiting.push(change);
  }

  /** No more comes; what waits can still be read. */
  end() {
    if (this.#isOver) return;
    this.#isOver = true;
    this.left();
    for (const reader of this.#readers.splice(0)) reader({ value: undefined, done: true });
  }

  /** @returns {Promise<IteratorResult<Change>>} */
  async next() {
    const change = this.#waiting.shift();
    if (change) return { value: change, done: false };
    if (this.#isOver) return { value: undefined, done: true };
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  /** @returns {Promise<IteratorResult<Change>>} */
  async return() {
    this.end();
    this.#waiting = [];
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  async [Symbol.asyncDispose]() {
    await this.return();
  }
}
