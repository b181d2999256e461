/** What a page loads to use `Sender` and `Receiver`, or `ClaspP2P`: the JavaScript, bundled and minified, and the wasm; gzipped. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { build } from 'esbuild';

import { ROOT } from '../scripts/lib/process.mjs';

const GOAL = 40; // KB of 1,000 bytes, JavaScript and wasm together

/** What a page may import, and whether the goal speaks of it. @type {Record<string, {contents: string, wasm?: string, measured?: true}>} */
const ENTRIES = {
  'Sender and Receiver': {
    contents: `export { Sender, Receiver } from './web/index.js';`,
    measured: true,
  },
  ClaspP2P: {
    contents: `export { ClaspP2P } from './web/peering.js';`,
    wasm: 'clasp-peer.wasm',
    measured: true,
  },
  'everything of the package': { contents: `export * from './web/index.js';` },
};

/** @param {string} contents */
async function bundled(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: ROOT },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external: ['ws', '@roamhq/wrtc', 'node:*'],
    logLevel: 'silent',
  });
  return outputFiles[0].contents;
}

/** @param {Uint8Array} bytes */
const gzipped = (bytes) => gzipSync(bytes, { level: 9 }).length / 1000;

/** @returns {Promise<import('./lib/table.mjs').Row[]>} */
export async function run() {
  const rows = [];
  for (const [name, { contents, wasm: file = 'clasp.wasm', measured }] of Object.entries(ENTRIES)) {
    const wasm = gzipped(await readFile(join(ROOT, 'dist', file)));
    const js = gzipped(await bundled(contents));
    const row = (/** @type {string} */ contestant, /** @type {number} */ median) => ({
      case: name,
      contestant,
      unit: 'KB gz',
      median,
    });
    rows.push(row('JavaScript', js), row('wasm', wasm));
    const goal = measured ? { goal: `<= ${GOAL}`, met: js + wasm <= GOAL } : {};
    rows.push({ ...row('together', js + wasm), ...goal });
  }
  return rows;
}
