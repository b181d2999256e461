/**
 * Peers of other makes that the tests talk to. They are fetched and built once on a machine, into the user's cache folder.
 * Where one cannot be had (no cargo, no Python, no network), its tests are skipped and say why; where CI is set in the
 * environment, that is a failure.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { exclusively } from './lock.mjs';
import { CACHE, Failure, ROOT, step } from './process.mjs';

/**
 * @typedef {object} Foreign
 * @property {string} name as in "building …"
 * @property {string} file that is there once it is built
 * @property {() => Promise<unknown>} build makes `file`, last of all
 */

const isRequired = Boolean(process.env.CI);

/**
 * Names a build by what it is made from, so that two clones share one, or have one each.
 * @param {string[]} sources paths in the repository
 */
export function digestOf(sources) {
  const hash = createHash('sha256');
  for (const source of sources) {
    hash.update(`${basename(source)}\0`).update(readFileSync(join(ROOT, source)));
  }
  return hash.digest('hex').slice(0, 16);
}

/**
 * Make sure that it is there.
 * @param {Foreign} foreign
 * @throws {Failure} it cannot be had, and CI is set
 */
export async function prepare({ name, file, build }) {
  if (existsSync(file)) return;
  try {
    await exclusively(join(CACHE, `${basename(file)}.lock`), async () => {
      if (!existsSync(file)) await step('test', `building ${name}, once for this machine`, build);
    });
  } catch (error) {
    if (isRequired || !(error instanceof Failure)) throw error;
    console.log(`${error.message}\n[test] there is no ${name}: its tests are skipped`);
  }
}

/**
 * @param {Foreign} foreign
 * @returns {string | undefined} why its tests are skipped; undefined: they run
 * @throws {Failure} it is not there, and CI is set
 */
export function lackOf({ name, file }) {
  if (existsSync(file)) return undefined;
  const text = `no ${name} on this machine: \`npm run test:interop\` builds it, or says why it cannot`;
  if (isRequired) throw new Failure(text);
  return text;
}
