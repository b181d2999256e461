/**
 * Do something at the end of this turn, for what is done with every message: queueMicrotask() is the host's, and takes ten times
 * as long as what the engine does by itself.
 * @param {() => void} task what it throws surfaces as a rejection that nobody handles
 */
export const soon = (task) => void Promise.resolve().then(task);

const TURNS = 8; // of the microtask queue: an await of an async function that awaits another one takes three

/**
 * The same, behind what the application says once it has awaited what it is told now.
 * @param {() => void} task
 * @param {number} [turns]
 */
export const afterwards = (task, turns = TURNS) =>
  soon(turns > 0 ? () => afterwards(task, turns - 1) : task);
