/** Firefox as a user starts it, driven over WebDriver BiDi. */
import puppeteer from 'puppeteer-core';
import { firefoxPath } from '../../../scripts/lib/browser.mjs';
import { use } from './lifetime.js';

/** A camera that is always there and always allowed; addresses of this machine as they are; nothing is looked up elsewhere. */
const PREFERENCES = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.peerconnection.ice.loopback': true,
  'network.proxy.type': 0,
  'app.normandy.enabled': false,
  'browser.safebrowsing.update.enabled': false,
  'media.gmp-manager.updateEnabled': false,
};

/** One running browser, with what the tests need of Chromium's class. */
export class Firefox {
  #browser;

  /** @param {import('puppeteer-core').Browser} browser */
  constructor(browser) {
    this.#browser = browser;
  }

  /** @returns {Promise<import('playwright-core').BrowserContext>} of which newPage() and close() can be used, and the pages as Playwright's */
  async context() {
    const context = await this.#browser.createBrowserContext();
    return /** @type {any} the two makes agree on what the tests call */ (context);
  }

  /** Idempotent. */
  close() {
    return this.#browser.close();
  }
}

/** @returns {Promise<Firefox>} */
export function launchFirefox() {
  return use(start());
}

async function start() {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: firefoxPath(),
    headless: true,
    extraPrefsFirefox: PREFERENCES,
  });
  return new Firefox(browser);
}
