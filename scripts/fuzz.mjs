#!/usr/bin/env node
/**
 * `npm run fuzz -- --seconds N [--only NAME]`: every target of tests/fuzz for N seconds, starting from the bytes of
 * tests/vectors. What a target finds stays in build/fuzz/<target>/; a crash is named at the end.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './lib/cmake.mjs';
import { filesUnder } from './lib/files.mjs';
import { Failure, ROOT, main, run, step } from './lib/process.mjs';
import { setUp } from './setup.mjs';

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

/** @param {string} corpus a folder: one file for each vector, bytes where it is written in hex */
function writeSeeds(corpus) {
  mkdirSync(corpus, { recursive: true });
  for (const text of filesUnder(['tests/vectors'], /\.(txt|json)$/).flatMap(textsOf)) {
    const bytes = HEX.test(text) ? Buffer.from(text.replaceAll(' ', ''), 'hex') : Buffer.from(text);
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

await main(async () => {
  const { values } = parseArgs({
    options: { seconds: { type: 'string', default: '30' }, only: { type: 'string', default: '' } },
  });
  await setUp(['build', 'test']);
  const folder = await build('native-fuzz');
  const names = filesUnder(['tests/fuzz'], /\/fuzz_[^/]*\.c$/).map((file) => basename(file, '.c'));
  const wanted = names.filter((name) => name.includes(values.only));
  if (wanted.length === 0) throw new Failure(`no target in tests/fuzz is named *${values.only}*`);
  for (const name of wanted) {
    const binary = join(folder, 'tests', 'fuzz', name);
    const runs = await step('fuzz', name, () => fuzz(binary, values.seconds));
    console.log(`[fuzz] ${name}: ${runs} runs, nothing found`);
  }
});
