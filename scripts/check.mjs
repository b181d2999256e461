#!/usr/bin/env node
/** `npm run check`: format, lint, types and the package's own shape. Runs all of them, then says which failed. */
import { configure } from './lib/cmake.mjs';
import { cFiles } from './lib/files.mjs';
import { buildPackage } from './lib/package.mjs';
import { Failure, main, must, npmTool, step } from './lib/process.mjs';
import { tidy } from './lib/tidy.mjs';
import { setUp } from './setup.mjs';

/** @type {Record<string, () => Promise<unknown>>} */
const CHECKS = {
  'clang-format': () => must('clang-format', ['--dry-run', '-Werror', ...cFiles()]),
  prettier: () => npmTool('prettier', '--check', '--log-level=warn', '.'),
  eslint: () => npmTool('eslint', '--max-warnings=0', '.'),
  tsc: () => npmTool('tsc', '-p', 'tsconfig.json'),
  publint: () => npmTool('publint', '--strict', '--pack=npm'),
  'clang-tidy': async () => tidy(await configure('native-debug')),
};

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
