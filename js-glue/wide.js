/** Values in the wide form (docs/wire.md, section 16): those that no frame can carry. */
import { WIDE_MAX, WIDE_SPARE } from './abi.gen.js';
import { addValue, decodeValue, writeWide } from './value.js';

const MESSAGE_MAX = 0xffff; // bytes of a message in a frame
const ADDRESS_MAX = 1024; // characters
const encoder = new TextEncoder();

/**
 * Which form a value has to have: the core judges by the same sum, so that no value needs a mark of its form.
 * @param {number} addressLen bytes of the address that it is said at
 * @param {number} valueLen bytes of the value with its type code, in either form
 * @returns {boolean} true: the wide form
 */
export const isWideNeeded = (addressLen, valueLen) =>
  addressLen + valueLen + WIDE_SPARE > MESSAGE_MAX;

/**
 * The same, for an address as text.
 * @param {string} address
 * @param {number} valueLen
 */
export function isWideAt(address, valueLen) {
  const most = Math.min(address.length, ADDRESS_MAX) * 3; // bytes of it
  return isWideNeeded(most, valueLen) && isWideNeeded(encoder.encode(address).length, valueLen);
}

/**
 * A value with its type code, in bytes of its own. JavaScript's values become those of the narrow form (value.js).
 * @param {unknown} value
 * @returns {Uint8Array<ArrayBuffer>} not lent: the caller's
 * @throws {ClaspError} TOO_LARGE (over 16 MiB, or 1,048,576 values at all levels), TOO_DEEP (or a cycle), BAD_VALUE_TYPE,
 *   OUT_OF_RANGE (a bigint that 64 bits cannot hold)
 */
export const encodeWide = (value) => writeWide(WIDE_MAX, () => addValue(value));

/**
 * A JavaScript value from bytes that the core has checked. Integers beyond 2^53 are rounded; bytes are copies.
 * @param {Uint8Array} bytes the value's data, without its type code
 * @param {number} type VALUE
 * @returns {unknown}
 */
export const decodeWide = (bytes, type) => decodeValue(type, bytes, true);
