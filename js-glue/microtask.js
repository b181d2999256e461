import { surface } from './error.js';

const settled = Promise.resolve();

/**
 * Do something at the end of this turn, for what is done with every message: queueMicrotask() is the host's, and takes ten times
 * as long as what the engine does by itself.
 * @param {() => void} task what it throws is reported as that of any other
 */
export const soon = (task) => void settled.then(task).catch(surface);
