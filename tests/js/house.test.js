/** Which room may know which: docs/architecture.md draws the arrows, this holds them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { test } from 'node:test';
import { filesUnder } from '../../scripts/lib/files.mjs';
import { ROOT } from '../../scripts/lib/process.mjs';

/** Rooms of src/, from the ground up: one may include those below it, and not those beside it. */
const FLOORS = [
  ['base'],
  ['wire'],
  ['route', 'chunk', 'json'],
  ['session', 'peer', 'hub', 'codec'],
  ['wasm'],
];

/** Folders of JavaScript, and those that each may import from beside itself. */
const MAY_IMPORT = new Map([
  ['demo', ['web']],
  ['web', ['js-glue']],
  ['js-glue', ['dist']],
  ['relay', ['web', 'js-glue', 'dist', 'package.json']],
]);

/** @param {string} room */
function floorOf(room) {
  return FLOORS.findIndex((rooms) => rooms.includes(room));
}

/**
 * @param {string} file
 * @param {RegExp} pattern with one group
 */
function found(file, pattern) {
  return [...readFileSync(join(ROOT, file), 'utf8').matchAll(pattern)].map(([, what]) => what);
}

/** @param {string} path */
function firstFolder(path) {
  return path.split('/')[0];
}

const cFiles = filesUnder(['src'], /\.[ch]$/);
const jsFiles = filesUnder([...MAY_IMPORT.keys()], /\.js$/);

test('every C file is in a room that has a floor', () => {
  assert.ok(cFiles.length > 0);
  assert.deepEqual(
    cFiles.filter((file) => floorOf(file.split('/')[1]) < 0),
    [],
  );
});

test('C includes point down and never sideways', () => {
  const wrong = cFiles.flatMap((file) => {
    const room = file.split('/')[1];
    return found(file, /^\s*#\s*include\s+"([^"]+)"/gm)
      .filter(
        (header) => firstFolder(header) !== room && floorOf(firstFolder(header)) >= floorOf(room),
      )
      .map((header) => `${file} includes ${header}`);
  });
  assert.deepEqual(wrong, []);
});

test('C includes name their room, and a header that is there', () => {
  const wrong = cFiles.flatMap((file) =>
    found(file, /^\s*#\s*include\s+"([^"]+)"/gm)
      .filter((header) => !cFiles.includes(`src/${header}`))
      .map((header) => `${file} includes ${header}`),
  );
  assert.deepEqual(wrong, []);
});

test('only src/wasm/ knows Emscripten', () => {
  const wrong = cFiles.filter(
    (file) =>
      !file.startsWith('src/wasm/') &&
      found(file, /(<emscripten|__EMSCRIPTEN__|EM_JS)/g).length > 0,
  );
  assert.deepEqual(wrong, []);
});

test('JavaScript imports point down', () => {
  assert.ok(jsFiles.length > 0);
  const wrong = jsFiles.flatMap((file) => {
    const allowed = [firstFolder(file), ...(MAY_IMPORT.get(firstFolder(file)) ?? [])];
    return found(file, /(?:\bfrom\s+|\bimport\s*\(?\s*|new URL\(\s*)'(\.{1,2}\/[^']*)'/g)
      .map((target) => normalize(join(file, '..', target)))
      .filter((target) => !allowed.includes(firstFolder(target)))
      .map((target) => `${file} imports ${target}`);
  });
  assert.deepEqual(wrong, []);
});

test('the generated constants are read in js-glue/ alone', () => {
  const wrong = jsFiles.filter(
    (file) => !file.startsWith('js-glue/') && found(file, /'([^']*abi\.gen\.js)'/g).length > 0,
  );
  assert.deepEqual(wrong, []);
});
