/** What the pages of all demos have: a status line, and some of them a chat. */
import { openPage } from './pages.js';
import { PATIENCE_MS, untilIn } from './wait.js';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('playwright-core').BrowserContext} BrowserContext */

/** One tab with a page of a demo, as its user sees it. */
export class DemoTab {
  /**
   * @param {Page} page
   * @param {string} name in messages: of its user
   */
  constructor(page, name) {
    this.page = page;
    this.name = name;
  }

  /**
   * @template {DemoTab} T
   * @this {new (page: Page, name: string) => T}
   * @param {BrowserContext} context
   * @param {string} href
   * @param {{name: string, allowed?: RegExp[]}} options `allowed`: faults of the page that belong to the test
   * @returns {Promise<T>}
   */
  static async at(context, href, { name, allowed }) {
    const page = await openPage(context, name, allowed);
    await page.goto(href);
    return new this(page, name);
  }

  /**
   * Wait for words in an element.
   * @param {string} selector
   * @param {RegExp} pattern
   * @param {number} [ms]
   */
  async shows(selector, pattern, ms = PATIENCE_MS) {
    const { source, flags } = pattern;
    const condition = (/** @type {string[]} */ [selector, source, flags]) =>
      new RegExp(source, flags).test(document.querySelector(selector)?.textContent ?? '');
    const what = `${this.name}'s page to show ${pattern} in ${selector}`;
    await untilIn(this.page, what, condition, [selector, source, flags], ms);
  }

  /**
   * Wait for words in the status line.
   * @param {RegExp} pattern
   * @param {number} [ms]
   */
  says(pattern, ms) {
    return this.shows('#status', pattern, ms);
  }

  /** @param {string} text in the chat */
  async writes(text) {
    await this.page.fill('#chat-input', text);
    await this.page.press('#chat-input', 'Enter');
  }

  /**
   * Wait for a line of somebody else's in the chat.
   * @param {string} text
   */
  async reads(text) {
    const condition = (/** @type {string} */ text) =>
      [...document.querySelectorAll('#chat-log li:not([data-from=""]) p')].some(
        (line) => line.textContent === text,
      );
    await untilIn(this.page, `"${text}" in ${this.name}'s chat`, condition, text);
  }

  /** Close the tab as a user does: it is told, and may say goodbye. */
  async close() {
    await this.page.close({ runBeforeUnload: true });
  }
}

/**
 * @param {import('./site.js').Site} site
 * @param {string} path below demo/
 * @param {Record<string, string>} [query]
 */
export function demoHref(site, path, query = {}) {
  const link = new URL(`${site.url}/demo/${path}`);
  for (const [name, value] of Object.entries(query)) link.searchParams.set(name, value);
  return link.href;
}
