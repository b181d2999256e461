export { Clasp } from './clasp.js';
export { ClaspBuilder } from './clasp-builder.js';
export * from './conferencing.js';
export { ClaspP2P, VERDICTS } from './p2p.js';
export { P2PManager } from './p2p-manager.js';
export { Peer } from './peer.js';
export { PeerChannel } from './peer-channel.js';

/** @typedef {import('./clasp.js').BundleMember} BundleMember */
/** @typedef {import('./clasp.js').Change} Change */
/** @typedef {import('./clasp.js').ClaspEvents} ClaspEvents */
/** @typedef {import('./clasp.js').ClaspOptions} ClaspOptions */
/** @typedef {import('./clasp.js').Handler} Handler */
/** @typedef {import('./hybrid.js').HybridOptions} HybridOptions */
/** @typedef {import('./hybrid.js').Route} Route */
/** @typedef {import('./clasp.js').Keyframe} Keyframe */
/** @typedef {import('./clasp.js').Phase} Phase */
/** @typedef {import('./clasp.js').SetOptions} SetOptions */
/** @typedef {import('./clasp.js').SignalDefinition} SignalDefinition */
/** @typedef {import('./clasp.js').SignalType} SignalType */
/** @typedef {import('./clasp.js').SubscribeOptions} SubscribeOptions */
/** @typedef {import('./clasp.js').Unsubscribe} Unsubscribe */
/** @typedef {import('./clasp.js').Value} Value */
/** @typedef {import('./inflow.js').Inflow} Inflow */
/** @typedef {import('./p2p-manager.js').P2PManagerOptions} P2PManagerOptions */
