import { RunCollector } from './run-collector.js';

/** The peers' module, for Core.open(). @type {import('./loader.js').Source} */
export const PEER = {
  glue: () => import('../dist/clasp-peer.mjs'),
  collector: () => new RunCollector(),
  wasm: () => new URL('../dist/clasp-peer.wasm', import.meta.url),
};
