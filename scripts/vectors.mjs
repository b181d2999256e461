#!/usr/bin/env node
/** `npm run vectors`: runs vector files through the JavaScript API and the wasm, or through the native core. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildFolder } from './lib/cmake.mjs';
import { Failure, main } from './lib/process.mjs';
import { UsageError, load, located } from './lib/vectors/files.mjs';

const USAGE = `npm run -s vectors -- [--native] FILE…

Runs vector files in the formats of tests/vectors/*.json: prints a line for each failure
(file: vector: what was expected, what came), and last \`N passed, N failed\`.
A frame that is to be encoded and decoded counts as two.

  --native  through the C core, built for this machine; else through web/codec.js and its wasm
  --help

Exit code: 0; 1: something failed; 2: wrong usage, or a file that is missing, no JSON, or without vectors.
`;

function options() {
  try {
    const { values, positionals } = parseArgs({
      options: {
        native: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
      allowPositionals: true,
    });
    return { ...values, paths: positionals };
  } catch (error) {
    throw new UsageError(`${/** @type {Error} */ (error).message}\n\n${USAGE}`);
  }
}

/**
 * Run a program, its errors to ours.
 * @param {string} command
 * @param {string[]} args
 * @param {'inherit' | 2} output where its output goes: 2 is stderr
 * @returns {Promise<number>} its exit code
 */
function spawned(command, args, output) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', output, 'inherit'] });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

/**
 * Bring what runs the vectors up to date, with the progress on stderr: stdout is for the results.
 * @param {'wasm' | 'native'} way
 */
async function prepare(way) {
  const script = fileURLToPath(new URL('./lib/vectors/prepare.mjs', import.meta.url));
  const code = await spawned(process.execPath, [script, way], 2);
  if (code !== 0) throw new Failure('the vectors were not run');
}

/**
 * @param {string[]} paths
 * @returns {Promise<number>} exit code
 */
async function runNative(paths) {
  await prepare('native');
  const program = join(buildFolder('native-debug'), 'tests', 'c', 'clasp_vectors');
  return spawned(program, paths.map(located), 'inherit');
}

/**
 * @param {import('./lib/vectors/files.mjs').VectorFile[]} files
 * @returns {Promise<number>} exit code
 */
async function runWasm(files) {
  await prepare('wasm');
  const codec = await import('../web/codec.js'); // not before the build has made its constants
  const { run } = await import('./lib/vectors/run.mjs');
  await codec.ready();
  return run(codec, files);
}

/** @returns {Promise<number>} exit code */
async function vectors() {
  const { native, help, paths } = options();
  if (help) {
    console.log(USAGE);
    return 0;
  }
  if (paths.length === 0) throw new UsageError(`no files\n\n${USAGE}`);
  const files = paths.map(load); // all of them are looked at before anything is built
  return native ? runNative(paths) : runWasm(files);
}

await main(async () => {
  try {
    process.exitCode = await vectors();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
});
