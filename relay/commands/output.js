/** What a command prints: values on stdout, all else on stderr. */
import { EXIT, wordsOf } from './exit.js';
import { toDocument, toJson } from './value-json.js';

/** @typedef {{json?: boolean, quiet?: boolean, raw?: boolean}} Form how a command was asked to print */

/** Bytes that may wait for who reads slowly. */
const WAITING_MAX = 16 << 20;

const LINE_BREAKERS = /[\p{Cc}\u2028\u2029]/u;
const TERMINAL_COMMANDS = /(?![\n\t])\p{Cc}/u;

/**
 * Nobody may read any more (`| head`): that is no error.
 * @param {() => void} gone called when nothing more can be written
 */
export function guardOutput(gone) {
  process.stderr.on('error', () => {});
  process.stdout.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
    if (error.code !== 'EPIPE') {
      tell(`stdout: ${error.message}`);
      process.exitCode = EXIT.FAILED;
    }
    gone();
  });
}

/** @param {string | Uint8Array} chunk */
export const write = (chunk) => void process.stdout.write(chunk);

/** @returns {Promise<void>} when all that was written so far has been taken, or nobody reads any more */
export const flushed = () =>
  new Promise((resolve) => void process.stdout.write('', () => resolve()));

/** Too much waits for who reads what is printed. */
export const isBehind = () => process.stdout.writableLength > WAITING_MAX;

/** One line for people, on stderr. @param {string} message */
export const tell = (message) => console.error(`clasp-p2p: ${wordsOf({ message })}`);

/** @param {unknown} value @param {RegExp} unwanted */
const plain = (value, unwanted) =>
  typeof value === 'string' && !unwanted.test(value) ? value : toJson(value);

/**
 * A value on its own: text as it is, others as JSON. Text with control characters reaches a terminal as JSON.
 * @param {unknown} value
 * @param {string} address
 * @param {Form} form
 */
export function valueAlone(value, address, { json, raw }) {
  if (json) return `${toDocument({ address, value })}\n`;
  if (raw && value instanceof Uint8Array) return value;
  if (typeof value === 'string' && !process.stdout.isTTY) return `${value}\n`;
  return `${plain(value, TERMINAL_COMMANDS)}\n`;
}

/**
 * A value behind its address, on one line: text that would break it, or command a terminal, is written as JSON.
 * @param {unknown} value
 * @param {string} address
 * @param {Form} form
 */
export function valueLine(value, address, form) {
  if (form.json || form.raw) return valueAlone(value, address, form);
  return `${plain(address, /[\s\p{Cc}]/u)} ${plain(value, LINE_BREAKERS)}\n`;
}
