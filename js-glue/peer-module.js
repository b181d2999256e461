/** The peers' module, for Core.open(). @type {import('./loader.js').Source} */
export const PEER = {
  glue: () => import('../dist/clasp-peer.mjs'),
  wasm: () => new URL('../dist/clasp-peer.wasm', import.meta.url),
};
