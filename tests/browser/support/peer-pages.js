/** The demos of data-channel peers as their users see them. */
import { openPage } from './pages.js';
import { PATIENCE_MS, untilIn } from './wait.js';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('playwright-core').BrowserContext} BrowserContext */

/** One tab with a page of a demo. */
export class PeerPage {
  /**
   * @param {Page} page
   * @param {string} name in messages
   */
  constructor(page, name) {
    this.page = page;
    this.name = name;
  }

  /**
   * @param {BrowserContext} context
   * @param {string} href
   * @param {{name: string, allowed?: RegExp[]}} options `allowed`: faults of the page that belong to the test
   */
  static async open(context, href, { name, allowed }) {
    const page = await openPage(context, name, allowed);
    await page.goto(href);
    return new PeerPage(page, name);
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

  /**
   * Wait until these and no others are in the list of who is here.
   * @param {string[]} names in the order of the alphabet
   */
  async lists(names) {
    const condition = (/** @type {string} */ names) => {
      const shown = [...document.querySelectorAll('#people [data-fact=name]')];
      return (
        shown
          .map((name) => name.textContent)
          .sort()
          .join() === names
      );
    };
    await untilIn(this.page, `${names} in ${this.name}'s list`, condition, names.join());
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

  /** @returns {Promise<string[]>} the lines of others, in the order in which they are shown */
  lines() {
    return this.page.locator('#chat-log li:not([data-from=""]) p').allInnerTexts();
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
