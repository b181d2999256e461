#!/usr/bin/env node
/**
 * Set-up: looks for what the project needs and installs what is missing. Uses Node's own modules alone, so that it
 * works in a fresh clone; does nothing, fast, where nothing is missing.
 *
 *   node scripts/setup.mjs [build] [test] [check]     (without a word: all three)
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as apt from './lib/apt.mjs';
import { cjsonSource, fetchCjson, hasSourcePackages } from './lib/cjson.mjs';
import { exclusively } from './lib/lock.mjs';
import { CACHE, Failure, ROOT, firstLine, main, must, step, which } from './lib/process.mjs';

/** @typedef {'build' | 'test' | 'check'} Purpose */

/**
 * @typedef {object} Need
 * @property {Purpose[]} for
 * @property {() => boolean} found
 * @property {() => string} apt Debian's package
 */

/** @type {Need[]} a package may name what another one brings: the list is gone through again after installing */
const NEEDS = [
  { for: ['build'], found: has('emcc'), apt: () => 'emscripten' },
  { for: ['build'], found: has('cmake'), apt: () => 'cmake' },
  {
    for: ['build'],
    found: () => Boolean(which('ninja') ?? which('make')),
    apt: () => 'ninja-build',
  },
  { for: ['build'], found: () => !lacksCjson() || has('dpkg-source')(), apt: () => 'dpkg-dev' },
  { for: ['test', 'check'], found: has('clang'), apt: () => 'clang' },
  { for: ['test'], found: () => !which('clang') || hasSanitizers(), apt: sanitizerPackage },
  { for: ['test'], found: has('pkg-config'), apt: () => 'pkg-config' },
  { for: ['test'], found: has('chromium'), apt: () => 'chromium' },
  {
    for: ['test'],
    found: () => Boolean(which('firefox-esr') ?? which('firefox')),
    apt: () => 'firefox-esr',
  },
  { for: ['test'], found: has('Xvfb'), apt: () => 'xvfb' },
  { for: ['check'], found: has('clang-format'), apt: () => 'clang-format' },
  { for: ['check'], found: has('clang-tidy'), apt: () => 'clang-tidy' },
];

/** @param {string} command */
function has(command) {
  return () => which(command) !== undefined;
}

function lacksCjson() {
  return hasSourcePackages() && cjsonSource() === undefined;
}

function clangResources() {
  return firstLine('clang', ['-print-resource-dir']);
}

function hasSanitizers() {
  const folder = join(clangResources(), 'lib');
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true }) : [];
  return files.some((file) => String(file).includes('libclang_rt.fuzzer'));
}

/** They belong to one version of clang, the installed one. */
function sanitizerPackage() {
  const major = /(\d+)(\.[\d.]+)?$/.exec(clangResources())?.[1];
  return `libclang-rt-${major}-dev`;
}

/** @param {Purpose[]} purposes */
function missingPackages(purposes) {
  const missing = NEEDS.filter(
    (need) => need.for.some((it) => purposes.includes(it)) && !need.found(),
  );
  return [...new Set(missing.map((need) => need.apt()))];
}

/** True when node_modules is not what package-lock.json says. */
function lacksModules() {
  const installed = join(ROOT, 'node_modules', '.package-lock.json');
  const lock = join(ROOT, 'package-lock.json');
  return !existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs;
}

/**
 * Make sure that everything for these purposes is there.
 * @param {Purpose[]} purposes
 */
export async function setUp(purposes) {
  const isComplete = () =>
    missingPackages(purposes).length === 0 && !lacksModules() && !lacksCjson();
  if (isComplete()) return;
  const missing = missingPackages(purposes);
  if (missing.length > 0 && !apt.privilege()) throw new Failure(howToInstall(missing));
  await exclusively(join(CACHE, 'setup.lock'), async () => {
    await installPackages(purposes);
    if (lacksModules()) {
      const args = ['ci', '--no-fund', '--no-audit', '--loglevel=error'];
      await step('set-up', 'installing the npm packages of package-lock.json', () =>
        must('npm', args),
      );
    }
    if (lacksCjson()) await step('set-up', "fetching cJSON's source (apt)", fetchCjson);
  });
}

/** @param {Purpose[]} purposes */
async function installPackages(purposes) {
  const prefix = apt.privilege() ?? [];
  let isUpdated = false;
  for (let missing = missingPackages(purposes), last = ''; missing.length > 0;) {
    if (missing.join() === last) {
      throw new Failure(
        `[set-up] installed, but what they bring is not on PATH: ${missing.join(', ')}`,
      );
    }
    if (!isUpdated) await step('set-up', 'apt-get update', () => apt.update(prefix));
    isUpdated = true;
    await step('set-up', `installing ${missing.join(', ')} (apt)`, () =>
      apt.install(prefix, missing),
    );
    last = missing.join();
    missing = missingPackages(purposes);
  }
}

/** @param {string[]} packages */
function howToInstall(packages) {
  const names = packages.join(' ');
  return which('apt-get')
    ? `[set-up] missing: ${packages.join(', ')}. This account may not install them; run:\n` +
        `  sudo apt-get update && sudo apt-get install ${names}`
    : `[set-up] missing, by the names of Debian's packages: ${packages.join(', ')}.\n` +
        'This machine has no apt-get: install them with its own package manager, then run this again.';
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const words = process.argv.slice(2);
  const all = /** @type {Purpose[]} */ (['build', 'test', 'check']);
  await main(() => setUp(words.length > 0 ? all.filter((it) => words.includes(it)) : all));
}
