/** CLASP values as JSON, as docs/wire.md, section 10 has it: what JSON cannot say is an object with one key that begins with `$`. */
import { ClaspError } from '../../web/error.js';

const DEPTH_MAX = 64; // levels of arrays and maps in a value

const SPECIAL = new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['-0', -0],
]);

/** @param {string} what */
const bad = (what) => new ClaspError('BAD_JSON', what);

/** @type {Record<string, (content: unknown) => unknown>} */
const TAGS = {
  $i64(content) {
    const isDecimal = typeof content === 'string' && /^-?\d{1,19}$/.test(content);
    const integer = isDecimal ? BigInt(content) : 0n;
    if (isDecimal && BigInt.asIntN(64, integer) === integer) return integer;
    throw bad('{"$i64": …} holds an integer of 64 bits in a string');
  },
  $f64(content) {
    const number = SPECIAL.get(/** @type {string} */ (content));
    if (number !== undefined) return number;
    throw bad(`{"$f64": …} holds one of ${[...SPECIAL.keys()].join(', ')}`);
  },
  $bytes(content) {
    if (typeof content === 'string' && /^([\da-f]{2})*$/i.test(content))
      return new Uint8Array(Buffer.from(content, 'hex'));
    throw bad('{"$bytes": …} holds pairs of hexadecimal digits');
  },
};

/** @param {string} text */
function checkedText(text) {
  if (/\p{Surrogate}/u.test(text)) throw bad('half of a surrogate pair');
  return text;
}

/** @param {object} object @param {number} depth */
function mapFrom(object, depth) {
  const entries = Object.entries(object);
  const [[key, content] = [], ...others] = entries;
  if (key?.startsWith('$') && others.length === 0) {
    if (Object.hasOwn(TAGS, key)) return TAGS[key](content);
    if (key.startsWith('$$')) return { [checkedText(key.slice(1))]: valueFrom(content, depth) };
  }
  return Object.fromEntries(entries.map(([k, v]) => [checkedText(k), valueFrom(v, depth)]));
}

/**
 * @param {unknown} tree of JSON.parse()
 * @param {number} depth levels around it
 * @returns {unknown}
 */
function valueFrom(tree, depth) {
  if (typeof tree === 'string') return checkedText(tree);
  if (typeof tree === 'number' && !Number.isFinite(tree)) throw bad('a number that is too large');
  if (typeof tree !== 'object' || tree === null) return tree;
  if (depth === DEPTH_MAX) throw new ClaspError('TOO_DEEP');
  return Array.isArray(tree)
    ? tree.map((item) => valueFrom(item, depth + 1))
    : mapFrom(tree, depth + 1);
}

/**
 * A value from text: what is JSON by the rules of the module, all else as it is.
 * @param {string} text
 * @returns {any} any: the value; a bigint stands for an i64
 * @throws {ClaspError} BAD_JSON: a tag with another content than its own; TOO_DEEP
 */
export function fromText(text) {
  let tree;
  try {
    tree = JSON.parse(text);
  } catch {
    return checkedText(text);
  }
  return valueFrom(tree, 0);
}

/** @param {number} number */
const numberTree = (number) =>
  Number.isFinite(number) && !Object.is(number, -0)
    ? number
    : { $f64: Object.is(number, -0) ? '-0' : String(number) };

/** @param {object} map */
function mapTree(map) {
  const entries = Object.entries(map);
  const seemsTag = entries.length === 1 && entries[0][0].startsWith('$');
  return Object.fromEntries(entries.map(([k, v]) => [seemsTag ? `$${k}` : k, treeOf(v)]));
}

/** @param {unknown} value @returns {unknown} what JSON.stringify() writes */
function treeOf(value) {
  if (typeof value === 'number') return numberTree(value);
  if (typeof value === 'bigint') return { $i64: String(value) };
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('hex') };
  return Array.isArray(value) ? value.map(treeOf) : mapTree(value);
}

/** @param {string} character */
const escaped = (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/**
 * One line of JSON, with nothing in it that commands a terminal.
 * @param {unknown} value
 */
export const toJson = (value) =>
  JSON.stringify(treeOf(value)).replace(/[\u007f-\u009f\u2028\u2029]/g, escaped);

/**
 * One line of JSON that describes a value.
 * @param {Record<string, unknown>} members values
 */
export const toDocument = (members) =>
  `{${Object.entries(members).map(([key, value]) => `${toJson(key)}:${toJson(value)}`)}}`;
