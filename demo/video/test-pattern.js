import { drawPattern } from './pattern-drawing.js';

const WIDTH = 640;
const HEIGHT = 360;
const FALLBACK_RATE = 25; // frames per second, where frames cannot be pushed one by one

/** A drawn video source for those without a camera. It goes on while the tab is hidden. */
export class TestPattern {
  #worker = new Worker(new URL('./pattern-worker.js', import.meta.url));
  #context = blankContext();
  #track;
  #name;
  #count = 0;
  #motion = matchMedia('(prefers-reduced-motion: reduce)');

  /** @param {string} name drawn on the picture */
  constructor(name) {
    this.#name = name;
    this.#draw();
    this.#track = pushedTrack(this.#context.canvas);
    this.#worker.addEventListener('message', () => this.#tick());
  }

  /** The video track, owned by the pattern: `stop()` ends it. */
  get track() {
    return this.#track;
  }

  stop() {
    this.#worker.terminate();
    this.#track.stop();
  }

  #tick() {
    this.#draw();
    if ('requestFrame' in this.#track) this.#track.requestFrame();
  }

  #draw() {
    drawPattern(this.#context, {
      name: this.#name,
      now: new Date(),
      count: this.#count++,
      calm: this.#motion.matches,
    });
  }
}

function blankContext() {
  const canvas = document.createElement('canvas');
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const context = canvas.getContext('2d', { alpha: false });
  if (context === null) throw new Error('This browser cannot draw on a canvas.');
  return context;
}

/**
 * A rate of 0 means that frames leave only by `requestFrame`, which also works in a hidden tab.
 *
 * @param {HTMLCanvasElement} canvas
 * @returns {CanvasCaptureMediaStreamTrack | MediaStreamTrack}
 */
function pushedTrack(canvas) {
  const [pushed] = canvas.captureStream(0).getVideoTracks();
  if ('requestFrame' in pushed) return pushed;
  const [timed] = canvas.captureStream(FALLBACK_RATE).getVideoTracks();
  return timed;
}
