import { byId } from '../common/ui.js';

const TRAIL = 40; // places that are still to be seen
const EFFECT_S = 0.7; // how long a flash or a ring lasts
const FLASH_GAP_S = 0.4; // at most three a second, whoever controls; WCAG 2.2, 2.3.1
const WINDOW_MS = 1000; // over which values are counted

/** What the display shows. Values come from another page, so each is looked at before it is used. */
export class Scene {
  #canvas = byId('scene', HTMLCanvasElement);
  #brightness = 0.7;
  #hue = 170;
  #dark = false;
  #flashedAt = -Infinity; // s
  /** @type {[x: number, y: number][]} newest last */
  #trail = [[0.5, 0.5]];
  /** @type {{kind: 'flash' | 'ring', at: number, x: number, y: number}[]} */
  #effects = [];
  /** @type {number[]} times of the values of the last second */
  #received = [];

  /** @param {() => void} onFrame called after each drawing */
  constructor(onFrame) {
    const frame = () => {
      this.#draw();
      onFrame();
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  /** @param {unknown} value from 0 to 1 */
  setBrightness(value) {
    this.#brightness = within(value, 1) ?? this.#brightness;
  }

  /** @param {unknown} value degrees */
  setHue(value) {
    this.#hue = within(value, 360) ?? this.#hue;
  }

  /** @param {unknown} value */
  setBlackout(value) {
    this.#dark = value === true;
  }

  /** @param {unknown} value x and y from 0 to 1, from the left and from below */
  move(value) {
    const [x, y] = Array.isArray(value) ? value.map((part) => within(part, 1)) : [];
    if (x === undefined || y === undefined) return;
    this.#trail = [...this.#trail, /** @type {[number, number]} */ ([x, y])].slice(-TRAIL);
    this.#received.push(performance.now());
  }

  flash() {
    const now = performance.now() / 1000;
    if (now - this.#flashedAt < FLASH_GAP_S) return;
    this.#flashedAt = now;
    this.#start('flash');
  }

  ring() {
    this.#start('ring');
  }

  /** Texts for what is shown. */
  figures() {
    const since = performance.now() - WINDOW_MS;
    this.#received = this.#received.filter((at) => at > since);
    const [x, y] = this.#place;
    return {
      brightness: this.#dark ? 'dark' : `${Math.round(this.#brightness * 100)} %`,
      hue: `${Math.round(this.#hue)}°`,
      pad: `${Math.round(x * 100)} / ${Math.round(y * 100)}`,
      rate: `${this.#received.length} values/s`,
    };
  }

  fillScreen() {
    this.#canvas.requestFullscreen?.().catch(() => {}); // a page in a frame may not
  }

  get #place() {
    return this.#trail[this.#trail.length - 1];
  }

  /** @param {'flash' | 'ring'} kind */
  #start(kind) {
    const [x, y] = this.#place;
    this.#effects = [...this.#effects, { kind, at: performance.now() / 1000, x, y }].slice(-8);
  }

  #draw() {
    const canvas = this.#canvas;
    const { clientWidth: width, clientHeight: height } = canvas;
    const scale = devicePixelRatio;
    if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
    if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
    const context = canvas.getContext('2d');
    if (!context || width === 0) return;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.fillStyle = '#0a0f0d';
    context.fillRect(0, 0, width, height);
    if (!this.#dark) this.#drawLight(context, width, height);
    this.#drawEffects(context, width, height);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} width
   * @param {number} height
   */
  #drawLight(context, width, height) {
    const [x, y] = [this.#place[0] * width, (1 - this.#place[1]) * height];
    const light = context.createRadialGradient(x, y, 0, x, y, Math.hypot(width, height) * 0.75);
    light.addColorStop(0, `hsl(${this.#hue} 85% 66% / ${this.#brightness})`);
    light.addColorStop(1, `hsl(${this.#hue + 40} 80% 22% / ${this.#brightness})`);
    context.fillStyle = light;
    context.fillRect(0, 0, width, height);
    this.#trail.forEach(([dotX, dotY], index) => {
      const age = (index + 1) / this.#trail.length;
      context.fillStyle = `rgb(255 255 255 / ${age ** 2 * (0.2 + 0.7 * this.#brightness)})`;
      context.beginPath();
      context.arc(dotX * width, (1 - dotY) * height, 2 + 8 * age, 0, 2 * Math.PI);
      context.fill();
    });
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} width
   * @param {number} height
   */
  #drawEffects(context, width, height) {
    const now = performance.now() / 1000;
    this.#effects = this.#effects.filter(({ at }) => now - at < EFFECT_S);
    for (const { kind, at, x, y } of this.#effects) {
      const part = (now - at) / EFFECT_S;
      const color = `rgb(255 255 255 / ${0.6 * (1 - part)})`; // once, and not to full white
      if (kind === 'flash') {
        context.fillStyle = color;
        context.fillRect(0, 0, width, height);
        continue;
      }
      context.strokeStyle = color;
      context.lineWidth = 6 * (1 - part) + 1;
      context.beginPath();
      context.arc(
        x * width,
        (1 - y) * height,
        part * Math.max(width, height) * 0.6,
        0,
        2 * Math.PI,
      );
      context.stroke();
    }
  }
}

/**
 * @param {unknown} value
 * @param {number} max
 * @returns {number | undefined} undefined: not a number from 0 to `max`
 */
function within(value, max) {
  return typeof value === 'number' && value >= 0 && value <= max ? value : undefined;
}
