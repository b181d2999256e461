/**
 * Peers of other makes for tests: start one, and name the reason where there is none.
 *
 *   const skip = lackOf(ROUTER);                    // a reason, or undefined
 *   test('…', { skip }, async () => {
 *     const { url } = await startRouter();          // ended by endAll()
 *   });
 *   after(endAll);
 */
import { startRelay as start } from '../../relay/index.js';
import { lackOf } from '../../scripts/lib/foreign.mjs';
import * as router from '../../scripts/lib/router.mjs';
import { use } from '../browser/support/lifetime.js';

export { lackOf } from '../../scripts/lib/foreign.mjs';
export { ROUTER } from '../../scripts/lib/router.mjs';
export { endAll } from '../browser/support/lifetime.js';

/**
 * @typedef {object} Running
 * @property {string} url
 * @property {number} port
 * @property {() => Promise<void>} close
 */

/**
 * The router of crates.io, in a process of its own.
 * @param {Parameters<typeof router.startRouter>} options port, 0: any free one; seconds after which a session is forgotten
 * @returns {Promise<router.RunningRouter>} ended by endAll(), or by close() before
 */
export function startRouter(...options) {
  return use(router.startRouter(...options));
}

/**
 * The relay of this package.
 * @param {number} [port] 0: any free one
 * @returns {Promise<Running>} ended by endAll(), or by close() before
 */
export function startRelay(port = 0) {
  return use(start({ port }));
}

/**
 * @typedef {object} Relay
 * @property {string} name
 * @property {string | undefined} skip why it cannot be tested here
 * @property {(port?: number) => Promise<Running>} start
 */

/** Whatever a client of CLASP may meet. @type {Relay[]} */
export const RELAYS = [
  { name: 'the relay of this package', skip: undefined, start: startRelay },
  { name: 'the router of crates.io', skip: lackOf(router.ROUTER), start: startRouter },
];
