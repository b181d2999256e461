import { Core } from '../js-glue/core.js';

export { Clasp } from './clasp.js';
export { ClaspBuilder } from './clasp-builder.js';
export { BroadcastDriver } from './drivers/broadcast.js';
export { MemoryDriver } from './drivers/memory.js';
export { RelayDriver } from './drivers/relay.js';
export { ClaspError } from './error.js';
export { Receiver } from './receiver.js';
export { Sender } from './sender.js';

/** @typedef {import('./clasp.js').BundleMember} BundleMember */
/** @typedef {import('./clasp.js').Change} Change */
/** @typedef {import('./clasp.js').ClaspEvents} ClaspEvents */
/** @typedef {import('./clasp.js').ClaspOptions} ClaspOptions */
/** @typedef {import('./clasp.js').Handler} Handler */
/** @typedef {import('./clasp.js').Keyframe} Keyframe */
/** @typedef {import('./clasp.js').Phase} Phase */
/** @typedef {import('./clasp.js').SetOptions} SetOptions */
/** @typedef {import('./clasp.js').SignalDefinition} SignalDefinition */
/** @typedef {import('./clasp.js').SignalType} SignalType */
/** @typedef {import('./clasp.js').SubscribeOptions} SubscribeOptions */
/** @typedef {import('./clasp.js').Unsubscribe} Unsubscribe */
/** @typedef {import('./clasp.js').Value} Value */
/** @typedef {import('./inflow.js').Inflow} Inflow */

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
  await Core.load(options);
}
