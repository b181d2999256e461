/** `clasp-p2p/peer`: data-channel peers alone. */
export { ClaspError } from './error.js';
export { ClaspP2P, VERDICTS } from './p2p.js';
export { P2PManager } from './p2p-manager.js';
export { Peer } from './peer.js';
export { PeerChannel } from './peer-channel.js';
