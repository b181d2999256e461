/** Waiting for something to happen; a deadline that passes says for what. Nothing here waits for time alone. */

/** How long a test waits for what takes a second or two on an idle machine, in milliseconds. */
export const PATIENCE_MS = 20_000;

/**
 * @template T
 * @param {number} ms
 * @param {string | (() => string)} what as in "waited for …"
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
export async function within(ms, what, promise) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    const text = () => (typeof what === 'string' ? what : what());
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms for ${text()}`)), ms);
  });
  try {
    return await /** @type {Promise<T>} */ (Promise.race([promise, late]));
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Wait in a page until a condition holds.
 * @template A
 * @param {import('playwright-core').Page} page
 * @param {string} what as in "waited for …"
 * @param {(argument: A) => unknown} condition runs in the page
 * @param {A} argument handed to it
 * @param {number} [ms]
 */
export async function untilIn(page, what, condition, argument, ms = PATIENCE_MS) {
  try {
    const options = { timeout: ms, polling: 50 }; // by a timer: pages in the background draw no frames
    await page.waitForFunction(
      /** @type {any} its type unwraps handles */ (condition),
      argument,
      options,
    );
  } catch (cause) {
    const shown = await page.evaluate(() => document.body.innerText).catch(() => '(no page)');
    throw new Error(`waited ${ms} ms for ${what}; the page shows:\n${shown}`, { cause });
  }
}
