#!/usr/bin/env node
/**
 * `npm test`: set-up, build, every test; the last line is the sum, `N passed, N failed`.
 *
 *   node scripts/test.mjs [c] [js] [interop] [browser] [net] [--long] [word…]
 */
import { basename, join } from 'node:path';
import { matches, runCTests } from './lib/c-tests.mjs';
import { build } from './lib/cmake.mjs';
import { filesUnder } from './lib/files.mjs';
import { prepare } from './lib/foreign.mjs';
import { runJsTests } from './lib/js-tests.mjs';
import { lackOfNamespaces, mayMakeNamespaces } from './lib/namespaces.mjs';
import { buildPackage } from './lib/package.mjs';
import { ROOT, main, seconds } from './lib/process.mjs';
import { PYTHON_CLIENT } from './lib/python-client.mjs';
import { ROUTER } from './lib/router.mjs';
import { setUp } from './setup.mjs';

const USAGE = `Usage: npm test -- [c] [js] [interop] [browser] [net] [--long] [word…]

Without a stage: all of them. A word keeps the tests (C) or test files (JavaScript) whose name holds it.

  --long    net: with the tests that take minutes (credentials over a minute, twenty moves of each kind)
  --help    this text
`;

/** @typedef {import('./lib/js-tests.mjs').Result} Result */

/**
 * @typedef {object} Stage
 * @property {(() => Promise<unknown>)[]} needs
 * @property {(words: string[]) => Promise<Result>} run
 */

/** @type {Record<string, Stage>} */
const STAGES = {
  c: {
    needs: [() => build('native-debug')],
    run: async (words) => runCTests(join(ROOT, 'build', 'native-debug'), words),
  },
  js: {
    needs: [buildPackage],
    run: (words) => runJsTests(testFiles('tests/js', words), 2),
  },
  interop: {
    needs: [buildPackage, prepareForeign],
    run: (words) => runJsTests(testFiles('tests/interop', words), 1),
  },
  browser: {
    needs: [buildPackage, prepareForeign],
    run: (words) => runJsTests(testFiles('tests/browser', words), 1), // each has the machine for itself
  },
  net: {
    needs: [buildPackage, prepareNamespaces],
    run: (words) => runJsTests(testFiles('tests/net', words), 1),
  },
};

/** Peers of other makes. */
async function prepareForeign() {
  for (const peer of [ROUTER, PYTHON_CLIENT]) await prepare(peer);
}

/** What small internets are made with, where they can be. */
async function prepareNamespaces() {
  if (mayMakeNamespaces()) await setUp(['net']);
  const lack = lackOfNamespaces();
  if (lack) console.log(`[test] the tests of networks are skipped: ${lack}`);
}

/**
 * @param {string} folder
 * @param {string[]} words
 */
function testFiles(folder, words) {
  return filesUnder([folder], /\.test\.js$/)
    .filter((file) => matches(basename(file), words))
    .map((file) => join(ROOT, file));
}

/**
 * @param {string} name
 * @param {string[]} words
 */
async function runStage(name, words) {
  const start = performance.now();
  const result = await STAGES[name].run(words);
  if (result.passed + result.failed === 0) {
    result.failed = 1;
    result.report += `\nthe stage "${name}" ran no test\n`;
  }
  process.stdout.write(result.report);
  console.log(`[test] ${name}: ${summary(result)} in ${seconds(start)} s`);
  return result;
}

/** @param {Result} result */
function summary({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

await main(async () => {
  const given = process.argv.slice(2);
  if (given.includes('--help')) return void process.stdout.write(USAGE);
  if (given.includes('--long')) process.env.CLASP_LONG_TESTS = 'true'; // read by the test files
  const args = given.filter((word) => word !== '--long');
  const named = args.filter((word) => word in STAGES);
  const words = args.filter((word) => !(word in STAGES));
  const stages = named.length > 0 ? named : Object.keys(STAGES);
  await setUp(['build', 'test']);
  for (const work of new Set(stages.flatMap((name) => STAGES[name].needs))) await work();
  /** @type {Result} */
  const sum = { passed: 0, failed: 0, skipped: 0, report: '' };
  for (const name of stages) {
    const { passed, failed, skipped } = await runStage(name, words);
    sum.passed += passed;
    sum.failed += failed;
    sum.skipped += skipped;
  }
  console.log(summary(sum));
  process.exitCode = sum.failed > 0 ? 1 : 0;
});
