import { CONFERENCE } from '../js-glue/conference-module.js';
import { Core } from '../js-glue/core.js';

export { BroadcastDriver } from './drivers/broadcast.js';
export { MemoryDriver } from './drivers/memory.js';
export { RelayDriver } from './drivers/relay.js';
export { ClaspError } from './error.js';
export { Receiver } from './receiver.js';
export { Sender } from './sender.js';

/** Of the package. */
export const version = '0.1.0';

/**
 * Load the WebAssembly core now, so that nothing waits for it later; or from elsewhere than beside the package: then
 * before the first Sender, Receiver or RelayDriver, which load it, too.
 * @param {import('../js-glue/loader.js').LoadOptions} [options] without effect once it is loaded
 * @returns {Promise<void>}
 * @throws {import('./error.js').ClaspError} LOAD
 */
export async function ready(options) {
  await Core.load(CONFERENCE, options);
}
