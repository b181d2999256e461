/** Which files of the tree are whose. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './process.mjs';

/**
 * All files under some folders of the repository.
 * @param {string[]} folders
 * @param {RegExp} pattern for the path inside the repository
 * @returns {string[]} sorted paths inside the repository
 */
export function filesUnder(folders, pattern) {
  return folders
    .filter((folder) => existsSync(join(ROOT, folder)))
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true }).map((name) => `${folder}/${name}`),
    )
    .filter((path) => pattern.test(path))
    .sort();
}

/** C sources and headers that a formatter may touch; what only makes JavaScript text is laid out by hand. */
export function cFiles() {
  return filesUnder(['src', 'tests', 'bench'], /(?<!\.gen\.js)\.[ch]$/);
}
