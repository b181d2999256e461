/** Vector files: their rows, and what each row claims. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** A call that cannot be carried out as it was made. */
export class UsageError extends Error {}

/** @typedef {Record<string, any>} Row any: the members of each kind of row are told at the top of its file */

/**
 * What a row says is told by its members, whatever its file and section are called:
 *
 *   grammar  text, address, pattern: may the text be one?
 *   match    pattern, address, match
 *   refused  frame_hex, class: decoding has to be refused
 *   frame    frame_hex: a valid frame; use: both | decode
 *   message  message, class: encoding has to be refused
 *
 * @typedef {'grammar' | 'match' | 'refused' | 'frame' | 'message' | 'unknown'} Kind
 */

/** @typedef {{ path: string, rows: Row[] }} VectorFile */

/** @param {unknown} it */
function isObject(it) {
  return typeof it === 'object' && it !== null && !Array.isArray(it);
}

/** @param {any} it any: whatever stands in a row */
function isText(it) {
  return typeof it === 'string' || it?.$repeat !== undefined;
}

/** @param {any} it */
function isBoolean(it) {
  return typeof it === 'boolean';
}

/**
 * @param {Row} row
 * @returns {Kind}
 */
export function kindOf(row) {
  if (!isObject(row)) return 'unknown';
  const hasClass = typeof row.class === 'string';
  if (typeof row.frame_hex === 'string') return hasClass ? 'refused' : 'frame';
  if (hasClass && 'message' in row) return 'message';
  if (isText(row.text) && (isBoolean(row.address) || isBoolean(row.pattern))) return 'grammar';
  if (isText(row.pattern) && isText(row.address) && isBoolean(row.match)) return 'match';
  return 'unknown';
}

/**
 * All rows of a document: those of every list that holds an object.
 * @param {unknown} document
 * @returns {Row[]}
 */
function rowsOf(document) {
  if (Array.isArray(document)) return document;
  const sections = isObject(document) ? Object.values(/** @type {object} */ (document)) : [];
  return sections.filter((it) => Array.isArray(it) && it.some(isObject)).flat();
}

/**
 * @param {string} path as it was given; npm starts scripts in another folder than the user's
 * @returns {string} absolute
 */
export function located(path) {
  const here = resolve(path);
  return existsSync(here) ? here : resolve(process.env.INIT_CWD ?? '.', path);
}

/** @param {string} path */
function documentOf(path) {
  let text;
  try {
    text = readFileSync(located(path), 'utf8');
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    throw new UsageError(`${path}: ${code === 'ENOENT' ? 'no such file' : message}`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${path}: is not JSON: ${/** @type {Error} */ (error).message}`);
  }
}

/**
 * @param {string} path
 * @returns {VectorFile}
 * @throws {UsageError} when it is not there, no JSON, or holds no vectors
 */
export function load(path) {
  const rows = rowsOf(documentOf(path));
  if (rows.every((row) => kindOf(row) === 'unknown')) {
    throw new UsageError(`${path}: holds no vectors`);
  }
  return { path, rows };
}
