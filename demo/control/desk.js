import { byId, setText } from '../common/ui.js';
import { Pad } from './pad.js';

/** @typedef {(address: string, value: number | boolean) => unknown} Setter */

/** The sliders whose value is set as it changes. */
const SLIDERS = [
  { id: 'brightness', address: '/brightness', show: (/** @type {number} */ it) => percent(it) },
  { id: 'hue', address: '/hue', show: (/** @type {number} */ it) => `${it}°` },
];

/** What the user moves and presses. It knows addresses and values, not who hears them. */
export class Desk {
  #say;
  #blackout = byId('blackout', HTMLButtonElement);

  /**
   * @param {object} say
   * @param {Setter} say.set what must arrive
   * @param {(address: string, value: number[]) => unknown} say.stream what is soon out of date
   * @param {(address: string) => unknown} say.emit what happens once
   */
  constructor(say) {
    this.#say = say;
    for (const slider of SLIDERS) this.#bind(slider);
    for (const id of ['flash', 'ring']) {
      byId(id, HTMLButtonElement).addEventListener('click', () => say.emit(`/${id}`));
    }
    this.#blackout.addEventListener('click', () => this.#toggleBlackout());
    this.pad = new Pad((x, y) => say.stream('/pad', [x, y]));
  }

  /** @returns {[address: string, value: number | boolean][]} all that a display which has just come should know */
  values() {
    const sliders = SLIDERS.map(
      ({ id, address }) =>
        /** @type {[string, number]} */ ([address, byId(id, HTMLInputElement).valueAsNumber]),
    );
    return [...sliders, ['/blackout', this.#isDark]];
  }

  get #isDark() {
    return this.#blackout.getAttribute('aria-pressed') === 'true';
  }

  /** @param {typeof SLIDERS[number]} slider */
  #bind({ id, address, show }) {
    const slider = byId(id, HTMLInputElement);
    const draw = () => {
      setText(byId(`${id}-value`, HTMLElement), show(slider.valueAsNumber));
      slider.setAttribute('aria-valuetext', show(slider.valueAsNumber));
    };
    slider.addEventListener('input', () => {
      draw();
      this.#say.set(address, slider.valueAsNumber);
    });
    draw();
  }

  #toggleBlackout() {
    this.#blackout.setAttribute('aria-pressed', String(!this.#isDark));
    this.#say.set('/blackout', this.#isDark);
  }
}

/** @param {number} part */
function percent(part) {
  return `${Math.round(part * 100)} %`;
}
