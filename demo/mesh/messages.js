/** What the pages of a room tell one another. All of it comes from others, so it is read with care. */

import { NAME_LENGTH } from './settings.js';

/** @typedef {{text: string, at: number}} Line `at`: ms since 1970, by the clock of who wrote it */
/** @typedef {{id: string, name: string, type: string, size: number}} FileNote told before the bytes at /files/{id} */

const TEXT_LENGTH = 2000; // characters, as the field
const MAX_LINES = 20;
export const FILE_BYTES = 64e6;

/**
 * @param {unknown} value
 * @returns {Line | null}
 */
export function readLine(value) {
  const { text, at } = members(value);
  if (typeof text !== 'string' || typeof at !== 'number' || !Number.isFinite(at)) return null;
  return { text: text.slice(0, TEXT_LENGTH), at: Math.min(Math.max(at, 0), 8e15) }; // what a Date can hold
}

/**
 * @param {unknown} value
 * @returns {{name: string, lines: Line[]} | null}
 */
export function readHello(value) {
  const { name, lines } = members(value);
  if (typeof name !== 'string' || !Array.isArray(lines)) return null;
  const read = lines.slice(-MAX_LINES).map(readLine);
  return {
    name: name.trim().slice(0, NAME_LENGTH) || 'Guest',
    lines: read.filter((line) => line !== null),
  };
}

/**
 * @param {unknown} value
 * @returns {FileNote | null}
 */
export function readFileNote(value) {
  const { id, name, type, size } = members(value);
  if (typeof id !== 'string' || typeof name !== 'string' || typeof type !== 'string') return null;
  if (typeof size !== 'number' || !(size >= 0 && size <= FILE_BYTES)) return null;
  return { id, name: name.slice(0, 200) || 'file', type, size };
}

/**
 * @param {unknown} value
 * @returns {Record<string, unknown>}
 */
function members(value) {
  return typeof value === 'object' && value !== null
    ? /** @type {Record<string, unknown>} */ (value)
    : {};
}
