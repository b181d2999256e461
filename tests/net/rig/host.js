/**
 * Programs on the hosts of a world: one module of ../programs/, in Node or in a page of Chromium. Either way it is told
 * what to do by calls, and tells what happened by events.
 */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { BROWSER_FLAGS, browserPath } from '../../../scripts/lib/browser.mjs';
import { ROOT } from '../../../scripts/lib/process.mjs';
import { Told } from '../../browser/support/told.js';
import { PATIENCE_MS, within } from '../../browser/support/wait.js';
import { LineProgram } from './lines.js';

const SITE = 'http://localhost:8000'; // nobody listens there: requests are answered before they leave the browser
const MAIN = join(ROOT, 'tests', 'net', 'programs', 'main.js');

/** @type {Record<string, string>} by what a file's name ends with */
const TYPES = { js: 'text/javascript', mjs: 'text/javascript', wasm: 'application/wasm' };

const FLAGS = [
  ...BROWSER_FLAGS,
  '--disable-features=WebRtcHideLocalIpsWithMdns,LocalNetworkAccessChecks', // addresses as they are; no prompt
  '--no-proxy-server',
];

/** A process of Node, with `@roamhq/wrtc`. */
export class NodeProgram extends Told {
  #lines;
  #id = 0;
  /** @type {Map<number, (reply: {value?: unknown, error?: string}) => void>} */ #calls = new Map();

  /**
   * @param {import('./world.js').World} world
   * @param {import('./world.js').HostName} host
   * @param {string} name of the module in ../programs/
   */
  constructor(world, host, name) {
    super();
    const [first, ...rest] = [...world.inside(host), process.execPath, MAIN, name];
    this.#lines = new LineProgram(first, rest, (line) => this.#take(JSON.parse(line)));
  }

  /**
   * @param {string} name
   * @param {...unknown} args what JSON can carry
   * @returns {Promise<any>} any: what the program answers
   */
  async call(name, ...args) {
    const id = ++this.#id;
    const answer = new Promise((resolve) => this.#calls.set(id, resolve));
    this.#lines.write(JSON.stringify({ id, name, args }));
    const { value, error } = await within(
      3 * PATIENCE_MS,
      () => `${name}() to be done; it had said:\n${this.#lines.complaints}`,
      /** @type {Promise<any>} */ (Promise.race([answer, this.#lines.ended])),
    );
    if (error !== undefined) throw new Error(error);
    return value;
  }

  close() {
    return this.#lines.close();
  }

  /** @param {{id?: number, value?: unknown, error?: string, type?: string, detail?: unknown}} line */
  #take({ id, value, error, type, detail }) {
    if (type !== undefined) return this.told(type, detail);
    const answer = this.#calls.get(Number(id));
    this.#calls.delete(Number(id));
    answer?.({ value, error });
  }
}

/** A page in a Chromium of its own. */
export class PageProgram extends Told {
  #browser;
  #page;
  #folder;

  /**
   * @param {import('playwright-core').Browser} browser
   * @param {import('playwright-core').Page} page
   * @param {string} folder
   */
  constructor(browser, page, folder) {
    super();
    this.#browser = browser;
    this.#page = page;
    this.#folder = folder;
  }

  /**
   * @param {import('./world.js').World} world
   * @param {import('./world.js').HostName} host
   * @param {string} name of the module in ../programs/
   */
  static async open(world, host, name) {
    const folder = mkdtempSync(join(tmpdir(), 'clasp-net-'));
    const executablePath = join(folder, 'chromium');
    const command = [...world.inside(host), browserPath()].join(' ');
    writeFileSync(executablePath, `#!/bin/sh\nexec ${command} "$@"\n`);
    chmodSync(executablePath, 0o755);
    const browser = await chromium.launch({ executablePath, args: FLAGS });
    const program = new PageProgram(browser, await browser.newPage(), folder);
    await program.#load(name);
    return program;
  }

  /**
   * @param {string} name
   * @param {...unknown} args
   * @returns {Promise<any>} any: what the program answers
   */
  call(name, ...args) {
    const answer = this.#page.evaluate(
      ([name, args]) =>
        /** @type {any} the page put it there */ (globalThis).commands[
          /** @type {string} */ (name)
        ](.../** @type {unknown[]} */ (args)),
      [name, args],
    );
    return within(3 * PATIENCE_MS, `${name}() to be done in the page`, answer);
  }

  async close() {
    await this.#browser.close();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** @param {string} name */
  async #load(name) {
    const page = this.#page;
    page.on('pageerror', (error) => this.told('fault', String(error.stack ?? error)));
    await page.exposeFunction('told', (/** @type {string} */ type, /** @type {unknown} */ detail) =>
      this.told(type, detail),
    );
    await page.route(`${SITE}/**`, (route) =>
      route.fulfill(fileAt(new URL(route.request().url()))),
    );
    await page.goto(`${SITE}/`);
    await page.evaluate(
      async ([module]) => {
        const { program } = await import(/** @type {string} */ (module));
        const page = /** @type {any} what is put there is not typed */ (globalThis);
        page.commands = program({ tell: page.told });
      },
      [`/tests/net/programs/${name}.js`],
    );
  }
}

/** @param {URL} url of a file of the repository */
function fileAt({ pathname }) {
  if (pathname === '/')
    return { contentType: 'text/html', body: '<!doctype html><title>.</title>' };
  const contentType = TYPES[pathname.split('.').at(-1) ?? ''] ?? 'text/plain';
  try {
    return { contentType, body: readFileSync(join(ROOT, pathname)) };
  } catch {
    return { status: 404 };
  }
}

/** @typedef {NodeProgram | PageProgram} AnyProgram */

/**
 * @param {'node' | 'chromium'} kind
 * @param {import('./world.js').World} world
 * @param {import('./world.js').HostName} host
 * @param {string} name of the module in ../programs/
 * @returns {Promise<AnyProgram>}
 */
export async function openProgram(kind, world, host, name) {
  return kind === 'node' ? new NodeProgram(world, host, name) : PageProgram.open(world, host, name);
}
