/** Configuring and building the CMake presets, incrementally. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cjsonSource } from './cjson.mjs';
import { exclusively } from './lock.mjs';
import { Failure, ROOT, firstLine, must, step, which } from './process.mjs';

const DEBIAN_EMSCRIPTEN = '/usr/share/emscripten';

/** @typedef {'native-debug' | 'native-fuzz' | 'native-release' | 'wasm-release'} Preset */

/** @param {Preset} preset */
export function buildFolder(preset) {
  return join(ROOT, 'build', preset);
}

/**
 * Bring a preset up to date.
 * @param {Preset} preset
 * @param {...string} targets none: all
 * @returns {Promise<string>} its build folder
 */
export async function build(preset, ...targets) {
  return step('build', preset, () =>
    exclusively(`${buildFolder(preset)}.lock`, async () => {
      const folder = await configured(preset);
      const args = ['--build', folder, ...(targets.length > 0 ? ['--target', ...targets] : [])];
      await must('cmake', args, { env: environment() });
      return folder;
    }),
  );
}

/**
 * Configure a preset, unless it was with the same arguments (CMake itself sees changes of its files).
 * @param {Preset} preset
 * @returns {Promise<string>} its build folder
 */
export function configure(preset) {
  return exclusively(`${buildFolder(preset)}.lock`, () => configured(preset));
}

/** @param {Preset} preset */
async function configured(preset) {
  const folder = buildFolder(preset);
  const args = ['--preset', preset, ...(which('ninja') ? ['-G', 'Ninja'] : []), ...cjsonArgs()];
  const record = join(folder, 'configured-with.json');
  const wanted = JSON.stringify(args);
  if (existsSync(record) && readFileSync(record, 'utf8') === wanted) return folder;
  const fresh = existsSync(record) ? ['--fresh'] : []; // another generator needs an empty cache
  await must('cmake', [...args, ...fresh], { env: environment() });
  writeFileSync(record, wanted);
  return folder;
}

function cjsonArgs() {
  const folder = cjsonSource();
  return folder ? [`-DFETCHCONTENT_SOURCE_DIR_CJSON=${folder}`] : [];
}

/** @type {Record<string, string> | undefined} */
let known;

/** What CMake and emcc need in their environment. */
function environment() {
  known ??= which('emcc') ? emscriptenEnvironment() : {};
  return known;
}

/** @returns {Record<string, string>} */
function emscriptenEnvironment() {
  const root = emscriptenRoot();
  // Debian's optimiser looks for acorn where Debian's own node would.
  return root === DEBIAN_EMSCRIPTEN
    ? { EMSCRIPTEN_ROOT: root, NODE_PATH: '/usr/share/nodejs' }
    : { EMSCRIPTEN_ROOT: root };
}

function emscriptenRoot() {
  if (which('emcc') === '/usr/bin/emcc' && existsSync(DEBIAN_EMSCRIPTEN)) return DEBIAN_EMSCRIPTEN;
  const emConfig = join(dirname(which('emcc') ?? ''), 'em-config');
  const root = firstLine(emConfig, ['EMSCRIPTEN_ROOT']);
  if (!root) throw new Failure(`${emConfig} EMSCRIPTEN_ROOT names no folder`);
  return root;
}
