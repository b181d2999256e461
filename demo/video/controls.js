import { byId, copyText, find, setText } from '../common/ui.js';

const COPIED_MS = 2500; // how long the confirmation stays on the button

/**
 * @typedef {object} Actions
 * @property {(on: boolean) => void} setAudio
 * @property {(on: boolean) => void} setVideo
 * @property {() => void} switchSource
 * @property {() => string} link
 * @property {() => void} leave
 */

/** The bar below the pictures. */
export class Controls {
  #audio = byId('toggle-audio', HTMLButtonElement);
  #video = byId('toggle-video', HTMLButtonElement);
  #source = byId('switch-source', HTMLButtonElement);
  #link = byId('copy-link', HTMLButtonElement);

  /**
   * @param {Actions} actions
   * @param {AbortSignal} signal ends the use of the buttons
   */
  constructor(actions, signal) {
    press(this.#audio, false);
    press(this.#video, false);
    const onClick = (/** @type {HTMLElement} */ button, /** @type {() => void} */ run) =>
      button.addEventListener('click', run, { signal });
    onClick(this.#audio, () => actions.setAudio(!toggle(this.#audio)));
    onClick(this.#video, () => actions.setVideo(!toggle(this.#video)));
    onClick(this.#source, actions.switchSource);
    onClick(this.#link, () => this.#copy(actions.link()));
    onClick(byId('leave', HTMLButtonElement), actions.leave);
  }

  /** @param {{source: 'camera' | 'pattern', hasAudio: boolean}} media */
  update({ source, hasAudio }) {
    this.#audio.disabled = !hasAudio;
    this.#audio.title = hasAudio ? '' : 'There is no microphone to mute.';
    setText(words(this.#source), source === 'camera' ? 'Use pattern' : 'Use camera');
  }

  /** @param {boolean} busy true while a source is being opened */
  setSwitching(busy) {
    this.#source.disabled = busy;
  }

  /** @param {string} link */
  async #copy(link) {
    const done = await copyText(link);
    setText(words(this.#link), done ? 'Copied' : 'Not copied');
    this.#link.classList.toggle('done', done);
    if (!done) prompt('Copy this link:', link);
    setTimeout(() => {
      setText(words(this.#link), 'Copy link');
      this.#link.classList.remove('done');
    }, COPIED_MS);
  }
}

/** @param {HTMLElement} button */
function words(button) {
  return find(button, 'span', HTMLElement);
}

/**
 * @param {HTMLElement} button
 * @param {boolean} pressed
 */
function press(button, pressed) {
  button.setAttribute('aria-pressed', String(pressed));
  return pressed;
}

/** @param {HTMLElement} button */
function toggle(button) {
  return press(button, button.getAttribute('aria-pressed') !== 'true');
}
