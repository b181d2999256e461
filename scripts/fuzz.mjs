#!/usr/bin/env node
/**
 * `npm run fuzz -- --seconds N [--only NAME]`: every target of tests/fuzz for N seconds, starting from the bytes of
 * tests/vectors. What a target finds stays in build/fuzz/<target>/; a crash is named at the end. The target `differential`
 * runs the codec's wasm against JavaScript; what it finds is printed with its seed.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './lib/cmake.mjs';
import { filesUnder } from './lib/files.mjs';
import { buildPackage } from './lib/package.mjs';
import { Failure, ROOT, main, run, step } from './lib/process.mjs';
import { setUp } from './setup.mjs';

const DIFFERENTIAL = 'differential';
const HEX = /^[0-9a-f]{2}( ?[0-9a-f]{2})*$/i;

/**
 * Every text of a file of vectors: the strings of a JSON document, else the fields between bars.
 * @param {string} file
 * @returns {string[]}
 */
function textsOf(file) {
  const content = readFileSync(join(ROOT, file), 'utf8');
  if (!file.endsWith('.json')) return content.split(/[|\n]/).map((field) => field.trim());
  /** @type {string[]} */
  const texts = [];
  JSON.parse(content, (key, value) => (typeof value === 'string' ? texts.push(value) : value));
  return texts;
}

/**
 * Every run of pieces in the vectors, as the steps that fuzz_chunk reads: each a record as it stands, without a wait.
 * @returns {Buffer[]}
 */
function runsOfPieces() {
  const { vectors } = JSON.parse(readFileSync(join(ROOT, 'tests/vectors/pieces.json'), 'utf8'));
  return vectors.map((/** @type {any} */ { frames, steps }) => {
    const records = (frames ?? steps?.map((/** @type {any} */ step) => step.frame_hex) ?? [])
      .map((/** @type {unknown} */ frame) =>
        Buffer.from(typeof frame === 'string' ? frame : '', 'hex'),
      )
      .filter((/** @type {Buffer} */ { length }) => length > 0 && length < 256);
    const step = (/** @type {Buffer} */ record) => [Buffer.from([0, 0, record.length]), record];
    return Buffer.concat([Buffer.from([0]), ...records.flatMap(step)]);
  });
}

/**
 * Rows of steps for the targets that read their input so: bytes without a meaning, but long from the start, and the same ones
 * whenever they are made.
 * @returns {Buffer[]}
 */
function rowsOfSteps() {
  const row = (/** @type {number} */ n) =>
    Buffer.concat(
      Array.from({ length: 4 + (n % 12) }, (_, i) =>
        createHash('sha512').update(`${n}.${i}`).digest(),
      ),
    );
  return Array.from({ length: 96 }, (_, n) => row(n));
}

/** @param {string} corpus a folder: one file for each vector, bytes where it is written in hex */
function writeSeeds(corpus) {
  mkdirSync(corpus, { recursive: true });
  const texts = filesUnder(['tests/vectors'], /\.(txt|json)$/).flatMap(textsOf);
  const seeds = texts.map((text) =>
    HEX.test(text) ? Buffer.from(text.replaceAll(' ', ''), 'hex') : Buffer.from(text),
  );
  for (const bytes of [...seeds, ...runsOfPieces(), ...rowsOfSteps()]) {
    writeFileSync(join(corpus, createHash('sha1').update(bytes).digest('hex')), bytes);
  }
}

/**
 * @param {string} binary
 * @param {string} seconds
 */
async function fuzz(binary, seconds) {
  const folder = join(ROOT, 'build', 'fuzz', basename(binary));
  const corpus = join(folder, 'corpus');
  writeSeeds(corpus);
  const args = [`-max_total_time=${seconds}`, `-artifact_prefix=${folder}/`, '-timeout=10', corpus];
  const { code, output } = await run(binary, args, { cwd: folder });
  if (code !== 0) throw new Failure(output.slice(-6000));
  return /^Done (\d+) runs/m.exec(output)?.[1];
}

/** @param {string} seconds */
async function fuzzDifferential(seconds) {
  const script = join(ROOT, 'tests', 'fuzz', `${DIFFERENTIAL}.mjs`);
  const { code, output } = await run(process.execPath, [script, '--seconds', seconds]);
  if (code !== 0) throw new Failure(output.slice(-6000));
  return /^Done (\d+) runs/m.exec(output)?.[1];
}

/**
 * Build what the targets need, and no more.
 * @param {string[]} names
 * @returns {Promise<(name: string, seconds: string) => Promise<string | undefined>>} runs one of them: how often it ran
 */
async function built(names) {
  if (names.includes(DIFFERENTIAL)) await buildPackage();
  const folder = names.some((name) => name !== DIFFERENTIAL) ? await build('native-fuzz') : '';
  return (name, seconds) =>
    name === DIFFERENTIAL
      ? fuzzDifferential(seconds)
      : fuzz(join(folder, 'tests', 'fuzz', name), seconds);
}

const USAGE = `npm run fuzz -- [--seconds N] [--only NAME]

  --seconds N   for each target; 30
  --only NAME   targets whose names hold it, such as flow or ${DIFFERENTIAL}
  --help        this text
`;

const OPTIONS = /** @type {const} */ ({
  seconds: { type: 'string', default: '30' },
  only: { type: 'string', default: '' },
  help: { type: 'boolean', default: false },
});

/** @throws {Failure} an option that there is not */
function options() {
  try {
    return parseArgs({ options: OPTIONS }).values;
  } catch (error) {
    throw new Failure(`${/** @type {Error} */ (error).message}\n\n${USAGE}`);
  }
}

await main(async () => {
  const values = options();
  if (values.help) return void process.stdout.write(USAGE);
  await setUp(['build', 'test']);
  const targets = filesUnder(['tests/fuzz'], /\/fuzz_[^/]*\.c$/).map((file) =>
    basename(file, '.c'),
  );
  const wanted = [...targets, DIFFERENTIAL].filter((name) => name.includes(values.only));
  if (wanted.length === 0) throw new Failure(`no target in tests/fuzz is named *${values.only}*`);
  const runTarget = await built(wanted);
  for (const name of wanted) {
    const runs = await step('fuzz', name, () => runTarget(name, values.seconds));
    console.log(`[fuzz] ${name}: ${runs} runs, nothing found`);
  }
});
