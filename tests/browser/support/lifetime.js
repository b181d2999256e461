/** What a test file has started and has to end, whatever becomes of its tests. */

/** @type {(() => Promise<unknown>)[]} */
const ends = [];

/**
 * @template {{close: () => Promise<unknown>}} T
 * @param {Promise<T>} starting
 * @returns {Promise<T>} to be closed by endAll(), and before if need be
 */
export async function use(starting) {
  const started = await starting;
  ends.push(() => started.close());
  return started;
}

/** For after(). */
export async function endAll() {
  await Promise.all(ends.splice(0).map((end) => end()));
}
