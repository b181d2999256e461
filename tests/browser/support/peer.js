/** The page pages/peer.html: one Sender or Receiver that a test commands, and what it told. */
import { openPage } from './pages.js';
import { PATIENCE_MS, within } from './wait.js';

/**
 * @typedef {object} Told an event's detail, as far as it can leave the page
 * @property {string} [id]
 * @property {unknown} [message]
 * @property {any} [state] any: what the other side's application said
 * @property {string} [code] of the error
 * @property {string} [text] of the error
 */

/** @typedef {typeof import('../pages/peer.js').commands} Commands */

/** One page with a Sender or a Receiver. */
export class PeerPage {
  #page;
  /** @type {{type: string, detail: Told}[]} since the last look at them */ #events = [];
  #came = new EventTarget();

  /** @param {import('playwright-core').Page} page */
  constructor(page) {
    this.#page = page;
  }

  /**
   * @param {import('playwright-core').BrowserContext} context
   * @param {import('./site.js').Site} site
   * @param {{role: 'sender' | 'receiver', room: string, relay: string, record?: '1'}} options
   */
  static async open(context, site, options) {
    const opened = new PeerPage(await openPage(context, options.role));
    await opened.#page.exposeFunction(
      'told',
      (/** @type {string} */ type, /** @type {Told} */ detail) => {
        opened.#events.push({ type, detail });
        opened.#came.dispatchEvent(new Event('told'));
      },
    );
    await opened.#page.goto(
      `${site.url}/tests/browser/pages/peer.html?${new URLSearchParams(options)}`,
    );
    return opened;
  }

  /**
   * The first event of a type, from those not looked at yet or to come. Others stay for later looks.
   * @param {string} type
   * @param {(detail: Told) => boolean} [is]
   * @returns {Promise<Told>}
   */
  async next(type, is = () => true) {
    const look = async () => {
      for (;;) {
        const at = this.#events.findIndex((event) => event.type === type && is(event.detail));
        if (at >= 0) return this.#events.splice(at, 1)[0].detail;
        await new Promise((resolve) =>
          this.#came.addEventListener('told', resolve, { once: true }),
        );
      }
    };
    const seen = () => JSON.stringify(this.#events);
    return within(PATIENCE_MS, () => `the event "${type}"; others: ${seen()}`, look());
  }

  /**
   * @template {keyof Commands} K
   * @param {K} name
   * @param {Parameters<Commands[K]>} args
   * @returns {Promise<Awaited<ReturnType<Commands[K]>>>}
   */
  call(name, ...args) {
    return this.#page.evaluate(
      ([name, args]) =>
        /** @type {any} the page put it there */ (globalThis).commands[name](...args),
      /** @type {const} */ ([name, args]),
    );
  }

  close() {
    return this.#page.close();
  }
}
