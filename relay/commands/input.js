/** What a command is to write: a word of the command line, a file, or stdin. All of it is bounded. */
import { createReadStream } from 'node:fs';
import { ClaspError } from '../../web/error.js';
import { UsageError } from './usage.js';
import { fromText } from './value-json.js';

/** @typedef {{string?: boolean, bytes?: string}} ValueForm */

/** How VALUE is given. */
export const valueOptions = /** @type {const} */ ({
  string: { type: 'boolean' },
  bytes: { type: 'string' },
});

export const valueUsage = `\
  --string         VALUE is text, whatever it looks like
  --bytes FILE     the bytes of a file in place of VALUE (-: of stdin)`;

const TEXT_MAX = 128 << 10; // bytes of JSON, docs/wire.md, section 10
const BYTES_MAX = 0xffff; // what a value can hold
const NEW_LINE = 0x0a;

/** @param {Uint8Array} bytes */
function textFrom(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new ClaspError('BAD_UTF8', 'stdin: not well-formed UTF-8', { cause });
  }
}

/**
 * @param {AsyncIterable<Buffer>} source
 * @param {number} most bytes
 */
async function readAll(source, most) {
  const chunks = [];
  let left = most;
  for await (const chunk of source) {
    left -= chunk.length;
    if (left < 0) throw new ClaspError('TOO_LARGE', `the input has more than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** @param {string} file */
async function readBytes(file) {
  try {
    return await readAll(file === '-' ? process.stdin : createReadStream(file), BYTES_MAX);
  } catch (cause) {
    if (cause instanceof ClaspError) throw cause;
    throw new UsageError(`--bytes: ${/** @type {Error} */ (cause).message}`, { cause });
  }
}

/** @param {string} text @param {ValueForm} form */
const valueFrom = (text, { string }) => (string ? text : fromText(text));

/**
 * The value of a command line.
 * @param {string | undefined} word VALUE: `-` is all of stdin but the last line end
 * @param {ValueForm} form
 * @returns {Promise<any>} any: the value
 * @throws {UsageError} neither or both of a word and --bytes; no such file
 * @throws {ClaspError} TOO_LARGE, BAD_UTF8, BAD_JSON, TOO_DEEP
 */
export async function readValue(word, form) {
  if (form.bytes !== undefined) {
    if (word !== undefined || form.string) throw new UsageError('--bytes takes the place of VALUE');
    return readBytes(form.bytes);
  }
  if (word === undefined) throw new UsageError('there is no VALUE');
  if (word !== '-') return valueFrom(word, form);
  const text = textFrom(await readAll(process.stdin, TEXT_MAX));
  return valueFrom(text.replace(/\r?\n$/, ''), form);
}

/**
 * The lines of stdin as they come, without their ends.
 * @returns {AsyncGenerator<string>}
 * @throws {ClaspError} TOO_LARGE: a line; BAD_UTF8
 */
async function* lines() {
  let rest = Buffer.alloc(0);
  for await (const chunk of process.stdin) {
    rest = Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end; (end = rest.indexOf(NEW_LINE, start)) >= 0; start = end + 1) {
      yield textFrom(rest.subarray(start, end)).replace(/\r$/, '');
    }
    rest = rest.subarray(start);
    if (rest.length > TEXT_MAX)
      throw new ClaspError('TOO_LARGE', `a line of over ${TEXT_MAX} bytes`);
  }
  if (rest.length > 0) yield textFrom(rest);
}

/**
 * A value of each line of stdin, with the characters that it took.
 * @param {ValueForm} form
 * @returns {AsyncGenerator<{value: any, length: number}>} any: the value
 * @throws {ClaspError} as readValue(), with the number of the line
 */
export async function* lineValues(form) {
  let count = 0;
  for await (const line of lines()) {
    count++;
    try {
      yield { value: valueFrom(line, form), length: line.length };
    } catch (error) {
      const { code, message } = /** @type {ClaspError} */ (error);
      throw new ClaspError(code, `line ${count}: ${message}`, { cause: error });
    }
  }
}
