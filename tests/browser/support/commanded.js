/** Pages that a test commands, and what they told: those of ../pages/ that put `commands` on the global object. */
import { Told } from './told.js';
import { PATIENCE_MS, within } from './wait.js';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {Record<string, (...args: any[]) => any>} Commands any: by command */

/**
 * One page.
 * @template {Commands} C
 */
export class CommandedPage extends Told {
  /** @param {Page} page of either make */
  constructor(page) {
    super();
    this.page = page;
  }

  /** @param {string} href */
  async load(href) {
    await this.page.exposeFunction(
      'told',
      (/** @type {string} */ type, /** @type {unknown} */ detail) => this.told(type, detail),
    );
    await this.page.goto(href);
  }

  /**
   * @template {keyof C & string} K
   * @param {K} name
   * @param {Parameters<C[K]>} args what JSON can carry
   * @returns {Promise<Awaited<ReturnType<C[K]>>>}
   */
  call(name, ...args) {
    const answer = this.page.evaluate(
      ([name, args]) =>
        /** @type {any} the page put it there */ (globalThis).commands[name](...args),
      /** @type {[string, any[]]} any: by command */ ([name, args]),
    );
    return within(3 * PATIENCE_MS, `${name}() to be done in the page`, answer);
  }

  close() {
    return this.page.close();
  }
}
