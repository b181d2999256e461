/** The contestants' tabs: two of one browser for each, so that nobody's heap and compiled code are another one's. */
import { join } from 'node:path';

import { build } from 'esbuild';
import { chromium } from 'playwright-core';

import { browserPath, BROWSER_FLAGS } from '../../scripts/lib/browser.mjs';
import { Failure, ROOT } from '../../scripts/lib/process.mjs';
import { serve } from '../../scripts/static-server.mjs';
import { startServers } from './servers.mjs';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {{first: Page, second: Page}} Pair */

const BUNDLES = join(ROOT, 'build', 'bench-channel'); // two levels below the root: what it imports finds dist/ by itself
const OPENING = 20_000; // milliseconds for a tab
const RUNNING = 30_000; // for one run of one workload

/** With them a page's clock has steps of 5 µs, not of 100. */
const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** Addresses in candidates, not names that somebody has to look up by multicast. */
const CHANNEL_FLAGS = [...BROWSER_FLAGS, '--disable-features=WebRtcHideLocalIpsWithMdns'];

/** Each contestant in a file of its own: a tab loads no other one. */
async function bundle() {
  await build({
    absWorkingDir: ROOT,
    entryPoints: [join(ROOT, 'bench', 'channel', 'page', 'main.js')],
    outdir: BUNDLES,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external: ['node:*', 'ws', '@roamhq/wrtc', '*/clasp-hub.mjs'],
    logLevel: 'silent', // a failure carries its messages
  });
}

/** A browser, and all that its tabs need. */
export class Tabs {
  #context;
  #url;
  #urls;
  #close;
  /** @type {Map<string, Promise<Pair>>} */
  #pairs = new Map();

  /** @param {{context: import('playwright-core').BrowserContext, url: string, urls: import('./servers.mjs').Urls, close: () => Promise<void>}} options */
  constructor({ context, url, urls, close }) {
    this.#context = context;
    this.#url = url;
    this.#urls = urls;
    this.#close = close;
  }

  static async open() {
    await bundle();
    const servers = await startServers();
    const pages = await serve({
      headers: ISOLATED,
      roots: {
        bundles: BUNDLES,
        dist: join(ROOT, 'dist'),
        pages: join(ROOT, 'bench', 'pages'),
      },
    });
    const browser = await chromium.launch({ executablePath: browserPath(), args: CHANNEL_FLAGS });
    const close = async () => {
      await browser.close();
      await pages.close();
      await servers.close();
    };
    const context = await browser.newContext();
    return new Tabs({ context, url: pages.url, urls: servers.urls, close });
  }

  /** The tabs of this name, opened when they are first asked for. @param {string} name @param {string} contestant a file in page/contestants */
  pair(name, contestant) {
    const pair = this.#pairs.get(name) ?? this.#openPair(name, contestant);
    this.#pairs.set(name, pair);
    return pair;
  }

  /** Close the tabs of this name: the next ones are new. @param {string} name */
  async discard(name) {
    const pair = await this.#pairs.get(name);
    this.#pairs.delete(name);
    await Promise.all([pair?.first.close(), pair?.second.close()]);
  }

  /** @param {string} name @param {string} contestant @returns {Promise<Pair>} */
  async #openPair(name, contestant) {
    const pair = name.replaceAll(/\W+/g, '-'); // an id that peerjs takes, too
    const [second, first] = await Promise.all(
      ['second', 'first'].map((role) => this.#openTab(pair, contestant, role)),
    );
    return { first, second };
  }

  /** @param {string} pair @param {string} contestant @param {string} role */
  async #openTab(pair, contestant, role) {
    const page = await this.#context.newPage();
    page.on('pageerror', (error) => console.error(`${pair}, ${role} tab: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') console.error(`${pair}, ${role} tab: ${message.text()}`);
    });
    const other = role === 'first' ? 'second' : 'first';
    const place = JSON.stringify({ pair, role, other, urls: this.#urls });
    const ready = page.waitForEvent('console', {
      predicate: (message) => message.text() === 'ready',
      timeout: OPENING,
    });
    await Promise.all([
      ready,
      page.goto(`${this.#url}/pages/channel.html?${new URLSearchParams({ contestant, place })}`),
    ]);
    return page;
  }

  close() {
    return this.#close();
  }
}

/**
 * @param {Pair} pair
 * @param {string} workload
 * @param {import('./page/workloads.js').Use} use
 * @returns {Promise<Record<string, number>>}
 */
export async function run({ first }, workload, use) {
  /** @type {NodeJS.Timeout | undefined} */ let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Failure(`${workload} takes too long`)), RUNNING);
  });
  const running = first.evaluate(
    ([workload, use]) => /** @type {any} main.js has made it */ (globalThis).run(workload, use),
    /** @type {const} */ ([workload, use]),
  );
  try {
    return await Promise.race([running, late]);
  } finally {
    clearTimeout(timer);
  }
}
