/** The CLASP client of PyPI, in a folder of its own under the user's cache. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE, Failure, must, run, which } from './process.mjs';

const VERSION = '4.2.0';
const FOLDER = join(CACHE, `python-clasp-to-${VERSION}`);
const PACKAGES = join(FOLDER, 'packages');
const MARK = join(FOLDER, 'installed');

/** @type {import('./foreign.mjs').Foreign} */
export const PYTHON_CLIENT = { name: 'CLASP client (Python)', file: MARK, build };

/** What its programs are started with. */
export const PYTHON_ENV = { PYTHONPATH: PACKAGES, PYTHONUNBUFFERED: '1' };

async function build() {
  if (!which('python3')) throw new Failure('no python3: install Python 3');
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const wants = ['install', '--quiet', '--disable-pip-version-check', '--target', PACKAGES];
  await must(await pip(), ['-m', 'pip', ...wants, `clasp-to==${VERSION}`]);
  writeFileSync(MARK, '');
}

/** @returns {Promise<string>} a Python that has pip: Debian's comes without, but can make an environment that has it */
async function pip() {
  const { code } = await run('python3', ['-m', 'pip', '--version']);
  if (code === 0) return 'python3';
  const environment = join(FOLDER, 'environment');
  await must('python3', ['-m', 'venv', environment]);
  const python = join(environment, 'bin', 'python3');
  if (!existsSync(python)) throw new Failure('python3 has neither pip nor venv');
  return python;
}
