/** A project that has installed the packed tarball, as a stranger's would. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../../scripts/lib/process.mjs';

const exec = promisify(execFile);

/**
 * @typedef {object} Project
 * @property {string} folder
 * @property {string[]} packed paths of the files in the tarball
 * @property {(source: string, timeout?: number) => Promise<string>} node run a module of the project; what it printed, on
 *   either output. Fails when it does not end by itself within `timeout` milliseconds
 * @property {() => void} remove
 */

/**
 * What the tarball holds is not built here.
 * @param {...string} flags of `npm install`
 * @returns {Promise<Project>}
 */
export async function makeProject(...flags) {
  const folder = mkdtempSync(join(tmpdir(), 'clasp-package-'));
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const { stdout } = await exec('npm', args, { cwd: ROOT });
  const [{ filename, files }] = /** @type {[{ filename: string, files: { path: string }[] }]} */ (
    JSON.parse(stdout)
  );
  writeFileSync(join(folder, 'package.json'), '{"type":"module","private":true}');
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', ...flags];
  await exec('npm', [...install, join(folder, filename)], { cwd: folder });
  return {
    folder,
    packed: files.map(({ path }) => path),
    async node(source, timeout = 20_000) {
      writeFileSync(join(folder, 'program.js'), source);
      const options = { cwd: folder, timeout };
      const { stdout, stderr } = await exec(process.execPath, ['program.js'], options);
      return (stdout + stderr).trim();
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
