import { bytes } from '../common/peer-words.js';
import { make } from '../common/ui.js';

/** Types that are shown; whatever else comes can be saved. */
const PICTURES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];

/** The part of a chat line that shows a file: how far it is, then the picture, and a link that saves it. */
export class Attachment {
  #bar = make('progress', { max: '1', value: '0' });
  #text = make('small');
  #size;
  #grow;

  /**
   * @param {HTMLElement} line of the chat
   * @param {{name: string, size: number}} file
   * @param {(change: () => void) => void} grow makes the line longer, so that the end of the log stays in sight
   */
  constructor(line, { name, size }, grow) {
    this.#size = size;
    this.#grow = grow;
    this.#bar.setAttribute('aria-label', name);
    this.element = make('div', { class: 'attachment' }, this.#bar, this.#text);
    grow(() => line.append(this.element));
  }

  /**
   * @param {number} count of bytes
   * @param {number} [all] in place of the file's size
   */
  progress(count, all = this.#size) {
    this.#bar.value = all > 0 ? count / all : 1;
    this.#text.textContent = `${bytes(count)} of ${bytes(all)}`;
  }

  /**
   * @param {Blob} blob
   * @param {string} name
   */
  done(blob, name) {
    const href = URL.createObjectURL(PICTURES.includes(blob.type) ? blob : asData(blob));
    const link = make('a', { href, download: name }, `${name}, ${bytes(blob.size)}`);
    if (PICTURES.includes(blob.type)) this.#show(href, name);
    this.#grow(() => this.element.append(link));
    this.say('');
  }

  /**
   * @param {string} src
   * @param {string} alt
   */
  async #show(src, alt) {
    const picture = make('img', { src, alt });
    await picture.decode().catch(() => {}); // one that cannot be read shows its name
    this.#grow(() => this.element.prepend(picture));
  }

  /** @param {string} text takes the place of the bar */
  say(text) {
    this.#bar.remove();
    this.#text.textContent = text;
    if (text === '') this.#text.remove();
  }
}

/** Never a page or a script: it is saved, not opened. @param {Blob} blob */
function asData(blob) {
  return blob.slice(0, blob.size, 'application/octet-stream');
}
