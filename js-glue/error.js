import { ERR, ERR_TEXT } from './abi.gen.js';

/** What only the browser's side can say; the core's own codes and words come with abi.gen.js. */
const OWN_TEXT = {
  DRIVER: 'the signalling driver failed',
  VERIFY: 'verify() failed',
  UNSUPPORTED: 'there is no WebRTC here',
  ABORTED: 'aborted by its signal',
  BAD_OPTION: 'not a valid option or argument',
  LOAD: 'the WebAssembly core could not be loaded',
};

/** Names of the codes of the wire's ERROR message. @typedef {keyof typeof import('./abi.gen.js').WIRE_ERROR} WireErrorCode */

/** @typedef {keyof typeof ERR_TEXT | keyof typeof OWN_TEXT | WireErrorCode} ErrorCode */

/** @type {Record<string, string>} */
const TEXT = { ...ERR_TEXT, ...OWN_TEXT };

/** Every error of the package. Branch on `code`; `message` is for people, `cause` is what lies below, if anything. */
export class ClaspError extends Error {
  /** Where a router said no: the number in its ERROR message, 100 to 599. @type {number | undefined} */
  wireCode;

  /** … and what about, where it says so. @type {string | undefined} */
  address;

  /**
   * @param {ErrorCode} code
   * @param {string} [message] words that say more than the code's own
   * @param {ErrorOptions} [options] `cause`
   */
  constructor(code, message, options) {
    super(message || TEXT[code], options);
    this.name = 'ClaspError';
    /** @readonly */
    this.code = code;
  }

  /**
   * The error for a result of the core.
   * @param {number} result negative
   * @param {string} [message]
   */
  static of(result, message) {
    const found = Object.entries(ERR).find(([, value]) => value === result);
    return new ClaspError(/** @type {ErrorCode} */ (found?.[0] ?? 'BAD_STATE'), message);
  }
}

/**
 * Results of the core below 0 become errors.
 * @param {number} result
 * @returns {number} the same, 0 or more
 */
export function check(result) {
  if (result < 0) throw ClaspError.of(result);
  return result;
}

/**
 * Let an error surface as an uncaught one, without disturbing whoever is at work now.
 * @param {unknown} cause
 */
export function surface(cause) {
  queueMicrotask(() => {
    throw cause;
  });
}
