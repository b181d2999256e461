import { byId, make } from './ui.js';

/** Messages that stay until they are dealt with: at most one of each kind. */
export class Notices {
  #list = byId('notices', HTMLElement);
  /** @type {Map<string, HTMLElement>} */ #shown = new Map();

  /**
   * @param {'media' | 'sound' | 'core'} kind replaces the notice of the same kind
   * @param {string} text
   * @param {{label: string, run: () => void}} [action] hides the notice too
   */
  show(kind, text, action) {
    this.hide(kind);
    const notice = make('div', { class: 'notice', 'data-notice': kind }, make('p', {}, text));
    if (action) notice.append(this.#button(kind, action.label, 'primary', action.run));
    notice.append(this.#button(kind, 'Dismiss', 'plain', () => {}));
    this.#shown.set(kind, notice);
    this.#list.append(notice);
  }

  /** @param {'media' | 'sound' | 'core'} kind */
  hide(kind) {
    this.#shown.get(kind)?.remove();
    this.#shown.delete(kind);
  }

  clear() {
    this.#list.replaceChildren();
    this.#shown.clear();
  }

  /**
   * @param {'media' | 'sound' | 'core'} kind
   * @param {string} label
   * @param {string} style
   * @param {() => void} run
   */
  #button(kind, label, style, run) {
    const button = make('button', { type: 'button', class: style }, label);
    button.addEventListener('click', () => {
      this.hide(kind);
      byId('main', HTMLElement).focus({ preventScroll: true }); // the button has gone
      run();
    });
    return button;
  }
}
