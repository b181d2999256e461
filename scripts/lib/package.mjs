/** Everything that the npm package holds beside its sources: the wasm modules, the bundle and the types. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './cmake.mjs';
import { ROOT, npmTool, step } from './process.mjs';

export async function buildPackage() {
  await build('wasm-release');
  await step('build', 'dist/clasp-p2p.min.js', bundle);
  await step('build', 'types', emitTypes);
}

/** One file for pages without a bundler. It sits beside clasp.wasm, where the sources look for it. */
async function bundle() {
  const { build: esbuild } = await import('esbuild'); // not before the set-up has installed it
  await esbuild({
    absWorkingDir: ROOT,
    entryPoints: ['web/index.js'],
    outfile: 'dist/clasp-p2p.min.js',
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
