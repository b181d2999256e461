#!/usr/bin/env node
/** `npm run build`: the wasm modules, the bundle and the types. */
import { buildPackage } from './lib/package.mjs';
import { main } from './lib/process.mjs';
import { setUp } from './setup.mjs';

await main(async () => {
  await setUp(['build']);
  await buildPackage();
});
