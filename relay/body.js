/** @typedef {import('node:http').IncomingMessage} Request */

/**
 * Bytes beyond a bound that are read and dropped, so that whoever sends too much is told in place of being cut off: an
 * answer given while the other side still writes is lost with the connection.
 */
const DROPPED_MAX = 2 << 20;

/** What may be held of requests and answers at once. */
export class Budget {
  #left;

  /** @param {number} bytes */
  constructor(bytes) {
    this.#left = bytes;
  }

  /**
   * @param {number} bytes
   * @returns {boolean} false, and nothing is taken, when there is not so much left
   */
  take(bytes) {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  /** @param {number} bytes taken before */
  giveBack(bytes) {
    this.#left += bytes;
  }
}

/** @typedef {{body: Buffer} | {failure: 'too-large' | 'too-slow' | 'no-room' | 'gone'}} Body */

/**
 * Read the body of a request, in bounded bytes and time.
 *
 * @param {Request} request
 * @param {object} bounds
 * @param {number} bounds.most bytes that are kept; 0: none, whatever comes is dropped
 * @param {number} bounds.patience milliseconds for all of it
 * @param {Budget} bounds.budget what is kept is taken from it, and given back before the promise is resolved
 * @returns {Promise<Body>}
 */
export function readBody(request, { most, patience, budget }) {
  return new Promise((resolve) => {
    /** @type {Buffer[]} */ let chunks = [];
    let length = 0; // of all that came
    let kept = 0;
    /** @type {'too-large' | 'no-room' | undefined} */ let failure;

    /** @param {'too-large' | 'no-room'} why */
    const drop = (why) => {
      failure ??= why;
      budget.giveBack(kept);
      kept = 0;
      chunks = [];
    };
    /** @param {Body} result */
    const settle = (result) => {
      clearTimeout(timer);
      budget.giveBack(kept);
      kept = 0;
      request.off('data', take).off('end', ended).off('close', gone).off('error', gone);
      request.on('error', () => {}); // a connection that breaks from here on is nobody's concern
      resolve(result);
    };
    const take = (/** @type {Buffer} */ chunk) => {
      length += chunk.length;
      if (length > most + DROPPED_MAX) return settle({ failure: 'too-large' });
      if (failure) return;
      if (length > most) return drop('too-large');
      if (!budget.take(chunk.length)) return drop('no-room');
      kept += chunk.length;
      chunks.push(chunk);
    };
    const ended = () => settle(failure ? { failure } : { body: Buffer.concat(chunks) });
    const gone = () => settle({ failure: 'gone' });
    const timer = setTimeout(() => settle({ failure: 'too-slow' }), patience);
    request.on('data', take).on('end', ended).on('close', gone).on('error', gone);
  });
}
