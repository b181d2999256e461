/** Runs the C tests of a build folder and adds up what they say. */
import { must, run } from './process.mjs';

const AT_ONCE = 2;

/** @typedef {import('./js-tests.mjs').Result} Result */

/**
 * @param {string} folder a built CMake preset
 * @param {string[]} words only tests whose name holds one of these; none: all
 * @returns {Promise<Result>}
 */
export async function runCTests(folder, words) {
  const listing = await must('ctest', ['--test-dir', folder, '--show-only=json-v1']);
  /** @type {{ name: string, command: string[], properties: { name: string, value: any }[] }[]} any: by name */
  const all = JSON.parse(listing).tests;
  const left = all.filter(({ name }) => matches(name, words));
  /** @type {Result} */
  const result = { passed: 0, failed: 0, skipped: 0, report: '' };
  const worker = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      const [program, ...args] = next.command;
      const limit = next.properties.find(({ name }) => name === 'TIMEOUT')?.value ?? 120; // seconds
      add(result, next.name, await run(program, args, { cwd: folder, timeout: limit * 1000 }));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return result;
}

/**
 * @param {Result} sum
 * @param {string} name
 * @param {{ code: number, output: string }} ended
 */
function add(sum, name, { code, output }) {
  const closing = /^(\d+) passed, (\d+) failed$/m.exec(output.trimEnd().split('\n').at(-1) ?? '');
  sum.passed += Number(closing?.[1] ?? 0);
  if (code === 0 && closing && closing[2] === '0') return;
  sum.failed += Math.max(1, Number(closing?.[2] ?? 0));
  sum.report += `\n${name}: exit code ${code}\n${output}`;
}

/**
 * @param {string} name
 * @param {string[]} words
 */
export function matches(name, words) {
  return words.length === 0 || words.some((word) => name.includes(word));
}
