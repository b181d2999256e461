/** ClaspP2P as a test commands it: in a page of either make, or in this process. */
import { CommandedPage } from './commanded.js';
import { program } from './p2p-program.js';
import { openPage } from './pages.js';
import { Told } from './told.js';

/** @typedef {import('./p2p-program.js').P2PCommands} Commands */
/** @typedef {P2PPage | P2PHere} AnyP2P */

/** The page pages/p2p.html. @extends {CommandedPage<Commands>} */
export class P2PPage extends CommandedPage {
  /**
   * @param {import('playwright-core').BrowserContext} context
   * @param {import('./site.js').Site} site
   * @param {{url: string, id: string, allowed?: RegExp[]}} options `url` of the relay; `allowed`: faults of the page that belong
   *   to the test
   */
  static async open(context, site, { url, id, allowed }) {
    const opened = new P2PPage(await openPage(context, id, allowed));
    await opened.load(`${site.url}/tests/browser/pages/p2p.html`);
    await opened.call('open', configOf(url, id));
    return opened;
  }
}

/** In this process, with WebRTC for Node. */
export class P2PHere extends Told {
  #commands = program({ tell: (type, detail) => this.told(type, detail) });

  /** @param {{url: string, id: string}} options `url` of the relay */
  static async open({ url, id }) {
    const opened = new P2PHere();
    await opened.call('open', configOf(url, id));
    return opened;
  }

  /**
   * @template {keyof Commands} K
   * @param {K} name
   * @param {Parameters<Commands[K]>} args
   * @returns {Promise<Awaited<ReturnType<Commands[K]>>>}
   */
  async call(name, ...args) {
    return /** @type {any} by name */ (this.#commands)[name](...args);
  }

  async close() {
    this.#commands.close();
  }
}

/** @param {string} url @param {string} id */
const configOf = (url, id) => ({ url, id, rtcConfig: { iceServers: [] } });

/**
 * Connect one with another, which is there.
 * @param {AnyP2P} from
 * @param {AnyP2P} to
 * @param {string} id of the latter
 */
export async function connect(from, to, id) {
  await Promise.all([from.call('dial', id), from.next('peer'), to.next('peer')]);
}
