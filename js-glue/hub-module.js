/** The relay's module, for Core.open(). @type {import('./loader.js').Source} */
export const HUB = {
  glue: () => import('../dist/clasp-hub.mjs'),
  wasm: () => new URL('../dist/clasp-hub.wasm', import.meta.url),
};
