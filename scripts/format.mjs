#!/usr/bin/env node
/** `npm run format`: what `npm run check` asks of the layout, done. */
import { cFiles } from './lib/files.mjs';
import { main, must, npmTool } from './lib/process.mjs';
import { setUp } from './setup.mjs';

await main(async () => {
  await setUp(['check']);
  await must('clang-format', ['-i', ...cFiles()]);
  await npmTool('prettier', '--write', '--log-level=warn', '.');
});
