#!/usr/bin/env node
/** `npm run check`: format, lint, types and the package's own shape. Runs all of them, then says which failed. */
import { configure } from './lib/cmake.mjs';
import { cFiles } from './lib/files.mjs';
import { buildPackage } from './lib/package.mjs';
import { Failure, main, npmTool, run, step } from './lib/process.mjs';
import { tidy } from './lib/tidy.mjs';
import { setUp } from './setup.mjs';

/** @type {Record<string, () => Promise<unknown>>} */
const CHECKS = {
  'clang-format': clangFormat,
  prettier: () => npmTool('prettier', '--check', '--log-level=warn', '.'),
  eslint: () => npmTool('eslint', '--max-warnings=0', '.'),
  tsc: () => npmTool('tsc', '-p', 'tsconfig.json'),
  publint: () => npmTool('publint', '--strict', '--pack=npm'),
  'clang-tidy': async () => tidy(await configure('native-debug')),
};

/** Names the files alone: `npm run format` does the rest. */
async function clangFormat() {
  const { code, output } = await run('clang-format', ['--dry-run', '-Werror', ...cFiles()]);
  if (code === 0) return;
  const files = [...output.matchAll(/^(\S+):\d+:\d+: error:/gm)].map(([, file]) => file);
  const names = files.length > 0 ? [...new Set(files)].join('\n') : output;
  throw new Failure(`not as \`npm run format\` lays it out:\n${names}`);
}

await main(async () => {
  await setUp(['build', 'check']);
  await buildPackage(); // tsc reads the generated constants, publint the whole package
  const failed = [];
  for (const [name, check] of Object.entries(CHECKS)) {
    try {
      await step('check', name, check);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      console.error(error.message);
      failed.push(name);
    }
  }
  if (failed.length > 0) throw new Failure(`check failed: ${failed.join(', ')}`);
});
