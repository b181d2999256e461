/** Small line charts on a canvas. */

/**
 * @typedef {object} Line
 * @property {(number | null)[]} values oldest first; null is a gap
 * @property {string} color any CSS colour
 */

const PADDING = 3; // CSS pixels, so that the line is not cut at the edge

/**
 * Draws lines over one scale that starts at zero. The newest value is at the right edge.
 *
 * @param {HTMLCanvasElement} canvas drawn at the size it has on the page
 * @param {Line[]} lines
 * @param {{slots: number, floor: number, grid: string}} options `slots` values fill the width;
 *   the top of the scale is never below `floor`
 */
export function drawPlot(canvas, lines, { slots, floor, grid }) {
  const context = fitted(canvas);
  if (context === null) return;
  const { clientWidth: width, clientHeight: height } = canvas;
  const top = Math.max(floor, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const x = (/** @type {number} */ age) =>
    width - PADDING - (age * (width - 2 * PADDING)) / (slots - 1);
  const y = (/** @type {number} */ v) => height - PADDING - (v / top) * (height - 2 * PADDING);
  context.clearRect(0, 0, width, height);
  drawBase(context, width, y(0), grid);
  for (const line of lines) drawLine(context, line, x, y);
}

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {CanvasRenderingContext2D | null} in CSS pixels, sharp on any screen
 */
function fitted(canvas) {
  const scale = devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * scale);
  const height = Math.round(canvas.clientHeight * scale);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d');
  context?.setTransform(scale, 0, 0, scale, 0, 0);
  return context;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} width
 * @param {number} y
 * @param {string} color
 */
function drawBase(context, width, y, color) {
  context.strokeStyle = color;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(0, y);
  context.lineTo(width, y);
  context.stroke();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Line} line
 * @param {(age: number) => number} x
 * @param {(value: number) => number} y
 */
function drawLine(context, { values, color }, x, y) {
  context.strokeStyle = color;
  context.lineWidth = 1.75;
  context.lineJoin = 'round';
  context.beginPath();
  let joined = false;
  values.forEach((value, i) => {
    if (value !== null) {
      const at = /** @type {const} */ ([x(values.length - 1 - i), y(value)]);
      if (joined) context.lineTo(...at);
      else context.moveTo(...at);
    }
    joined = value !== null;
  });
  context.stroke();
}
