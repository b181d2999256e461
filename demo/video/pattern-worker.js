/**
 * The test pattern's metronome. A page's timers nearly stop while its tab is hidden; a worker's
 * do not. Posts one empty message per frame until it is terminated.
 */
const FRAME_MS = 40; // 25 frames per second

setInterval(() => postMessage(null), FRAME_MS);
