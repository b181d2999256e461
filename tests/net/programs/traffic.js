/** Numbered messages: sent at a steady pace, and what became of them at the other end. */

/** Clocks of all programs of a machine agree. @returns {number} milliseconds */
export const now = () => performance.timeOrigin + performance.now();

/** @typedef {[number: number, sentAt: number]} Message */

/**
 * @typedef {object} Account
 * @property {number} count messages, each counted once
 * @property {number} lost below the highest number that came
 * @property {number} twice
 * @property {number} disordered came after one with a higher number
 * @property {number} gap longest time between two that came, in milliseconds
 * @property {number} gapAt when it began
 * @property {Record<'p50' | 'p95' | 'p99' | 'max', number>} latency milliseconds
 */

/** What came of one run. */
export class Log {
  /** @type {Set<number>} */ #seen = new Set();
  /** @type {number[]} */ #latencies = [];
  /** @type {{n: number, reached: (value?: unknown) => void}[]} */ #waiting = [];
  #highest = -1;
  #twice = 0;
  #disordered = 0;
  #last = 0;
  #gap = 0;
  #gapAt = 0;

  /** @param {Message} message */
  take([n, sentAt]) {
    const at = now();
    if (this.#seen.has(n)) this.#twice++;
    else this.#latencies.push(at - sentAt);
    if (n < this.#highest) this.#disordered++;
    if (this.#last > 0 && at - this.#last > this.#gap) {
      this.#gap = at - this.#last;
      this.#gapAt = this.#last;
    }
    this.#seen.add(n);
    this.#highest = Math.max(this.#highest, n);
    this.#last = at;
    for (const { reached } of this.#waiting.filter((it) => it.n <= this.#seen.size)) reached();
  }

  /** @param {number} n resolves when so many different ones have come */
  async reach(n) {
    if (this.#seen.size < n) {
      await new Promise((reached) => this.#waiting.push({ n, reached }));
    }
  }

  /** @returns {Account} */
  account() {
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    const at = (/** @type {number} */ share) =>
      sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
    return {
      count: this.#seen.size,
      lost: this.#highest + 1 - this.#seen.size,
      twice: this.#twice,
      disordered: this.#disordered,
      gap: this.#gap,
      gapAt: this.#gapAt,
      latency: { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted[sorted.length - 1] },
    };
  }
}

/**
 * Sends at a steady pace: what a late timer has missed goes with the next.
 * @param {{count: number, every: number}} pace messages, and milliseconds from one to the next
 * @param {(message: Message) => void} send
 * @returns {Promise<void>} when the last was sent
 */
export function sendSteadily({ count, every }, send) {
  const start = now();
  let n = 0;
  return new Promise((resolve, reject) => {
    const timer = setInterval(() => {
      try {
        for (; n < count && n * every <= now() - start; n++) send([n, now()]);
      } catch (error) {
        n = count;
        reject(error);
      }
      if (n === count) (clearInterval(timer), resolve());
    }, every);
  });
}
