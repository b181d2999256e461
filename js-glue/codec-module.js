/** The codec's module, for loadModule(). @type {import('./loader.js').Source} */
export const CODEC = {
  glue: () => import('../dist/clasp-codec.mjs'),
  wasm: () => new URL('../dist/clasp-codec.wasm', import.meta.url),
};
