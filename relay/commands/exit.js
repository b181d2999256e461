/** How a command ends, for scripts. The same in all commands: the overview of `clasp-p2p --help` lists them. */
import { ClaspError } from '../../web/error.js';
import { UsageError } from './usage.js';

export const EXIT = /** @type {const} */ ({
  DONE: 0,
  FAILED: 1,
  USAGE: 2,
  UNREACHABLE: 3,
  REFUSED: 4,
  NO_PARAM: 5,
});

/** A command that ends with a code of its own. */
export class Failure extends Error {
  /**
   * @param {number} exit of EXIT
   * @param {string} message one line
   */
  constructor(exit, message) {
    super(message);
    this.exit = exit;
  }
}

/** Where the router said nothing. @type {Partial<Record<import('../../js-glue/error.js').ErrorCode, number>>} */
const BY_CODE = {
  BAD_ADDRESS: EXIT.USAGE,
  BAD_JSON: EXIT.USAGE,
  BAD_OPTION: EXIT.USAGE,
  BAD_PATTERN: EXIT.USAGE,
  NOT_CONNECTED: EXIT.UNREACHABLE,
  RELAY_REFUSED: EXIT.REFUSED,
  RELAY_UNREACHABLE: EXIT.UNREACHABLE,
  TIMEOUT: EXIT.UNREACHABLE,
};

/**
 * @param {unknown} error what a command has thrown
 * @returns {number} of EXIT
 */
export function exitOf(error) {
  if (error instanceof Failure) return error.exit;
  if (error instanceof UsageError) return EXIT.USAGE;
  if (!(error instanceof ClaspError)) return EXIT.FAILED;
  return error.wireCode ? EXIT.REFUSED : (BY_CODE[error.code] ?? EXIT.FAILED);
}

/**
 * One line for people. Words of a router may hold anything: nothing in the line ends it, or commands a terminal.
 * @param {unknown} error
 */
export function wordsOf(error) {
  const { message } = /** @type {Error} */ (error);
  const isRefused = error instanceof ClaspError && error.wireCode !== undefined;
  const words = isRefused ? `refused: ${error.wireCode} ${error.code}, ${message}` : message;
  return words.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}
