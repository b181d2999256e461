import { byId, setText } from '../common/ui.js';

const TURN_S = 4; // one round of the figure that is drawn by itself

/**
 * A place in a square, by pointer on the pad or by two sliders beside it. While it moves it is told once a frame, 60 times
 * a second on most screens.
 */
export class Pad {
  #area = byId('pad', HTMLElement);
  #x = byId('pad-x', HTMLInputElement);
  #y = byId('pad-y', HTMLInputElement);
  #auto = byId('pad-auto', HTMLButtonElement);
  #rate = byId('pad-rate', HTMLElement);
  #onMove;
  #moved = false;
  /** @type {number[]} times of the values of the last second */
  #sent = [];

  /** @param {(x: number, y: number) => void} onMove from 0 to 1, from the left and from below */
  constructor(onMove) {
    this.#onMove = onMove;
    for (const slider of [this.#x, this.#y]) slider.addEventListener('input', () => this.#touch());
    for (const type of /** @type {const} */ (['pointerdown', 'pointermove'])) {
      this.#area.addEventListener(type, (event) => this.#point(event));
    }
    this.#auto.addEventListener('click', () => this.#toggle());
    this.#draw();
    requestAnimationFrame((now) => this.#frame(now));
  }

  get #isAuto() {
    return this.#auto.getAttribute('aria-pressed') === 'true';
  }

  #toggle() {
    this.#auto.setAttribute('aria-pressed', String(!this.#isAuto));
  }

  /** @param {PointerEvent} event */
  #point(event) {
    if (event.type === 'pointerdown') this.#area.setPointerCapture(event.pointerId);
    if (!this.#area.hasPointerCapture(event.pointerId)) return;
    this.#auto.setAttribute('aria-pressed', 'false');
    const { left, top, width, height } = this.#area.getBoundingClientRect();
    this.#place((event.clientX - left) / width, 1 - (event.clientY - top) / height);
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  #place(x, y) {
    this.#x.valueAsNumber = x; // the sliders keep it within bounds
    this.#y.valueAsNumber = y;
    this.#touch();
  }

  #touch() {
    this.#moved = true;
    this.#draw();
  }

  #draw() {
    this.#area.style.setProperty('--x', this.#x.value);
    this.#area.style.setProperty('--y', this.#y.value);
  }

  /** @param {number} now ms */
  #frame(now) {
    if (this.#isAuto) this.#place(...figure(now / 1000));
    if (this.#moved) {
      this.#onMove(this.#x.valueAsNumber, this.#y.valueAsNumber);
      this.#sent.push(now);
      this.#moved = false;
    }
    while (this.#sent.length > 0 && this.#sent[0] <= now - 1000) this.#sent.shift();
    setText(this.#rate, `${this.#sent.length} values/s`);
    requestAnimationFrame((next) => this.#frame(next));
  }
}

/**
 * @param {number} time s
 * @returns {[x: number, y: number]} on a lying eight
 */
function figure(time) {
  const turn = (2 * Math.PI * time) / TURN_S;
  return [0.5 + 0.4 * Math.sin(turn), 0.5 + 0.35 * Math.sin(2 * turn)];
}
