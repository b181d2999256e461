import { WIRE_ERROR } from './abi.gen.js';
import { ClaspError } from './error.js';

/** @type {Map<number, keyof typeof WIRE_ERROR>} */
const WIRE_NAMES = new Map(
  Object.entries(WIRE_ERROR).map(([name, code]) => [
    code,
    /** @type {keyof typeof WIRE_ERROR} */ (name),
  ]),
);

/**
 * What an ERROR message says: its own name where the protocol gives one, RELAY_REFUSED where not; `wireCode` is the number.
 * @param {number} wireCode
 * @param {string} words
 */
export function refusal(wireCode, words) {
  const error = new ClaspError(WIRE_NAMES.get(wireCode) ?? 'RELAY_REFUSED', words);
  error.wireCode = wireCode;
  return error;
}
