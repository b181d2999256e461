/** ClaspP2P as a test commands it: in a page of either make, or in this process. */
import { CommandedPage } from './commanded.js';
import { program } from './p2p-program.js';
import { openPage } from './pages.js';
import { Told } from './told.js';

/** @typedef {import('./p2p-program.js').P2PCommands} Commands */
/** @typedef {P2PPage | P2PHere} AnyP2P */
/** @typedef {{url: string, id: string}} P2POptions `url` of the relay */

/** @type {RTCConfiguration} */
const NO_SERVERS = { iceServers: [] };

/** The page pages/p2p.html. @extends {CommandedPage<Commands>} */
export class P2PPage extends CommandedPage {
  /**
   * @param {import('playwright-core').BrowserContext} context
   * @param {import('./site.js').Site} site
   * @param {P2POptions & {allowed?: RegExp[], config?: () => RTCConfiguration}} options `allowed`: faults of the page that belong
   *   to the test; `config`: asked for each connection, and each ICE restart
   */
  static async open(context, site, { url, id, allowed, config }) {
    const opened = new P2PPage(await openPage(context, id, allowed));
    await opened.load(`${site.url}/tests/browser/pages/p2p.html`);
    if (config) opened.on('config', ({ number }) => opened.call('config', number, config()));
    await opened.call('open', { url, id, rtcConfig: config ? undefined : NO_SERVERS });
    return opened;
  }

  /** End what is connected, as a browser does that gives up, without a word to the package. */
  async breakPath() {
    await this.page.evaluate(() =>
      /** @type {any} the page put it there */ (globalThis).breakPath(),
    );
  }
}

/** In this process, with WebRTC for Node. */
export class P2PHere extends Told {
  #commands = program({ tell: (type, detail) => this.told(type, detail) });

  /** @param {P2POptions} options */
  static async open({ url, id }) {
    const opened = new P2PHere();
    await opened.call('open', { url, id, rtcConfig: NO_SERVERS });
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

/**
 * Connect one with another, which is there.
 * @param {AnyP2P} from
 * @param {AnyP2P} to
 * @param {string} id of the latter
 */
export async function connect(from, to, id) {
  await Promise.all([from.call('dial', id), from.next('peer'), to.next('peer')]);
}
