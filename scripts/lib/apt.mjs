/** Debian's packages: installed with the machine's own sources; source packages by private copies of these. */
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { firstLine, must, which } from './process.mjs';

const QUIET = { DEBIAN_FRONTEND: 'noninteractive' };
const LOCK_WAIT = ['-o', 'DPkg::Lock::Timeout=300']; // seconds

/**
 * Words to put before apt-get so that it may install.
 * @returns {string[] | null} null when this account may not
 */
export function privilege() {
  if (!which('apt-get')) return null;
  if (process.getuid?.() === 0) return [];
  const isSudoer = which('sudo') && firstLine('sudo', ['-n', 'id', '-u']) === '0';
  return isSudoer ? ['sudo', '-n', '--preserve-env=DEBIAN_FRONTEND'] : null;
}

/**
 * @param {string[]} prefix from privilege()
 * @param {string[]} packages
 */
export async function install(prefix, packages) {
  const args = [...LOCK_WAIT, 'install', '-y', '-q', '--no-install-recommends', ...packages];
  await must(...command(prefix, args), { env: QUIET });
}

/** @param {string[]} prefix from privilege() */
export async function update(prefix) {
  await must(...command(prefix, [...LOCK_WAIT, 'update', '-q']), { env: QUIET });
}

/**
 * @param {string[]} prefix
 * @param {string[]} args
 * @returns {[string, string[]]}
 */
function command(prefix, args) {
  const [first, ...rest] = [...prefix, 'apt-get', ...args];
  return [first, rest];
}

/**
 * Fetch and unpack a source package, with Debian's patches, into `folder`. Needs no privilege and leaves the machine's
 * own lists as they are: the lists it reads, and all that apt keeps, are in `folder`.
 * @param {string} name
 * @param {string} folder made empty first
 * @returns {Promise<string>} the unpacked tree
 */
export async function fetchSource(name, folder) {
  rmSync(folder, { recursive: true, force: true });
  const at = Object.fromEntries(
    ['sources', 'lists', 'cache', 'tree'].map((part) => [part, join(folder, part)]),
  );
  for (const part of Object.values(at)) mkdirSync(join(part, 'partial'), { recursive: true });
  writePrivateSources(at.sources);
  const settings = [
    ['Dir::Etc::sourcelist', '/dev/null'],
    ['Dir::Etc::sourceparts', at.sources],
    ['Dir::State::lists', at.lists],
    ['Dir::Cache', at.cache],
    ['Acquire::Languages', 'none'],
    ['APT::Update::Post-Invoke::', ''], // not the machine's clean-up
    ...(process.getuid?.() === 0 ? [['APT::Sandbox::User', 'root']] : []), // who may read `folder`
  ].flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  await must('apt-get', [...settings, '-q', 'update'], { env: QUIET });
  await must('apt-get', [...settings, '-q', 'source', name], { cwd: at.tree, env: QUIET });
  const [tree] = readdirSync(at.tree).filter((entry) => /^[a-z0-9+.-]+-[0-9][^_]*$/.test(entry));
  return join(at.tree, tree);
}

/**
 * The machine's sources, each asking for source packages alone.
 * @param {string} folder
 */
function writePrivateSources(folder) {
  const parts = '/etc/apt/sources.list.d';
  const files = [...readdirSync(parts).map((name) => join(parts, name)), '/etc/apt/sources.list'];
  for (const file of files.filter((name) => /\.(list|sources)$/.test(name))) {
    writeFileSync(join(folder, basename(file)), sourcesOnly(file));
  }
}

/**
 * @param {string} file
 * @returns {string} both styles: one line per source, and deb822 stanzas
 */
function sourcesOnly(file) {
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return ''; // a machine without sources.list has sources.list.d
  }
  return text.replace(/^deb(?=\s)/gm, 'deb-src').replace(/^Types:.*$/gim, 'Types: deb-src');
}
