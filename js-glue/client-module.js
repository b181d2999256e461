/** The client's module, for Core.open(). @type {import('./loader.js').Source} */
export const CLASP_CLIENT = {
  glue: () => import('../dist/clasp-client.mjs'),
  wasm: () => new URL('../dist/clasp-client.wasm', import.meta.url),
  gathers: true,
};
