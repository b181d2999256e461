/** What a page or program has told, until a test looks at it. */
import { PATIENCE_MS, within } from './wait.js';

const SHOWN = 4000; // characters of what else was told, in messages

/** Events of something that tests command. */
export class Told {
  /** @type {{type: string, detail: any}[]} any: whatever it says; since the last look at them */
  #events = [];
  #came = new EventTarget();

  /** @type {Map<string, (detail: any) => void>} any: whatever it says */
  #handlers = new Map();

  /**
   * @param {string} type
   * @param {unknown} detail
   */
  told(type, detail) {
    const handler = this.#handlers.get(type);
    if (handler) return handler(detail);
    this.#events.push({ type, detail });
    this.#came.dispatchEvent(new Event('told'));
  }

  /**
   * Events of a type from now on, instead of keeping them.
   * @param {string} type
   * @param {(detail: any) => void} handler any: whatever it says
   */
  on(type, handler) {
    this.#handlers.set(type, handler);
    for (const detail of this.take(type)) handler(detail);
  }

  /**
   * The first event of a type, from those not looked at yet or to come. Others stay for later looks.
   * @param {string} type
   * @param {(detail: any) => boolean} [is] any: whatever it says
   * @param {number} [ms]
   * @returns {Promise<any>} its detail
   */
  async next(type, is = () => true, ms = PATIENCE_MS) {
    let isLate = false;
    const look = async () => {
      while (!isLate) {
        const at = this.#events.findIndex((event) => event.type === type && is(event.detail));
        if (at >= 0) return this.#events.splice(at, 1)[0].detail;
        await new Promise((resolve) =>
          this.#came.addEventListener('told', resolve, { once: true }),
        );
      }
      return undefined;
    };
    const others = () => JSON.stringify(this.#events).slice(0, SHOWN);
    try {
      return await within(ms, () => `the event "${type}"; others: ${others()}`, look());
    } finally {
      isLate = true;
    }
  }

  /**
   * @param {string} type
   * @returns {any[]} details of those not looked at yet, oldest first; any: whatever it says
   */
  take(type) {
    const taken = this.#events.filter((event) => event.type === type);
    this.#events = this.#events.filter((event) => event.type !== type);
    return taken.map(({ detail }) => detail);
  }
}
