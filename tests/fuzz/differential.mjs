#!/usr/bin/env node
/**
 * The codec in C against the value reader and writer in JavaScript (js-glue/value.js), by random values and mutated frames:
 *
 *   node tests/fuzz/differential.mjs [--seconds N | --cases N] [--seed S]
 *
 * Case k of a run is made of the seed S + k alone. What a frame leaves in the codec's caches may matter to later ones: a
 * difference that does not show with its own seed shows with that of the run.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { decodeValue, encodeValue } from '../../js-glue/value.js';
import { ClaspError, Dispatcher, decode, decodeFrame, encode, ready } from '../../web/codec.js';

const VECTORS = ['messages', 'rust-codec', 'decode', 'legacy-msgpack', 'malformed'];
const PAYLOAD_MAX = 65535;
const SMALL = 4096; // bytes of a frame that may be written again, whatever its numbers grow to
const SET = 0x21;
const HAS_TIMESTAMP = 0x20; // in the flags of a frame

/** What two readers or writers do not agree on. */
export class Difference extends Error {
  /**
   * @param {string} what
   * @param {Uint8Array} bytes a frame
   */
  constructor(what, bytes) {
    super(`${what}\n${Buffer.from(bytes).toString('hex')}`);
    this.name = 'Difference';
  }
}

// ---- random values ------------------------------------------------------------------------------------------------

/** @typedef {(bound: number) => number} Random a whole number from 0, below the bound */

/** @param {number} seed @returns {Random} */
function randomFrom(seed) {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

/** @template T @param {Random} random @param {readonly T[]} list @returns {T} */
const pick = (random, list) => list[random(list.length)];

const WORDS = [
  '',
  'a',
  'value',
  'x-1',
  '__proto__',
  'constructor',
  'toString',
  '0',
  '10',
  'é€😀',
  '\0',
];
const LETTERS = ['a', 'Z', '/', 'é', '€', '😀', '\ud800', '\udc00', '\0', '\ufeff', '~'];
const NUMBERS = [0, -0, 1, -1, 0.1, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 53, -(2 ** 63), 5e-324];
const LENGTHS = [0, 1, 2, 8, 24, 25, 47, 48, 49, 51, 52, 62, 63, 300];

/** @param {Random} random */
function randomText(random) {
  if (random(3) === 0) return pick(random, WORDS);
  if (random(3) === 0) return `key-${random(20000)}`;
  const length = pick(random, LENGTHS);
  const plain = 'x'.repeat(Math.max(0, length - 3));
  return plain + Array.from({ length: random(4) }, () => pick(random, LETTERS)).join('');
}

/** @param {Random} random */
function randomBytes(random) {
  const bytes = Uint8Array.from({ length: pick(random, LENGTHS) }, () => random(256));
  return pick(random, [bytes, bytes.buffer, Buffer.from(bytes), new DataView(bytes.buffer)]);
}

/** @param {Random} random @param {number} depth left @returns {Record<string, unknown>} */
function randomMap(random, depth) {
  const entries = Array.from({ length: random(6) }, () => [
    randomText(random),
    random(12) === 0 ? undefined : randomValue(random, depth),
  ]);
  return Object.fromEntries(entries);
}

/** @type {((random: Random, depth: number) => unknown)[]} */
const LEAVES = [
  () => null,
  (random) => random(2) === 0,
  (random) => pick(random, NUMBERS),
  (random) => random(2 ** 32) / (1 + random(1000)),
  randomText,
  randomBytes,
];

/** @type {((random: Random, depth: number) => unknown)[]} */
const TREES = [
  randomMap,
  randomMap,
  (random, depth) => Array.from({ length: random(6) }, () => randomValue(random, depth)),
  (random, depth) => [randomValue(random, depth), undefined],
  (random, depth) => ({ toJSON: () => randomValue(random, depth) }),
  (random) => new Array(random(40) === 0 ? 70000 : random(300)).fill(pick(random, [null, 1, 'x'])),
  (random, depth) => nested(random, depth),
];

/** @param {Random} random @param {number} depth left */
function nested(random, depth) {
  /** @type {unknown} */
  let value = pick(random, [1, null, undefined, () => {}]);
  for (let i = 50 + random(20); i > 0 && depth > 3; i--) value = random(2) ? [value] : { value };
  return value ?? null;
}

/**
 * @param {Random} random
 * @param {number} depth left
 * @returns {unknown}
 */
function randomValue(random, depth) {
  const makers = depth > 0 && random(2) === 0 ? TREES : LEAVES;
  return pick(random, makers)(random, depth - 1);
}

// ---- values: the same bytes, and the same value of them -----------------------------------------------------------

/**
 * @template T
 * @param {() => T} body
 * @param {Uint8Array} bytes for the report
 * @returns {{result?: T, code?: string}} what came, or the code of its refusal
 */
function outcome(body, bytes) {
  try {
    return { result: body() };
  } catch (error) {
    if (error instanceof ClaspError) return { code: error.code };
    throw new Difference(`no ClaspError: ${error}`, bytes);
  }
}

/** The frame of a SET, by value.js. @param {string} address @param {unknown} value */
function frameByHand(address, value) {
  const { bytes, addressLen } = encodeValue(address, value);
  const payload = bytes.length + 3; // type and length; the value's type code is in the flags
  if (payload > PAYLOAD_MAX) throw new ClaspError('TOO_LARGE');
  const head = [
    0x53,
    0x41,
    payload >> 8,
    payload & 0xff,
    SET,
    bytes[addressLen],
    addressLen >> 8,
    addressLen & 0xff,
  ];
  return Buffer.concat([
    Uint8Array.from(head),
    bytes.subarray(0, addressLen),
    bytes.subarray(addressLen + 1),
  ]);
}

/**
 * What is too large and wrong elsewhere, too, is refused for what is found first: value.js looks at a frame's bound earlier.
 * @param {string | undefined} a
 * @param {string | undefined} b
 */
function isSameRefusal(a, b) {
  return a === b || (a !== undefined && b !== undefined && [a, b].includes('TOO_LARGE'));
}

/** @param {Random} random */
function checkValue(random) {
  const address = randomText(random);
  const value = stable(randomValue(random, 5));
  const expected = outcome(() => frameByHand(address, value), Buffer.from(address));
  const came = outcome(() => encode({ type: 'SET', address, value }), Buffer.from(address));
  const [bytes, frame] = [expected.result ?? Buffer.alloc(0), came.result ?? Buffer.alloc(0)];
  if (!isSameRefusal(expected.code, came.code))
    throw new Difference(`encode: ${came.code ?? 'OK'}, value.js: ${expected.code ?? 'OK'}`, bytes);
  if (Buffer.compare(bytes, frame) !== 0)
    throw new Difference(
      `encode differs from value.js, which writes ${bytes.toString('hex')}`,
      frame,
    );
  return came.result;
}

/** The same value each time that it is looked at: toJSON() draws numbers. @param {unknown} value @returns {unknown} */
function stable(value) {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (value instanceof ArrayBuffer) return value;
  if (Array.isArray(value)) return value.map(stable);
  const { toJSON } = /** @type {any} any: a plain object */ (value);
  if (typeof toJSON === 'function') {
    const drawn = stable(toJSON());
    return { toJSON: () => drawn };
  }
  return Object.fromEntries(Object.entries(value).map(([key, it]) => [key, stable(it)]));
}

// ---- frames: all readers agree, and what was read can be written --------------------------------------------------

/** The value of a frame with a SET, by value.js. @param {Uint8Array} frame accepted by the codec */
function valueByHand(frame) {
  const at = frame[1] & HAS_TIMESTAMP ? 12 : 4;
  const end = at + ((frame[2] << 8) | frame[3]);
  if (frame[at] !== SET) return undefined;
  const data = at + 4 + ((frame[at + 2] << 8) | frame[at + 3]);
  return { value: decodeValue(frame[at + 1] & 0x0f, frame.slice(data, end)) };
}

/** @param {Uint8Array} frame accepted by the codec */
function checkAgain(frame) {
  const message = decode(frame, { integers: 'bigint' });
  const again = outcome(() => encode(message), frame);
  if (again.result === undefined) {
    const isExcused = again.code === 'TOO_LARGE' ? frame.length > SMALL : again.code === 'TOO_DEEP';
    if (isExcused) return; // numbers grow to f64; defaults in an ANNOUNCE may be deeper than what is written
    throw new Difference(`encode of what was decoded: ${again.code}`, frame);
  }
  const frameAgain = again.result;
  const second = outcome(() => decode(frameAgain, { integers: 'bigint' }), frame);
  if (!isDeepStrictEqual(second.result, message))
    throw new Difference(`decode, encode, decode: ${second.code ?? 'another message'}`, frame);
}

/**
 * @param {Uint8Array} frame
 * @param {Dispatcher} dispatcher whose handler keeps what it is called with
 * @param {unknown[]} heard
 */
function checkFrame(frame, dispatcher, heard) {
  const { result: message, code } = outcome(() => decode(frame), frame);
  const whole = outcome(() => decodeFrame(frame), frame);
  heard.length = 0;
  const dispatched = outcome(() => dispatcher.dispatch(frame), frame);
  if (whole.code !== code || dispatched.code !== code)
    throw new Difference(
      `decode: ${code}, decodeFrame: ${whole.code}, dispatch: ${dispatched.code}`,
      frame,
    );
  if (code !== undefined) return false;
  if (!isDeepStrictEqual(message, whole.result?.message))
    throw new Difference('decodeFrame', frame);
  const byHand = message?.type === 'SET' ? valueByHand(frame) : undefined;
  if (byHand && !isDeepStrictEqual(byHand.value, message?.value))
    throw new Difference('decode differs from value.js', frame);
  if (message?.type === 'SET' && heard.length > 0 && !isDeepStrictEqual(heard[0], message.value))
    throw new Difference('dispatch differs from decode', frame);
  checkAgain(frame);
  return true;
}

/** @type {((random: Random, bytes: Uint8Array) => Uint8Array)[]} */
const MUTATIONS = [
  (random, bytes) => bytes.with(random(bytes.length), random(256)),
  (random, bytes) => bytes.with(random(bytes.length), pick(random, [0, 1, 0x7f, 0x80, 0xff])),
  (random, bytes) => {
    const at = random(bytes.length);
    return bytes.with(at, bytes[at] ^ (1 << random(8)));
  },
  (random, bytes) => bytes.subarray(0, random(bytes.length)),
  (random, bytes) => {
    const at = random(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - random(9)))]);
  },
  (random, bytes) => {
    const at = random(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random(9))]);
  },
];

/** Give a frame the length that it has. @param {Uint8Array} bytes */
function withLength(bytes) {
  const length = Math.min(bytes.length - (bytes[1] & HAS_TIMESTAMP ? 12 : 4), PAYLOAD_MAX);
  return length > 0 ? bytes.with(2, length >> 8).with(3, length & 0xff) : bytes;
}

/** @param {Random} random @param {Uint8Array} frame */
function mutated(random, frame) {
  let bytes = Uint8Array.from(frame);
  for (let left = 1 + random(4); left > 0 && bytes.length > 0; left--)
    bytes = Uint8Array.from(pick(random, MUTATIONS)(random, bytes));
  return random(4) === 0 || bytes.length < 4 ? bytes : withLength(bytes);
}

// ---- runs ---------------------------------------------------------------------------------------------------------

/** @returns {Uint8Array[]} the frames of the golden vectors, but for the large ones */
function corpus() {
  return VECTORS.flatMap((name) => {
    const path = fileURLToPath(new URL(`../vectors/${name}.json`, import.meta.url));
    /** @type {{ frame_hex: string }[]} */
    const vectors = JSON.parse(readFileSync(path, 'utf8')).vectors;
    return vectors
      .map(({ frame_hex }) => Buffer.from(frame_hex, 'hex'))
      .filter(({ length }) => length < SMALL);
  });
}

/**
 * @param {object} options
 * @param {number} options.seed of the first case
 * @param {(cases: number) => boolean} options.goesOn asked before each case
 * @returns {Promise<{ cases: number, accepted: number }>} and how many of the mutated frames were accepted
 * @throws {Difference}
 */
export async function differ({ seed, goesOn }) {
  await ready();
  const frames = corpus();
  const dispatcher = new Dispatcher();
  /** @type {unknown[]} */
  const heard = [];
  dispatcher.on('/**', (value) => void heard.push(value));
  let [cases, accepted] = [0, 0];
  for (; goesOn(cases); cases++) {
    const random = randomFrom(seed + cases);
    try {
      const frame = checkValue(random);
      if (frame) checkFrame(frame, dispatcher, heard);
      const from = frame && frame.length < SMALL && random(2) ? frame : pick(random, frames);
      if (checkFrame(mutated(random, from), dispatcher, heard)) accepted++;
    } catch (error) {
      if (error instanceof Difference) error.message = `seed ${seed + cases}: ${error.message}`;
      throw error;
    }
  }
  dispatcher.close();
  return { cases, accepted };
}

async function main() {
  const { values } = parseArgs({
    options: { seconds: { type: 'string' }, cases: { type: 'string' }, seed: { type: 'string' } },
  });
  const seed = Number(values.seed ?? Date.now() % 2 ** 31);
  const end = performance.now() + Number(values.seconds ?? (values.cases ? Infinity : 10)) * 1000;
  const most = Number(values.cases ?? Infinity);
  try {
    const { cases, accepted } = await differ({
      seed,
      goesOn: (done) => done < most && (done % 64 > 0 || performance.now() < end),
    });
    console.log(`Done ${cases} runs from seed ${seed}, ${accepted} mutated frames accepted`);
  } catch (error) {
    console.error(`run from seed ${seed}: ${error}`);
    process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
