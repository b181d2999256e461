/** The demo as its user sees it: what can be done on the page, and what can be seen there. */
import { openPage } from './pages.js';
import { PATIENCE_MS, untilIn } from './wait.js';

/** @typedef {import('playwright-core').Page} Page */

/**
 * @typedef {object} Visit
 * @property {string} name of the user
 * @property {string} room
 * @property {string} [relay] its address; without it the tabs of the browser find each other by themselves
 * @property {'camera' | 'pattern'} [source] 'camera'
 * @property {boolean} [join] false: stay in the lobby; true
 * @property {RegExp[]} [allowed] faults of the page that belong to the test
 */

/** One tab with the demo. */
export class DemoPage {
  /**
   * @param {Page} page
   * @param {string} name of its user
   */
  constructor(page, name) {
    this.page = page;
    this.name = name;
  }

  /**
   * @param {import('playwright-core').BrowserContext} context
   * @param {import('./site.js').Site} site
   * @param {Visit} visit
   */
  static async open(context, site, { allowed, ...visit }) {
    const page = await openPage(context, visit.name, allowed);
    await page.goto(addressOf(site, visit));
    return new DemoPage(page, visit.name);
  }

  /** The tile of somebody else. @param {string} name */
  tile(name) {
    return this.page.locator(`[data-peer][aria-label=${JSON.stringify(name)}]`);
  }

  /**
   * A badge on somebody's picture.
   * @param {string} name
   * @param {'muted' | 'camera-off'} badge
   */
  badge(name, badge) {
    return this.tile(name).locator(`[data-badge=${badge}]`);
  }

  /**
   * Wait until somebody's picture has moved on.
   * @param {string} name
   * @param {number} [more] frames from now
   * @param {number} [ms]
   */
  async seesFramesOf(name, more = 10, ms = PATIENCE_MS) {
    const from = await this.framesOf(name);
    const condition = (/** @type {{name: string, goal: number}} */ { name, goal }) => {
      const video = document.querySelector(`[data-peer][aria-label=${JSON.stringify(name)}] video`);
      return (
        video instanceof HTMLVideoElement &&
        video.getVideoPlaybackQuality().totalVideoFrames >= goal
      );
    };
    await untilIn(
      this.page,
      `${more} more frames of ${name} after ${from}`,
      condition,
      { name, goal: from + more },
      ms,
    );
  }

  /**
   * @param {string} name
   * @returns {Promise<number>} frames of somebody shown so far; 0 without a picture
   */
  framesOf(name) {
    return this.page.evaluate((name) => {
      const video = document.querySelector(`[data-peer][aria-label=${JSON.stringify(name)}] video`);
      return video instanceof HTMLVideoElement
        ? video.getVideoPlaybackQuality().totalVideoFrames
        : 0;
    }, name);
  }

  /**
   * Wait for words in the status line.
   * @param {RegExp} pattern
   * @param {number} [ms]
   */
  async says(pattern, ms = PATIENCE_MS) {
    const { source, flags } = pattern;
    const condition = (/** @type {string[]} */ [source, flags]) =>
      new RegExp(source, flags).test(document.getElementById('status')?.textContent ?? '');
    await untilIn(
      this.page,
      `${this.name}'s page to say ${pattern}`,
      condition,
      [source, flags],
      ms,
    );
  }

  /**
   * Wait for somebody's tile to go.
   * @param {string} name
   * @param {number} [ms]
   * @returns {Promise<number>} when, by Date.now()
   */
  async losesTileOf(name, ms = PATIENCE_MS) {
    const condition = (/** @type {string} */ name) =>
      !document.querySelector(`[data-peer][aria-label=${JSON.stringify(name)}]`);
    await untilIn(this.page, `${name}'s tile to go`, condition, name, ms);
    return Date.now();
  }

  /** @param {string} text */
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
 * @param {Visit} visit
 */
export function addressOf(site, { name, room, relay, source = 'camera', join = true }) {
  const link = new URL(`${site.url}/demo/video/`);
  link.searchParams.set('name', name);
  link.searchParams.set('room', room);
  link.searchParams.set('source', source);
  link.searchParams.set('signalling', relay ? 'relay' : 'broadcast');
  if (relay) link.searchParams.set('relay', relay);
  if (join) link.searchParams.set('join', '1');
  return link.href;
}
