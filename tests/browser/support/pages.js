/** Pages whose faults are seen: what they throw, and every error in their console. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../../scripts/lib/process.mjs';

/** @typedef {import('playwright-core').Page} Page */

/** Where tests leave pictures and recordings. */
export const ARTIFACTS = join(ROOT, 'build', 'artifacts');

/** Chromium says this of every try to reach a server that is not there. */
export const NO_SERVER = /^WebSocket connection to '.*' failed|ERR_CONNECTION_REFUSED/;

/** @type {string[]} since the last noFaults() */
const faults = [];

/**
 * @param {import('playwright-core').BrowserContext} context
 * @param {string} name in messages
 * @param {RegExp[]} [allowed] faults that belong to the test
 * @returns {Promise<Page>}
 */
export async function openPage(context, name, allowed = []) {
  const page = await context.newPage();
  const note = (/** @type {string} */ text) => {
    if (!allowed.some((pattern) => pattern.test(text))) faults.push(`${name}: ${text}`);
  };
  page.on('pageerror', (error) => note(String(error.stack ?? error)));
  page.on('crash', () => note('crashed'));
  page.on('console', (message) => {
    if (message.type() === 'error') note(message.text());
  });
  return page;
}

/** For afterEach(): no page has had a fault that nobody expected. */
export function noFaults() {
  assert.deepEqual(faults.splice(0), []);
}

/**
 * @param {string} file name
 * @returns {string} its path in the folder of artefacts, which is there then
 */
export function artifact(file) {
  mkdirSync(ARTIFACTS, { recursive: true });
  return join(ARTIFACTS, file);
}
