/** The page pages/peer.html: one Sender or Receiver that a test commands. */
import { CommandedPage } from './commanded.js';
import { openPage } from './pages.js';

/** @typedef {typeof import('../pages/peer.js').commands} Commands */

/**
 * One page with a Sender or a Receiver. What it tells are its events, their detail as far as it can leave the page.
 * @extends {CommandedPage<Commands>}
 */
export class PeerPage extends CommandedPage {
  /**
   * @param {import('playwright-core').BrowserContext} context
   * @param {import('./site.js').Site} site
   * @param {{role: 'sender' | 'receiver', room: string, relay: string, record?: '1'}} options
   */
  static async open(context, site, options) {
    const opened = new PeerPage(await openPage(context, options.role));
    await opened.load(`${site.url}/tests/browser/pages/peer.html?${new URLSearchParams(options)}`);
    return opened;
  }
}
