/** Deep comparison of a decoded message with what a vector expects. */
import { inspect } from 'node:util';
import { Integer } from './form.mjs';

const SHOWN = 120; // characters of a text in a line

/**
 * @param {unknown} it
 * @returns {string} in one line, cut when long
 */
export function shown(it) {
  const text =
    it instanceof Integer
      ? String(it)
      : inspect(it, {
          depth: 4,
          breakLength: Infinity,
          maxArrayLength: 16,
          maxStringLength: SHOWN,
        });
  const line = text.replaceAll('\n', ' ');
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line;
}

/** @param {unknown} it */
function isPlain(it) {
  return typeof it === 'object' && it !== null && !Array.isArray(it) && !(it instanceof Uint8Array);
}

/** @param {any} object any: a plain object. Members that are undefined are absent */
function keysOf(object) {
  return Object.keys(object).filter((key) => object[key] !== undefined);
}

/**
 * @param {Integer | bigint} expected
 * @param {unknown} actual
 */
function isInteger(expected, actual) {
  if (!(expected instanceof Integer)) return actual === expected;
  if (typeof actual === 'bigint') return actual === expected.value;
  return Number.isInteger(actual) && BigInt(/** @type {number} */ (actual)) === expected.value;
}

/**
 * Both, or what stands in both from shortly before their first difference, when they are long texts or bytes.
 * @param {any} expected any: by form.mjs
 * @param {any} actual any: whatever was decoded
 */
function fromDifference(expected, actual) {
  const isLong = (typeof expected === 'string' || expected instanceof Uint8Array) && actual?.slice;
  if (!isLong || expected.length <= SHOWN) return [expected, actual];
  let at = 0;
  while (at < expected.length && expected[at] === actual[at]) at++;
  return [expected, actual].map((it) => it.slice(Math.max(0, at - 8)));
}

/**
 * @param {unknown} expected
 * @param {unknown} actual
 * @param {string} path
 * @returns {string | undefined}
 */
function leafDifference(expected, actual, path) {
  const isSame =
    expected instanceof Integer || typeof expected === 'bigint'
      ? isInteger(expected, actual)
      : expected instanceof Uint8Array && actual instanceof Uint8Array
        ? Buffer.compare(expected, actual) === 0
        : Object.is(expected, actual); // tells -0 from 0, and takes NaN for NaN
  if (isSame) return undefined;
  const [wanted, came] = fromDifference(expected, actual).map(shown);
  return `expected ${path || 'the message'} ${wanted}, came ${came}`;
}

/**
 * The first place in which two values differ. The order of an object's members says nothing.
 * @param {any} expected any: by form.mjs
 * @param {any} actual any: whatever was decoded
 * @param {string} [path]
 * @returns {string | undefined} what was expected and what came; undefined when they are the same
 */
export function difference(expected, actual, path = '') {
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length) {
    return firstOf(expected.keys(), (i) => difference(expected[i], actual[i], `${path}[${i}]`));
  }
  if (!isPlain(expected) || expected instanceof Integer || !isPlain(actual)) {
    return leafDifference(expected, actual, path);
  }
  const keys = new Set([...keysOf(expected), ...keysOf(actual)]);
  return firstOf(keys, (key) =>
    difference(own(expected, key), own(actual, key), path ? `${path}.${key}` : key),
  );
}

/**
 * @param {any} object any: a plain object
 * @param {string} key
 */
function own(object, key) {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/**
 * @template T
 * @param {Iterable<T>} items
 * @param {(item: T) => string | undefined} find
 */
function firstOf(items, find) {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
