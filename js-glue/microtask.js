/**
 * Do something at the end of this turn, for what is done with every message: queueMicrotask() is the host's, and takes ten times
 * as long as what the engine does by itself.
 * @param {() => void} task what it throws surfaces as a rejection that nobody handles
 */
export const soon = (task) => void Promise.resolve().then(task);
