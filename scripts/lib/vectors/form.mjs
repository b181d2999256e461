/** Messages from the form in which vectors write them (told at the top of each file) to JavaScript's. */

/** An integer that may come as a number or a bigint. */
export class Integer {
  /** @param {bigint} value */
  constructor(value) {
    this.value = value;
  }

  toString() {
    return String(this.value);
  }
}

/** @typedef {(value: bigint) => unknown} FromBigint */

/**
 * What integers become.
 * @typedef {object} Integers
 * @property {FromBigint} wide i64
 * @property {FromBigint} narrow i8, i16, i32
 * @property {FromBigint} large a u64 above 2^53-1; up to there it is a number
 */

/** @type {FromBigint} */
const same = (value) => value;
/** @type {FromBigint} */
const either = (value) => new Integer(value);

/** @type {Integers} to be encoded */
export const ENCODED = { wide: same, narrow: Number, large: same };
/** @type {Integers} as decode() hands them out */
export const NUMBERS = { wide: Number, narrow: Number, large: either };
/** @type {Integers} as decode() hands them out when it is asked for bigints */
export const BIGINTS = { wide: same, narrow: either, large: either };

/** @typedef {(json: any, integers: Integers) => any} Convert any: JSON of any form */

const MOST_REPEATED = 2 ** 20; // characters: what is longer is too large for every field all the same

/** @type {Convert} a text, {"$repeat": …} included; anything else as it is */
export function toText(json) {
  const repeat = json?.$repeat;
  if (repeat === undefined) return json;
  const { text, count } = repeat;
  return text.repeat(Math.min(count, Math.ceil(MOST_REPEATED / Math.max(text.length, 1))));
}

/** @param {string} text */
export function isHex(text) {
  return text.length % 2 === 0 && !/[^0-9a-f]/i.test(text);
}

/** @param {string} hex */
export function bytesOf(hex) {
  if (!isHex(hex)) throw new TypeError('not hexadecimal');
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

/** @type {Record<string, Convert>} values that JSON cannot write, as an object with one of these members alone */
const TAGS = {
  $i8: (text, { narrow }) => narrow(BigInt(text)),
  $i16: (text, { narrow }) => narrow(BigInt(text)),
  $i32: (text, { narrow }) => narrow(BigInt(text)),
  $i64: (text, { wide }) => wide(BigInt(text)),
  $f32: Number,
  $f64: Number,
  $bytes: (text) => bytesOf(toText(text, NUMBERS)),
};

/**
 * @param {object} json
 * @param {Integers} integers
 * @returns {{ value: any } | undefined} undefined: a map; any: by tag
 */
function untagged(json, integers) {
  const [[tag, content] = [], ...others] = Object.entries(json);
  if (tag === '$repeat') return { value: toText(json, integers) };
  if (tag === undefined || others.length > 0 || !Object.hasOwn(TAGS, tag)) return undefined;
  const isContent = typeof content === 'string' || (tag === '$bytes' && content?.$repeat);
  return isContent ? { value: TAGS[tag](content, integers) } : undefined;
}

/** @type {Convert} */
export function toValue(json, integers) {
  if (Array.isArray(json)) return json.map((item) => toValue(item, integers));
  if (typeof json !== 'object' || json === null) return json;
  const tagged = untagged(json, integers);
  if (tagged) return tagged.value;
  return Object.fromEntries(
    Object.entries(json).map(([key, item]) => [key, toValue(item, integers)]),
  );
}

/** @type {Convert} a u64: a number up to 2^53-1; what is none stays as it is */
export function toU64(json, { large }) {
  if (typeof json !== 'string' || !/^\d+$/.test(json)) return json;
  const value = BigInt(json);
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : large(value);
}

/** @type {Convert} a time in a timeline: legacy payloads hand out the integers that they hold */
const toTime = (json, integers) =>
  Number.isSafeInteger(json) ? integers.narrow(BigInt(json)) : json;

/**
 * @param {Convert} convert
 * @returns {Convert}
 */
function listOf(convert) {
  return (json, integers) =>
    Array.isArray(json) ? json.map((item) => convert(item, integers)) : json;
}

/**
 * @param {() => Record<string, Convert>} fields
 * @param {Convert} others
 * @returns {Convert} of an object, member by member
 */
function objectOf(fields, others) {
  return (json, integers) => {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) return json;
    const known = fields();
    return Object.fromEntries(
      Object.entries(json).map(([key, item]) => [
        key,
        (Object.hasOwn(known, key) ? known[key] : others)(item, integers),
      ]),
    );
  };
}

const toTimeline = objectOf(() => TIMELINE, toValue);
const TIMELINE = {
  startTime: toTime,
  duration: toTime,
  keyframes: listOf(objectOf(() => ({ time: toTime }), toValue)),
};

const toPart = objectOf(() => FIELDS, toPlain);

/** @type {Convert} members without a form of their own: texts, numbers, lists of texts */
function toPlain(json, integers) {
  return Array.isArray(json)
    ? json.map((item) => toPlain(item, integers))
    : toValue(json, integers);
}

/** @type {Record<string, Convert>} members of messages and of their parts; no name has two meanings */
const FIELDS = {
  value: toValue,
  payload: toValue,
  default: toValue,
  samples: toValue,
  keyframes: toValue,
  timeline: toTimeline,
  options: toPart,
  ttl: toPart,
  meta: toPart,
  messages: listOf(toPart),
  params: listOf(toPart),
  signals: listOf(toPart),
  revisions: objectOf(() => ({}), toU64),
  time: toU64,
  timestamp: toU64,
  revision: toU64,
  sinceRevision: toU64,
  from: toU64,
  to: toU64,
  t1: toU64,
  t2: toU64,
  t3: toU64,
};

/** @type {Convert} a message to be encoded */
export const toMessage = toPart;

/** @type {Convert} a message as decode() hands it out: a timeline is its value (docs/wire.md, section 5) */
export function toDecoded(json, integers) {
  const { timeline, ...message } = toPart(json, integers);
  return timeline === undefined ? message : { ...message, value: timeline };
}
