/** `clasp-p2p/client`: the CLASP client alone. What `withP2P()` needs is loaded when it is used. */
export { Clasp } from './clasp.js';
export { ClaspBuilder } from './clasp-builder.js';
export { ClaspError } from './error.js';
