/** The checks of each kind of row, by the JavaScript API (web/codec.js). */
import { difference, shown } from './compare.mjs';
import { kindOf } from './files.mjs';
import {
  BIGINTS,
  ENCODED,
  NUMBERS,
  bytesOf,
  isHex,
  toDecoded,
  toMessage,
  toText,
  toU64,
} from './form.mjs';

/** @typedef {import('../../../web/codec.js')} Codec */
/** @typedef {import('./files.mjs').Row} Row */
/** @typedef {(codec: Codec, row: Row) => string | undefined} Check returns what was expected and what came */

/**
 * One check of a row, with the words that tell it from the others of the row.
 * @typedef {[what: string, check: Check]} Named
 */

const PREFIXES = 64; // of a large frame: at its start, spread over it, and at its end

/**
 * @param {() => unknown} body
 * @returns {string} the code of the ClaspError that it throws, or what else comes
 */
function outcome(body) {
  try {
    body();
    return 'OK';
  } catch (error) {
    const { code, message } = /** @type {{ code?: string, message?: string }} */ (error);
    return code ?? String(message ?? error);
  }
}

/** @param {string} name of a class of refusals: `bad-magic` is BAD_MAGIC */
function codeOf(name) {
  return name === 'frame-truncated' ? 'MORE' : name.replaceAll('-', '_').toUpperCase();
}

/**
 * @param {Row} row
 * @param {string} came
 */
function refusal({ class: name }, came) {
  return came === codeOf(name) ? undefined : `expected ${codeOf(name)}, came ${came}`;
}

/** @type {Check} */
function checkGrammar({ isAddress, isPattern }, row) {
  const text = toText(row.text, NUMBERS);
  for (const [key, is] of Object.entries({ address: isAddress, pattern: isPattern })) {
    const came = is(text);
    if (key in row && came !== row[key]) return `as ${key}: expected ${row[key]}, came ${came}`;
  }
  return undefined;
}

/** @type {Check} */
function checkMatch({ matches }, { pattern, address, match }) {
  const came = matches(toText(pattern, NUMBERS), toText(address, NUMBERS));
  return came === match ? undefined : `expected ${match}, came ${came}`;
}

/** @param {Row} row @returns {{ qos?: any, timestamp?: any }} any: by row */
function optionsOf({ options = {} }) {
  return 'timestamp' in options
    ? { ...options, timestamp: toU64(options.timestamp, ENCODED) }
    : options;
}

/** @type {Check} */
function checkMessage({ encode }, row) {
  const message = toMessage(row.message, ENCODED);
  return refusal(
    row,
    outcome(() => encode(message, optionsOf(row))),
  );
}

/** @type {Check} decode() and decodeFrame() say the same */
function checkRefused({ decode, decodeFrame }, row) {
  const bytes = bytesOf(row.frame_hex);
  return (
    refusal(
      row,
      outcome(() => decode(bytes)),
    ) ??
    refusal(
      row,
      outcome(() => decodeFrame(bytes)),
    )
  );
}

/** @type {Check} */
function checkEncoded({ encode }, row) {
  const expected = row.frame_hex.toLowerCase();
  const came = Buffer.from(encode(toMessage(row.message, ENCODED), optionsOf(row))).toString('hex');
  if (came === expected) return undefined;
  let at = 0;
  while (at < expected.length && came[at] === expected[at]) at++;
  at -= at % 2;
  const [wanted, found] = [expected, came].map((hex) => hex.slice(at, at + 16) || 'nothing');
  return `expected ${expected.length / 2} bytes with ${wanted} at ${at / 2}, came ${came.length / 2} with ${found}`;
}

/**
 * The row's claims about the frame's header.
 * @param {Row} row
 * @param {{ qos: number, timestamp?: number | bigint }} frame
 * @param {Uint8Array} bytes for the encoding bits, which the API does not hand out
 */
function headerDifference({ flags = {}, timestamp }, frame, bytes) {
  const came = {
    qos: frame.qos,
    timestamp: frame.timestamp !== undefined,
    encrypted: false, // such a frame is refused
    compressed: false,
    version: bytes[1] & 7,
  };
  const claimed = Object.keys(came).filter((key) => key in flags);
  const expected = Object.fromEntries(claimed.map((key) => [key, flags[key]]));
  const picked = Object.fromEntries(claimed.map((key) => [key, came[/** @type {'qos'} */ (key)]]));
  const found = difference(expected, picked, 'flags');
  if (found || timestamp === undefined) return found;
  return difference(toU64(timestamp, NUMBERS), frame.timestamp, 'timestamp');
}

/**
 * @param {number} length bytes of a frame
 * @returns {number[]} those of its prefixes that are tried
 */
function prefixLengths(length) {
  if (length <= 3 * PREFIXES) return Array.from({ length }, (_, i) => i);
  const spread = (length - 2 * PREFIXES) / PREFIXES;
  return Array.from({ length: PREFIXES }, (_, i) => [
    i,
    PREFIXES + Math.floor(i * spread),
    length - PREFIXES + i,
  ]).flat();
}

/**
 * @param {Codec} codec
 * @param {Uint8Array} frame
 */
function prefixDifference({ decodeFrame }, frame) {
  for (const length of prefixLengths(frame.length)) {
    const came = outcome(() => decodeFrame(frame.slice(0, length)));
    if (came !== 'MORE') return `expected MORE for the first ${length} bytes, came ${came}`;
  }
  return undefined;
}

/** @param {Uint8Array} bytes of a valid frame, and perhaps more */
function frameLength(bytes) {
  const hasTimestamp = (bytes[1] & 0x20) !== 0;
  return 4 + (hasTimestamp ? 8 : 0) + ((bytes[2] << 8) | bytes[3]);
}

/** @type {Check} */
function checkDecoded(codec, row) {
  const expected = row.decoded ?? row.message;
  if (expected === undefined) return 'expected a message in the vector, came none';
  const bytes = bytesOf(row.frame_hex);
  const frame = codec.decodeFrame(bytes);
  return (
    difference(toDecoded(expected, NUMBERS), frame.message) ??
    difference(toDecoded(expected, NUMBERS), codec.decode(bytes)) ??
    difference(toDecoded(expected, BIGINTS), codec.decode(bytes, { integers: 'bigint' })) ??
    headerDifference(row, frame, bytes) ??
    difference(frameLength(bytes), frame.length, 'length') ??
    prefixDifference(codec, bytes.subarray(0, frame.length))
  );
}

/** @type {Record<string, Named[]>} by `use` */
const USES = {
  both: [
    ['encode: ', checkEncoded],
    ['decode: ', checkDecoded],
  ],
  decode: [['decode: ', checkDecoded]],
};

/**
 * @param {string} text
 * @returns {Named[]}
 */
function failing(text) {
  return [['', () => text]];
}

/**
 * @param {Row} row
 * @returns {Named[]}
 */
function frameChecks(row) {
  if (!isHex(row.frame_hex)) return failing('frame_hex is not hexadecimal');
  const use = row.use ?? ('message' in row ? 'both' : 'decode');
  if (Object.hasOwn(USES, use)) return USES[use];
  return failing(`expected use both or decode, came ${shown(use)}`);
}

/** @type {Record<import('./files.mjs').Kind, (row: Row) => Named[]>} */
const CHECKS = {
  grammar: () => [['', checkGrammar]],
  match: () => [['', checkMatch]],
  refused: () => [['', checkRefused]],
  frame: frameChecks,
  message: () => [['', checkMessage]],
  unknown: () =>
    failing('expected a vector, came neither a frame, a message, an address nor a pattern'),
};

/** @param {Row} row @returns {string} its name, or what else tells it from others */
export function nameOf(row) {
  if (typeof row?.name === 'string') return row.name;
  if (row?.text !== undefined) return shown(row.text);
  return kindOf(row) === 'match' ? `${shown(row.pattern)} ${shown(row.address)}` : shown(row);
}

/**
 * @param {Codec} codec
 * @param {Row} row
 * @param {Check} one
 */
function tried(codec, row, one) {
  try {
    return one(codec, row);
  } catch (error) {
    const { code = '', message = error } = /** @type {{ code?: string, message?: string }} */ (
      error
    );
    return `expected no error, came ${code} ${message}`;
  }
}

/**
 * @param {Codec} codec
 * @param {Row} row
 * @returns {(string | undefined)[]} for each check undefined, or what was expected and what came
 */
export function check(codec, row) {
  return CHECKS[kindOf(row)](row).map(([what, one]) => {
    const failure = tried(codec, row, one);
    return failure && what + failure;
  });
}
