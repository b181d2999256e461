import { byId, setText } from './ui.js';

/** @typedef {'info' | 'good' | 'busy' | 'warn'} Tone */

const NOTICE_MS = 8000; // how long a passing event stays in the line

/** The status line of the page: what lasts, and for a while what just happened before it. */
export class StatusLine {
  #line = byId('status', HTMLElement);
  #base = '';
  #event = '';
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;

  /**
   * @param {Tone} tone
   * @param {string} text
   */
  set(tone, text) {
    this.#base = text;
    this.#line.dataset.tone = tone;
    this.#draw();
  }

  /** @param {string} text shown before the lasting words, for some seconds */
  announce(text) {
    this.#event = text;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.clearEvent(), NOTICE_MS);
    this.#draw();
  }

  clearEvent() {
    clearTimeout(this.#timer);
    this.#event = '';
    this.#draw();
  }

  #draw() {
    setText(this.#line, `${this.#event} ${this.#base}`.trim());
  }
}
