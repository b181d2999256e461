/** The demos of data-channel peers as their users see them. */
import { DemoTab } from './demo-tab.js';
import { untilIn } from './wait.js';

/** One tab with a page of such a demo. */
export class PeerTab extends DemoTab {
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

  /** @returns {Promise<string[]>} the lines of others, in the order in which they are shown */
  lines() {
    return this.page.locator('#chat-log li:not([data-from=""]) p').allInnerTexts();
  }
}
