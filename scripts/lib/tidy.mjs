/** clang-tidy over every C file of a build folder, two at a time, skipping what was clean as it stands. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { CACHE, Failure, ROOT, firstLine, run } from './process.mjs';

const AT_ONCE = 2;
const CONFIGS = ['.clang-tidy', 'tests/.clang-tidy'];
const INCLUDE = /^\s*#\s*include\s+"([^"]+)"/gm;

/** @param {string} folder with compile_commands.json */
export async function tidy(folder) {
  const cache = join(CACHE, 'tidy');
  mkdirSync(cache, { recursive: true });
  const known = new Set(readdirSync(cache));
  const version = firstLine('clang', ['--version']); // clang-tidy is of the same
  const left = sources(folder)
    .map((file) => ({ file, key: keyOf(file, version) }))
    .filter(({ key }) => !known.has(key));
  /** @type {string[]} */
  const findings = [];
  const worker = async () => {
    for (let next = left.pop(); next; next = left.pop()) {
      const { code, output } = await run('clang-tidy', ['--quiet', '-p', folder, next.file]);
      if (code === 0) writeFileSync(join(cache, next.key), next.file);
      else findings.push(output);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (findings.length > 0) throw new Failure(findings.join('\n'));
}

/**
 * @param {string} folder
 * @returns {string[]} our own files of it, by their paths inside the repository
 */
function sources(folder) {
  /** @type {{ file: string }[]} */
  const commands = JSON.parse(readFileSync(join(folder, 'compile_commands.json'), 'utf8'));
  const files = new Set(commands.map(({ file }) => relative(ROOT, file))); // some are in two programs
  return [...files].filter((file) => /^(src|tests)\//.test(file));
}

/**
 * @param {string} file
 * @param {string} version of clang
 * @returns {string} the same as long as neither the file, nor what it includes, nor the rules have changed
 */
function keyOf(file, version) {
  const hash = createHash('sha256').update(version);
  for (const part of [...CONFIGS, ...withIncludes(file, new Set())]) {
    hash.update(part).update(readFileSync(join(ROOT, part)));
  }
  return hash.digest('hex').slice(0, 32);
}

/**
 * @param {string} file
 * @param {Set<string>} seen
 * @returns {Set<string>} the file and every header of ours that it includes, by itself or by another
 */
function withIncludes(file, seen) {
  seen.add(file);
  for (const [, header] of readFileSync(join(ROOT, file), 'utf8').matchAll(INCLUDE)) {
    const found = [dirname(file), 'src', 'tests/c']
      .map((folder) => join(folder, header))
      .find((path) => existsSync(join(ROOT, path)));
    if (found && !seen.has(found)) withIncludes(found, seen);
  }
  return seen;
}
