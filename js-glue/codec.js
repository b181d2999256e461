/** The public codec: CLASP frames from messages, and back; patterns. Synchronous once ready() is done. */
import { bytesOf, fill, isBytes } from './codec-pack.js';
import {
  ENVELOPE,
  FRAME,
  OUT,
  f64,
  isStale,
  load,
  put,
  putAt,
  refresh,
  u32,
  u8,
  view,
  wasm,
} from './codec-memory.js';
import { kept } from './codec-kept.js';
import { note, repeated } from './codec-repeat.js';
import { message as unpacked } from './codec-unpack.js';
import { ClaspError, check } from './error.js';

/** @typedef {import('./loader.js').LoadOptions} LoadOptions */

/**
 * @typedef {object} FrameOptions
 * @property {0 | 1 | 2} [qos] fire, confirm, commit; by default what goes with the message (docs/wire.md, section 4)
 * @property {number | bigint} [timestamp] microseconds since 1970
 */

/**
 * @typedef {object} DecodeOptions
 * @property {'number' | 'bigint'} [integers] what an i64 becomes: 'number' (beyond 2^53 it is rounded), or 'bigint'
 */

/** @typedef {object & {type: string} & Record<string, any>} Message any: by type, see docs/wire.md, section 3 */

/** Words of clasp_envelope. */
const [LOW, HIGH, HAS_TIMESTAMP, QOS, LEN] = [2, 3, 4, 5, 6];

const TEXT_MAX = 0xffff; // bytes of a text on the wire
/** Bytes, whatever they lie in. @param {unknown} data @returns {Uint8Array} */
export function toBytes(data) {
  if (typeof data === 'object' && data !== null && isBytes(data)) return bytesOf(data);
  throw new ClaspError('BAD_OPTION', 'bytes: a Uint8Array, another view or an ArrayBuffer');
}

/** @param {Uint8Array} bytes @param {DecodeOptions | undefined} options */
function unpack(bytes, options) {
  const wantsBigInts = options !== undefined && options.integers === 'bigint';
  const err = wasm.codec_unpack(put(bytes));
  if (isStale()) refresh();
  if (err !== 0) throw ClaspError.of(err);
  return unpacked(bytes, wantsBigInts);
}

/**
 * The message of the frame that `data` begins with. Bytes in it are views of `data`, not copies.
 *
 * @param {Uint8Array | ArrayBuffer | ArrayBufferView} data bytes after the frame are ignored
 * @param {DecodeOptions} [options]
 * @returns {Message}
 * @throws {ClaspError} MORE for the start of a frame; BAD_MAGIC, RESERVED_QOS, UNSUPPORTED_FLAG, EMPTY_PAYLOAD, UNKNOWN_TYPE,
 *   TRUNCATED, BAD_UTF8, BAD_VALUE_TYPE, TOO_DEEP, BAD_ENUM, BAD_LEGACY; BAD_STATE before ready() is done
 */
export function decode(data, options) {
  return unpack(data instanceof Uint8Array ? data : toBytes(data), options);
}

/**
 * As decode(), with what the frame says beside its message.
 * @param {Uint8Array | ArrayBuffer | ArrayBufferView} data
 * @param {DecodeOptions} [options]
 * @returns {{message: Message, qos: number, timestamp: number | bigint | undefined, length: number}} `timestamp` in
 *   microseconds, a bigint above 2^53; `length`: bytes of the frame
 * @throws {ClaspError} as decode()
 */
export function decodeFrame(data, options) {
  const message = unpack(toBytes(data), options);
  const [low, high] = [u32[ENVELOPE + LOW], u32[ENVELOPE + HIGH]];
  const exact = () => (BigInt(high) << 32n) | BigInt(low);
  const number = f64[ENVELOPE >> 1];
  const timestamp = number <= Number.MAX_SAFE_INTEGER ? number : exact();
  return {
    message,
    qos: u32[ENVELOPE + QOS],
    timestamp: u32[ENVELOPE + HAS_TIMESTAMP] ? timestamp : undefined,
    length: u32[ENVELOPE + LEN],
  };
}

/** @param {unknown} qos @param {unknown} timestamp @returns {number} whether a QoS is named */
function putEnvelope(qos, timestamp) {
  u32[ENVELOPE + HAS_TIMESTAMP] = Number(timestamp !== undefined);
  if (timestamp !== undefined) {
    const isFit =
      typeof timestamp === 'bigint'
        ? timestamp >= 0n && timestamp >> 64n === 0n
        : Number.isInteger(timestamp) && Number(timestamp) >= 0 && Number(timestamp) < 2 ** 64;
    if (!isFit) throw new ClaspError('OUT_OF_RANGE', 'timestamp: microseconds, 0 to 2^64-1');
    view.setBigUint64((ENVELOPE + LOW) << 2, BigInt(/** @type {number} */ (timestamp)), true);
  }
  if (qos === undefined) return 0;
  if (qos !== 0 && qos !== 1 && qos !== 2)
    throw new ClaspError('BAD_ENUM', 'qos: 0 fire, 1 confirm, 2 commit');
  u32[ENVELOPE + QOS] = qos;
  return 1;
}

/** @param {object} message @param {FrameOptions | undefined} options @returns {number} bytes at OUT */
function pack(message, options) {
  const qos = options?.qos; // a getter may do anything, so it is asked before the memory is in use
  const timestamp = options?.timestamp;
  const cells = fill(message);
  const length = wasm.codec_pack(cells, putEnvelope(qos, timestamp));
  return length < 0 ? check(length) : length;
}

/**
 * The frame of a message.
 *
 * Numbers become f64, bigints i64, any view or ArrayBuffer bytes; objects are plain ones or have toJSON(); members that are
 * undefined are left out, items that are become null.
 *
 * @param {object} message as decode() gives it
 * @param {FrameOptions} [options]
 * @returns {Uint8Array} yours
 * @throws {ClaspError} TOO_LARGE for what a frame cannot hold (a SNAPSHOT: see encodeFrames()); TOO_DEEP, a cycle too;
 *   BAD_VALUE_TYPE, BAD_FIELD, BAD_ENUM, OUT_OF_RANGE, UNKNOWN_TYPE; BAD_STATE before ready() is done
 */
export function encode(message, options) {
  const again = options === undefined ? repeated(message) : undefined;
  if (again !== undefined) return again;
  const length = pack(message, options);
  if (options === undefined) note(length);
  return kept(length);
}

/**
 * As encode(), without a copy.
 * @param {object} message
 * @param {FrameOptions} [options]
 * @returns {Uint8Array} lent: it means something else after the next call of this module
 * @throws {ClaspError} as encode()
 */
export function encodeLent(message, options) {
  const length = pack(message, options);
  return u8.subarray(OUT, OUT + length);
}

/**
 * As encode(), in as many frames as it takes: the params of a SNAPSHOT that is too large are spread over several.
 * @param {any} message any: as for encode()
 * @param {FrameOptions} [options]
 * @returns {Uint8Array[]} yours
 * @throws {ClaspError} as encode(): TOO_LARGE is left for a single param, and other messages
 */
export function encodeFrames(message, options) {
  try {
    return [encode(message, options)];
  } catch (error) {
    const isTooLarge = error instanceof ClaspError && error.code === 'TOO_LARGE';
    const { type, params } = message ?? {};
    if (!isTooLarge || type !== 'SNAPSHOT' || params.length < 2) throw error;
    const half = params.length >> 1;
    const part = (/** @type {object[]} */ params) => encodeFrames({ ...message, params }, options);
    return [...part(params.slice(0, half)), ...part(params.slice(half))];
  }
}

// ---- patterns ---------------------------------------------------------------------------------------------------

/**
 * Whether a pattern takes in an address: `*` stands for any characters within a segment, `**` for any number of segments.
 * @param {string} pattern
 * @param {string} address
 * @throws {ClaspError} BAD_PATTERN, BAD_ADDRESS, TOO_LARGE; BAD_STATE before ready() is done
 */
export function matches(pattern, address) {
  const patternLen = putAt(pattern, FRAME);
  const addressLen = putAt(address, FRAME + patternLen);
  return check(wasm.codec_match(patternLen, addressLen)) === 1;
}

/** @param {string} text @param {number} isPattern */
const isFit = (text, isPattern) =>
  text.length <= TEXT_MAX && wasm.codec_check(putAt(text, FRAME), isPattern) === 0;

/** True for what may be written to. @param {string} text */
export const isAddress = (text) => isFit(text, 0);

/** True for what may be subscribed to. @param {string} text */
export const isPattern = (text) => isFit(text, 1);

/**
 * Load the codec's WebAssembly; everything else here is synchronous from then on. May be called again.
 * @param {LoadOptions} [options] where it comes from, when not from beside the package; for the first call
 * @returns {Promise<void>}
 * @throws {ClaspError} LOAD
 */
export const ready = (options) => load(options);
