/** The C library, as a program in C finds it after `cmake --install`: cmake/library.cmake, examples/c/. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { build } from '../../scripts/lib/cmake.mjs';
import { ROOT, must, run, which } from '../../scripts/lib/process.mjs';

const CC = which('cc') ?? 'clang';
const WARNINGS = [
  '-std=c11',
  '-Wall',
  '-Wextra',
  '-Wpedantic',
  '-Wconversion',
  '-Wshadow',
  '-Werror',
];
const SOURCE = join(ROOT, 'examples', 'c', 'decode.c');

const SET = '5341000e210700022f613ff0000000000000'; // /a = 1
const PUBLISH = '53410010202000022f7001073ff0000000000000'; // /p = 1

const folder = mkdtempSync(join(tmpdir(), 'clasp-c-'));
const prefix = join(folder, 'installed');
/** @type {string} where the libraries lie: lib, lib64, or lib and a triplet */
let libraries;

before(async () => {
  const built = await build('native-release', 'clasp_library');
  await must('cmake', ['--install', built, '--prefix', prefix]);
  [libraries] = await pkgConfig('--variable=libdir');
});

after(() => rmSync(folder, { recursive: true, force: true }));

/**
 * @param {...string} args
 * @returns {Promise<string[]>} the words of its answer
 */
async function pkgConfig(...args) {
  const [file] = installed(/\bclasp\.pc$/);
  const env = { PKG_CONFIG_PATH: join(prefix, file, '..') };
  const answer = await must('pkg-config', [...args, 'clasp'], { env });
  return answer.trim().split(/\s+/);
}

/** @param {RegExp} pattern for the path inside the installed tree */
function installed(pattern) {
  return readdirSync(prefix, { recursive: true, encoding: 'utf8' }).filter((path) =>
    pattern.test(path),
  );
}

/**
 * @param {string} program
 * @param {...string} flags
 */
async function compile(program, ...flags) {
  const file = join(folder, program);
  await must(CC, [...WARNINGS, SOURCE, ...(await pkgConfig('--cflags')), ...flags, '-o', file]);
  return file;
}

/**
 * The functions that a library offers to programs.
 * @param {...string} args of nm
 */
async function symbols(...args) {
  const lines = (await must('nm', ['--defined-only', ...args])).split('\n');
  return lines
    .map((line) => line.split(' ')[2])
    .filter(Boolean)
    .sort();
}

/** The functions that the installed headers declare: what stands at the start of a line, and is not inline. */
function declared() {
  const texts = installed(/\.h$/)
    .filter((path) => !path.endsWith('chunk/parts.h'))
    .map((path) => readFileSync(join(prefix, path), 'utf8'));
  const names = texts.flatMap((text) =>
    [...text.matchAll(/^(?!static |typedef |#)\w[^\n(]*?\b(clasp_\w+)\(/gm)].map(
      ([, name]) => name,
    ),
  );
  return [...new Set(names)].sort();
}

test('both libraries offer what the headers declare, and nothing else', async () => {
  const names = declared();
  assert.ok(names.length > 100 && names.includes('clasp_decode'));
  assert.deepEqual(await symbols('-D', join(libraries, 'libclasp.so')), names);
  assert.deepEqual(await symbols('-g', join(libraries, 'libclasp.a')), names);
});

test('every installed header stands alone', async () => {
  const headers = installed(/\.h$/).map((path) => path.replace(/^include\//, ''));
  assert.ok(headers.includes('clasp/wire/message.h'));
  for (const header of headers) {
    const file = join(folder, 'alone.c');
    writeFileSync(file, `#include <${header}>\nint main(void) { return 0; }\n`);
    await must(CC, [...WARNINGS, '-fsyntax-only', ...(await pkgConfig('--cflags')), file]);
  }
});

test('a program is linked with the shared library by pkg-config', async () => {
  const program = await compile('decode-shared', ...(await pkgConfig('--libs')));
  assert.notEqual((await run(program, [SET])).code, 0, 'it does not need the shared library');
  const env = { LD_LIBRARY_PATH: libraries };
  assert.equal(await must(program, [SET, PUBLISH], { env }), '/a = 1\n/p = 1\n');
});

test('a program is linked statically by pkg-config, and decodes, matches and refuses', async () => {
  const program = await compile(
    'decode-static',
    '-static',
    ...(await pkgConfig('--static', '--libs')),
  );
  assert.equal(await must(program, [SET + PUBLISH]), '/a = 1\n/p = 1\n');
  assert.equal(await must(program, ['-m', '/p', SET, PUBLISH]), '/p = 1\n');
  const lines = join(folder, 'frames.txt');
  writeFileSync(lines, `${SET}\r\n${PUBLISH}\n`);
  assert.equal(await must('sh', ['-c', `'${program}' < '${lines}'`]), '/a = 1\n/p = 1\n');
  for (const [args, words] of /** @type {[string[], RegExp][]} */ ([
    [['5341'], /MORE: incomplete/],
    [['5400'], /BAD_MAGIC/],
    [['53410006210d00022f61'], /BAD_VALUE_TYPE/],
    [['534'], /534: not the bytes of a frame/],
    [['-m', 'lights', SET], /lights: not a CLASP address pattern/],
  ])) {
    const { code, output } = await run(program, args);
    assert.equal(code, 1);
    assert.match(output, words);
  }
});

test('a program finds the library by find_package()', async () => {
  const at = join(folder, 'by-cmake');
  const source = join(ROOT, 'examples', 'c');
  await must('cmake', ['-S', source, '-B', at, `-DCMAKE_PREFIX_PATH=${prefix}`]);
  await must('cmake', ['--build', at]);
  assert.equal(await must(join(at, 'decode'), [SET]), '/a = 1\n'); // CMake notes where the library lies
});
