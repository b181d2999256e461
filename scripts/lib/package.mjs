/** Everything that the npm package holds beside its sources: the wasm modules, the bundle and the types. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './cmake.mjs';
import { ROOT, npmTool, step } from './process.mjs';

export async function buildPackage() {
  await build('wasm-release');
  for (const [file, entry] of BUNDLES) await step('build', file, () => bundle(file, entry));
  await step('build', 'types', emitTypes);
}

/** For pages without a bundler: all of the package, Sender and Receiver alone, ClaspP2P alone. @type {[file: string, entry: string][]} */
const BUNDLES = [
  ['dist/clasp-p2p.min.js', 'web/index.js'],
  ['dist/conference.min.js', 'web/conferencing.js'],
  ['dist/peer.min.js', 'web/peering.js'],
];

/**
 * One file that sits beside the wasm modules, where the sources look for them.
 * @param {string} file
 * @param {string} entry
 */
async function bundle(file, entry) {
  const { build: esbuild } = await import('esbuild'); // not before the set-up has installed it
  await esbuild({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    outfile: file,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external: ['node:*', 'ws', '@roamhq/wrtc', '*/clasp-hub.mjs'], // the relay's module is not for pages
    legalComments: 'none',
    banner: { js: '//# allFunctionsCalledOnLoad' }, // V8: compile all of it while it arrives, off the main thread
    logLevel: 'silent', // a failure carries its messages
  });
}

async function emitTypes() {
  rmSync(join(ROOT, 'types'), { recursive: true, force: true }); // no type outlives its source
  await npmTool('tsc', '-p', 'tsconfig.types.json');
}
