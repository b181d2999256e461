/** Draws one frame of the test pattern: bars, a moving ball, the name, a clock, a frame counter. */

/**
 * @typedef {object} Frame
 * @property {string} name
 * @property {Date} now
 * @property {number} count frames drawn before this one
 * @property {boolean} calm true: the ball moves once a second instead of gliding
 */

const BARS = ['#c3c6c4', '#bdb53a', '#36b0ad', '#3aa552', '#a547a0', '#b23a3a', '#3a4bb2'];
const CASTELLATION = ['#3a4bb2', '#141816', '#a547a0', '#141816', '#36b0ad', '#141816', '#c3c6c4'];
const FONT = 'ui-sans-serif, system-ui, sans-serif';
const ORBIT_MS = 4000; // the ball crosses and comes back

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Frame} frame
 */
export function drawPattern(context, frame) {
  const { width, height } = context.canvas;
  drawRow(context, BARS, 0, height * 0.62);
  drawRow(context, CASTELLATION, height * 0.62, height * 0.08);
  context.fillStyle = '#141816';
  context.fillRect(0, height * 0.7, width, height * 0.3);
  drawBall(context, frame);
  drawPlate(context, frame.name);
  drawClock(context, frame);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string[]} colors
 * @param {number} top
 * @param {number} height
 */
function drawRow(context, colors, top, height) {
  const step = context.canvas.width / colors.length;
  colors.forEach((color, i) => {
    context.fillStyle = color;
    context.fillRect(Math.floor(i * step), top, Math.ceil(step), height);
  });
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Frame} frame
 */
function drawBall(context, { now, calm }) {
  const { width, height } = context.canvas;
  const at = calm ? Math.floor(now.getTime() / 1000) * 1000 : now.getTime();
  const phase = ((at % ORBIT_MS) / ORBIT_MS) * 2 * Math.PI;
  const radius = height * 0.05;
  const x = width / 2 - Math.cos(phase) * (width / 2 - radius * 1.6);
  const y = height * 0.53 - Math.abs(Math.sin(phase * 2)) * height * 0.14;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = '#ffffff';
  context.fill();
  context.lineWidth = radius * 0.35;
  context.strokeStyle = '#141816';
  context.stroke();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} name
 */
function drawPlate(context, name) {
  const { width, height } = context.canvas;
  context.font = `600 ${height * 0.1}px ${FONT}`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  const plate = Math.min(width * 0.86, context.measureText(name).width + height * 0.14);
  context.fillStyle = '#141816';
  context.beginPath();
  context.roundRect((width - plate) / 2, height * 0.13, plate, height * 0.17, height * 0.04);
  context.fill();
  context.fillStyle = '#ffffff';
  context.fillText(name, width / 2, height * 0.219, width * 0.8);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Frame} frame
 */
function drawClock(context, { now, count }) {
  const { width, height } = context.canvas;
  const y = height * 0.81;
  context.textBaseline = 'middle';
  context.fillStyle = '#ffffff';
  context.font = `600 ${height * 0.115}px ui-monospace, monospace`;
  context.textAlign = 'center';
  context.fillText(clockText(now), width / 2, y);
  context.font = `${height * 0.05}px ui-monospace, monospace`;
  context.fillStyle = '#aeb8b3';
  context.fillText(`frame ${count}`, width / 2, height * 0.925);
}

/** @param {Date} now */
function clockText(now) {
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  const ms = String(now.getMilliseconds()).padStart(3, '0');
  return `${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}.${ms}`;
}
