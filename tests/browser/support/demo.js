/** The video demo as its user sees it: what can be done on the page, and what can be seen there. */
import { DemoTab, demoHref } from './demo-tab.js';
import { PATIENCE_MS, untilIn } from './wait.js';

/**
 * @typedef {object} Visit
 * @property {string} name of the user
 * @property {string} room
 * @property {string} [relay] its address; without it the tabs of the browser find each other by themselves
 * @property {'camera' | 'pattern'} [source] 'camera'
 * @property {boolean} [join] false: stay in the lobby; true
 * @property {RegExp[]} [allowed] faults of the page that belong to the test
 */

/** One tab with the video demo. */
export class DemoPage extends DemoTab {
  /**
   * @param {import('playwright-core').BrowserContext} context
   * @param {import('./site.js').Site} site
   * @param {Visit} visit
   */
  static open(context, site, { allowed, ...visit }) {
    return DemoPage.at(context, addressOf(site, visit), { name: visit.name, allowed });
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
}

/**
 * @param {import('./site.js').Site} site
 * @param {Visit} visit
 */
export function addressOf(site, { name, room, relay, source = 'camera', join = true }) {
  return demoHref(site, 'video/', {
    name,
    room,
    source,
    signalling: relay ? 'relay' : 'broadcast',
    ...(relay && { relay }),
    ...(join && { join: '1' }),
  });
}
