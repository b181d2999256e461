/** What has arrived on a lane. */

/** Messages between two looks at the clock, where messages are many. A power of two. */
const STRIDE = 16;

/** Milliseconds of silence after which what may be lost counts as lost. */
const SILENCE = 100;

/** @typedef {{count: number, bytes: number, sum: number, rate: number, gap: number, time: number}} Arrived
 *  `rate`: messages a second; `gap`: longest time between two arrivals, ms; `time`: of the last arrival, on the wall clock, ms */

/** Counts what arrives, and looks at the clock every few messages. */
export class Tally {
  count = 0;
  #bytes = 0;
  #sum = 0;
  #first = { count: 0, at: 0 };
  #last = { count: 0, at: 0 };
  #gap = 0;
  #mask;
  #expected = Infinity;
  /** @type {(value?: unknown) => void} */ #complete = () => {};

  /** @param {{stride?: number}} [options] */
  constructor({ stride = STRIDE } = {}) {
    this.#mask = stride - 1;
  }

  /** @param {Uint8Array | number} message */
  hear = (message) => {
    if (typeof message === 'number') {
      this.#sum += message;
    } else {
      this.#bytes += message.length;
      this.#sum += message[0];
    }
    if ((++this.count & this.#mask) === 0) this.#look();
    if (this.count === this.#expected) this.#complete();
  };

  #look() {
    const at = performance.now();
    if (this.#first.count === 0) this.#first = { count: this.count, at };
    else this.#gap = Math.max(this.#gap, at - this.#last.at);
    this.#last = { count: this.count, at };
  }

  /** Resolves when so many have arrived. @param {number} count */
  async expect(count) {
    this.#expected = count;
    if (this.count < count) await new Promise((resolve) => (this.#complete = resolve));
    return this.arrived();
  }

  /** Resolves when so many have arrived, or nothing for a while. @param {number} count */
  async expectMost(count) {
    for (let before = -1; before < this.count && this.count < count;) {
      before = this.count;
      await new Promise((resolve) => setTimeout(resolve, SILENCE));
    }
    return this.arrived();
  }

  /** @returns {Arrived} */
  arrived() {
    const time = this.#last.at - this.#first.at;
    return {
      count: this.count,
      bytes: this.#bytes,
      sum: this.#sum,
      rate: ((this.#last.count - this.#first.count) * 1000) / time,
      gap: this.#gap,
      time: performance.timeOrigin + this.#last.at,
    };
  }
}

/** What arrives within some time of the first arrival, and the longest gap in it, up to its end. */
export class Window {
  #bytes = 0;
  #gap = 0;
  #start = -Infinity;
  #last = 0;
  #span;
  /** @type {(value?: unknown) => void} */ #begin = () => {};
  #begun = new Promise((resolve) => (this.#begin = resolve));

  /** @param {number} span ms */
  constructor(span) {
    this.#span = span;
  }

  /** @param {Uint8Array} message */
  hear = (message) => {
    const at = performance.now();
    if (this.#bytes === 0) {
      this.#start = this.#last = at;
      this.#begin();
    }
    if (at - this.#start > this.#span) return;
    this.#bytes += message.length;
    this.#gap = Math.max(this.#gap, at - this.#last);
    this.#last = at;
  };

  /** @returns {Promise<{bytes: number, gap: number}>} when the time is over */
  async close() {
    await this.#begun;
    await new Promise((resolve) => setTimeout(resolve, this.#span));
    const trailing = this.#start + this.#span - this.#last;
    return { bytes: this.#bytes, gap: Math.max(this.#gap, trailing) };
  }
}
