/** Running other programs: found on PATH, quiet while they succeed, shown in full when they fail. */
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** What may be kept between clones. */
export const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'clasp-p2p');

/** A failure whose message is all that the user needs: printed without a stack. */
export class Failure extends Error {}

/**
 * @param {string} command
 * @returns {string | undefined} its path, if it is on PATH
 */
export function which(command) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return folders.map((folder) => join(folder, command)).find(isExecutable);
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * First line that a short-lived program prints.
 * @param {string} command
 * @param {string[]} args
 * @returns {string} '' when it fails
 */
export function firstLine(command, args) {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? stdout.split('\n', 1)[0].trim() : '';
}

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {Record<string, string>} [env] over the environment of this process
 * @property {number} [timeout] milliseconds, after which it is ended
 */

/**
 * Run to the end, with both outputs collected in the order in which they came.
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<{ code: number, output: string }>}
 */
export function run(command, args, { cwd = ROOT, env = {}, timeout } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout,
      killSignal: 'SIGKILL',
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => (output += text));
    }
    child.on('error', reject);
    const start = performance.now();
    child.on('close', (code, signal) => {
      const end = signal ? `\nended by ${signal} after ${seconds(start)} s\n` : '';
      resolve({ code: code ?? 1, output: output + end });
    });
  });
}

/**
 * Run, and throw a Failure with the whole output when it does not succeed.
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<string>} what it printed
 */
export async function must(command, args, options) {
  const { code, output } = await run(command, args, options);
  if (code !== 0) {
    const line = [command, ...args].join(' ').slice(0, 160);
    throw new Failure(`${output.trimEnd()}\n\n${line}: exit code ${code}`);
  }
  return output;
}

/**
 * Run a program of an npm package of ours.
 * @param {string} name
 * @param {...string} args
 */
export function npmTool(name, ...args) {
  return must(join(ROOT, 'node_modules', '.bin', name), args);
}

/**
 * One progress line: `[area] what … 1.2 s`.
 * @template T
 * @param {string} area
 * @param {string} what
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(area, what, work) {
  const start = performance.now();
  process.stdout.write(`[${area}] ${what} … `);
  try {
    const result = await work();
    console.log(`${seconds(start)} s`);
    return result;
  } catch (error) {
    console.log(`failed after ${seconds(start)} s`);
    throw error;
  }
}

/** @param {number} start by performance.now() */
export function seconds(start) {
  return ((performance.now() - start) / 1000).toFixed(1);
}

/**
 * Body of a script: a Failure is printed as it is, anything else with its stack; both exit with 1.
 * @param {() => Promise<unknown>} body
 */
export async function main(body) {
  try {
    await body();
  } catch (error) {
    console.error(error instanceof Failure ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}
