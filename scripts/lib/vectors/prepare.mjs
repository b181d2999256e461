/**
 * Set-up and build for one way of running vectors, as a process of its own: what it prints is progress.
 *
 *   node scripts/lib/vectors/prepare.mjs wasm | native
 */
import { setUp } from '../../setup.mjs';
import { build } from '../cmake.mjs';
import { main } from '../process.mjs';

/** @type {Record<string, () => Promise<unknown>>} */
const WAYS = {
  wasm: async () => {
    await setUp(['build']);
    await build('wasm-release');
  },
  native: async () => {
    await setUp(['build', 'test']);
    await build('native-debug', 'clasp_vectors'); // which the tests have built already, for the most part
  },
};

await main(() => WAYS[process.argv[2]]());
