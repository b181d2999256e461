/** Where cJSON's source is: never in the repository (CMakeLists.txt). */
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fetchSource } from './apt.mjs';
import { CACHE, which } from './process.mjs';

/**
 * @returns {string | undefined} a folder with cJSON.c: the one that FETCHCONTENT_SOURCE_DIR_CJSON names in the
 *   environment, else the newest of the cache
 */
export function cjsonSource() {
  const given = process.env.FETCHCONTENT_SOURCE_DIR_CJSON;
  if (given) return given;
  const cached = existsSync(CACHE) ? readdirSync(CACHE) : [];
  return cached
    .filter((name) => name.startsWith('cjson-'))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((name) => join(CACHE, name))
    .filter((folder) => existsSync(join(folder, 'cJSON.c')))
    .at(-1);
}

/** True where Debian's source package can be had; elsewhere CMake fetches upstream's release itself. */
export function hasSourcePackages() {
  return which('apt-get') !== undefined && existsSync('/etc/debian_version');
}

/**
 * Put Debian's source package, patched, into the cache.
 * @returns {Promise<string>} the folder
 */
export async function fetchCjson() {
  mkdirSync(CACHE, { recursive: true });
  const work = join(CACHE, `fetch-${process.pid}`);
  try {
    const tree = await fetchSource('cjson', work);
    const version = debianVersion(tree) ?? basename(tree).replace(/^cjson-/, '');
    const folder = join(CACHE, `cjson-${version}`);
    rmSync(folder, { recursive: true, force: true });
    renameSync(tree, folder);
    return folder;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * @param {string} tree
 * @returns {string | undefined} version with Debian's revision, such as 1.7.15-1+deb12u1
 */
function debianVersion(tree) {
  return /\(([^)]+)\)/.exec(readFileSync(join(tree, 'debian', 'changelog'), 'utf8'))?.[1];
}
