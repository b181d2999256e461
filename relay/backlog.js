const BLOCK = 64 << 10; // bytes
const TOTAL = 256 << 20; // bytes of all backlogs, after which one may only have so many:
const SMALL = 256 << 10;

const BINARY = 0x82; // a whole message in one frame
const LENGTH_16 = 126;
const LENGTH_64 = 127;

/** Bytes of a frame's header in WebSocket. @param {number} length of its payload */
const headerSize = (length) => (length < LENGTH_16 ? 2 : length < 0x10000 ? 4 : 10);

/**
 * @param {Buffer} to
 * @param {number} at
 * @param {number} length
 */
function writeHeader(to, at, length) {
  to[at] = BINARY;
  if (length < LENGTH_16) {
    to[at + 1] = length;
  } else if (length < 0x10000) {
    to[at + 1] = LENGTH_16;
    to.writeUInt16BE(length, at + 2);
  } else {
    to[at + 1] = LENGTH_64;
    to.writeBigUInt64BE(BigInt(length), at + 2);
  }
}

/** What all backlogs of a relay hold together. */
export class Backlogs {
  bytes = 0;
}

/**
 * Messages that wait for a slow client, as bytes of WebSocket in few large blocks: a thousand small messages cost what their
 * bytes are, and nothing for a garbage collector to walk.
 */
export class Backlog {
  /** @type {Buffer[]} the last one filled in part */ #blocks = [];
  #fill = BLOCK; // of the last one
  #all;
  #max;
  /** Of all blocks. */ bytes = 0;

  /**
   * @param {Backlogs} all
   * @param {number} max bytes
   */
  constructor(all, max) {
    this.#all = all;
    this.#max = max;
  }

  /** @param {Uint8Array} message @returns {boolean} false: there is no room */
  add(message) {
    const header = headerSize(message.length);
    const size = header + message.length;
    const isFull = this.#fill + size > (this.#blocks.at(-1)?.length ?? 0);
    if (isFull && !this.#begin(size)) return false;
    const block = /** @type {Buffer} */ (this.#blocks.at(-1));
    writeHeader(block, this.#fill, message.length);
    block.set(message, this.#fill + header);
    this.#fill += size;
    return true;
  }

  /** @param {number} size that it has to have room for @returns {boolean} false: there may be no further block */
  #begin(size) {
    const max = this.#all.bytes < TOTAL ? this.#max : Math.min(this.#max, SMALL);
    const length = Math.max(size, Math.min(BLOCK, max));
    if (this.bytes + length > max) return false;
    this.#seal();
    this.#blocks.push(Buffer.allocUnsafeSlow(length));
    this.#fill = 0;
    this.#count(length);
    return true;
  }

  /** The last block ends where it is filled to. */
  #seal() {
    const last = this.#blocks.pop();
    if (last) this.#blocks.push(last.subarray(0, this.#fill));
  }

  /** @returns {Buffer | undefined} the oldest messages, whole ones; none: nothing waits */
  take() {
    if (this.#blocks.length === 1) {
      this.#seal();
      this.#fill = BLOCK;
    }
    const block = this.#blocks.shift();
    if (block) this.#count(-block.buffer.byteLength);
    return block;
  }

  clear() {
    this.#blocks = [];
    this.#fill = BLOCK;
    this.#count(-this.bytes);
  }

  /** @param {number} change */
  #count(change) {
    this.bytes += change;
    this.#all.bytes += change;
  }
}
