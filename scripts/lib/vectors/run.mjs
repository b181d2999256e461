/** Runs vector files through the JavaScript API. */
import { check, nameOf } from './checks.mjs';

/**
 * Print a line for each failure, then the sum.
 * @param {import('./checks.mjs').Codec} codec ready
 * @param {import('./files.mjs').VectorFile[]} files
 * @returns {number} exit code: 1 when anything failed
 */
export function run(codec, files) {
  let passed = 0;
  let failed = 0;
  for (const { path, rows } of files) {
    for (const row of rows) {
      const results = check(codec, row);
      const failures = results.filter((it) => it !== undefined);
      for (const failure of failures) console.log(`${path}: ${nameOf(row)}: ${failure}`);
      passed += results.length - failures.length;
      failed += failures.length;
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}
