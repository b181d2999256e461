/** Chromium as a user starts it. Each launch has a profile and processes of its own, and is killed as one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { BROWSER_FLAGS, CAMERA_FLAGS, browserPath } from '../../../scripts/lib/browser.mjs';
import { Child } from './children.js';
import { use } from './lifetime.js';

/** @typedef {import('playwright-core').BrowserContext} BrowserContext */
/** @typedef {import('playwright-core').BrowserContextOptions} BrowserContextOptions */

/** No test reaches a public server. */
const OFFLINE = '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1';

/** @type {Record<'fake' | 'denied' | 'none', string[]>} what a page gets when it asks for the camera */
const CAMERAS = {
  fake: CAMERA_FLAGS,
  denied: ['--use-fake-device-for-media-stream', '--deny-permission-prompts'],
  none: ['--use-fake-ui-for-media-stream'],
};

/**
 * @typedef {object} LaunchOptions
 * @property {keyof typeof CAMERAS} [camera] 'fake'
 * @property {string} [display] an X display such as ':7': with a window and the profile's own context, where a tab in the
 *   background is hidden as a user's is; headless without it
 */

/** One running browser. */
export class Chromium {
  #child;
  #profile;
  #browser;
  #isHeadless;

  /**
   * @param {Child} child
   * @param {string} profile
   * @param {import('playwright-core').Browser} browser
   * @param {boolean} isHeadless
   */
  constructor(child, profile, browser, isHeadless) {
    this.#child = child;
    this.#profile = profile;
    this.#browser = browser;
    this.#isHeadless = isHeadless;
  }

  /**
   * @param {BrowserContextOptions} [options] none for a browser with a window
   * @returns {Promise<BrowserContext>}
   */
  async context(options) {
    return this.#isHeadless ? this.#browser.newContext(options) : this.#browser.contexts()[0];
  }

  /** Stops every process of it where it stands, as a machine does that falls asleep, until wake(). */
  sleep() {
    this.#child.signal('SIGSTOP');
  }

  wake() {
    this.#child.signal('SIGCONT');
  }

  /** Ends every process of it at once, with no chance to say goodbye. Idempotent. */
  async close() {
    await this.#child.end();
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * @param {LaunchOptions} [options]
 * @returns {Promise<Chromium>}
 */
export function launch(options) {
  return use(start(options));
}

/** @param {LaunchOptions} [options] */
async function start({ camera = 'fake', display } = {}) {
  const profile = mkdtempSync(join(tmpdir(), 'clasp-browser-'));
  const flags = [...BROWSER_FLAGS, ...CAMERAS[camera], OFFLINE, `--user-data-dir=${profile}`];
  if (!display) flags.push('--headless');
  const child = new Child(browserPath(), [...flags, '--remote-debugging-port=0', 'about:blank'], {
    env: display ? { DISPLAY: display } : {},
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const endpoint = await child.prints(2, /DevTools listening on (ws:\S+)/);
  const browser = await chromium.connectOverCDP(endpoint, { noDefaults: Boolean(display) });
  return new Chromium(child, profile, browser, !display);
}
