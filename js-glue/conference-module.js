/** The conference's module, for Core.open(). @type {import('./loader.js').Source} */
export const CONFERENCE = {
  glue: () => import('../dist/clasp.mjs'),
  wasm: () => new URL('../dist/clasp.wasm', import.meta.url),
};
