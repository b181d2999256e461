/** Runs test files by node:test, counts, and keeps what the failing ones said. */
import { relative } from 'node:path';
import { run } from 'node:test';
import { inspect } from 'node:util';
import { ROOT } from './process.mjs';

const FILE_TIMEOUT_MS = 300_000;

/** @typedef {{ passed: number, failed: number, skipped: number, report: string }} Result */

/** @typedef {import('node:test').EventData.TestPass | import('node:test').EventData.TestFail} Ended */

/**
 * @param {string[]} files
 * @param {number} concurrency files at once
 * @returns {Promise<Result>}
 */
export async function runJsTests(files, concurrency) {
  /** @type {Result} */
  const result = { passed: 0, failed: 0, skipped: 0, report: '' };
  /** @type {Map<string, string>} what each file printed */
  const printed = new Map();
  /** @type {Set<string>} */
  const red = new Set();
  /** @param {{ file?: string, message: string }} data */
  const keep = ({ file = '', message }) => printed.set(file, (printed.get(file) ?? '') + message);

  const stream = run({ files, concurrency, timeout: FILE_TIMEOUT_MS });
  stream.on('test:stdout', keep);
  stream.on('test:stderr', keep);
  stream.on('test:pass', (data) => {
    if (data.name !== data.file) count(result, data, 'passed'); // a file without a test passes as one
  });
  stream.on('test:fail', (data) => {
    count(result, data, 'failed');
    red.add(data.file ?? '');
    result.report += describe(data);
  });
  stream.resume();
  await new Promise((resolve, reject) => stream.once('end', resolve).once('error', reject));
  for (const file of red) {
    if (printed.has(file)) result.report += `\n${place(file)} printed:\n${printed.get(file)}`;
  }
  return result;
}

/**
 * @param {Result} result
 * @param {Ended} data
 * @param {'passed' | 'failed'} outcome
 */
function count(result, data, outcome) {
  if (isSuite(data) && data.skip === undefined) return; // one that is left out counts as one
  if (data.skip !== undefined || data.todo !== undefined) result.skipped++;
  else result[outcome]++;
}

/** @param {Ended} data */
function isSuite(data) {
  return data.details.type === 'suite';
}

/** @param {import('node:test').EventData.TestFail} data */
function describe(data) {
  /** @type {any} the kind of failure, and the end of a file's process, are not typed */
  const error = data.details.error;
  if (error.failureType === 'subtestsFailed' && !error.signal) return '';
  const cause = inspect(error.cause ?? error, { depth: 4 });
  const end = error.signal ? `\nits process was ended by ${error.signal}` : '';
  return `\n✖ ${data.name}  (${place(data.file ?? '')}:${data.line ?? ''})\n${cause}${end}\n`;
}

/** @param {string} file */
function place(file) {
  return relative(ROOT, file);
}
