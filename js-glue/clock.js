/** Longest wait of one setTimeout(), in milliseconds; it counts in 32 bits and fires at once beyond them. */
export const LONGEST_MS = 0x7fffffff;

/** A timer that fires within so many microseconds is left alone although nothing waits for it any more: the next one would be set at once. */
const SOON_US = 200_000;

const { timeOrigin } = performance; // it stays, and is slow to ask for

/** Microseconds since the epoch that never go back: the core's only clock. */
export const now = () => Math.round((timeOrigin + performance.now()) * 1000);

/** The one timer of a core: fires when its earliest deadline is due. */
export class Clock {
  #due = Infinity;
  #fire;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;

  /** @param {() => void} fire called at the deadline, or a little after; arms the clock again itself */
  constructor(fire) {
    this.#fire = () => {
      this.#due = Infinity;
      fire();
    };
  }

  /**
   * An earlier deadline than the one it waits for moves the timer; a later one is taken when the timer has fired.
   * @param {number} deadline_us Infinity: none, and nothing keeps the process alive
   */
  arm(deadline_us) {
    if (deadline_us >= this.#due && (deadline_us !== Infinity || this.#isSoon())) return;
    this.#due = deadline_us;
    clearTimeout(this.#timer);
    if (deadline_us === Infinity) return;
    const wait_ms = Math.ceil((deadline_us - now()) / 1000);
    this.#timer = setTimeout(this.#fire, Math.min(Math.max(wait_ms, 0), LONGEST_MS));
  }

  #isSoon() {
    return this.#due - now() < SOON_US;
  }

  /** For good. */
  stop() {
    this.#due = -Infinity; // no deadline is earlier
    clearTimeout(this.#timer);
  }
}
