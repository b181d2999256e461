import { ON_PIPE_ABORT, ON_PIPE_END, ON_PIPE_READ, ON_PIPE_WRITE } from './abi.gen.js';
import { PIPE_ABORTED, PIPE_BYTES, PIPE_ENDED, PIPE_ROOM } from './abi.gen.js';
import { textOf } from './core.js';
import { ClaspError } from './error.js';

/** @typedef {import('./core.js').Effect} Effect */
/** @typedef {import('./p2p-peer.js').PeerPlane} PeerPlane */

/** Bytes of any length to and from one peer, with its credit, as streams. */
export class Pipe {
  #plane;
  #number;
  #room = 0;
  #wake = () => {};
  /** @type {Uint8Array[]} */ #waiting = [];
  /** @type {ReadableStreamDefaultController<Uint8Array> | undefined} */ #reader;
  /** @type {ClaspError | undefined} */ #error;
  #isWanted = false;
  #hasEnded = false;

  /**
   * @param {PeerPlane} plane
   * @param {number} number
   */
  constructor(plane, number) {
    this.#plane = plane;
    this.#number = number;
    /** What the peer writes; it is given credit for what is read. @type {ReadableStream<Uint8Array>} */
    this.readable = new ReadableStream(
      {
        start: (controller) => void (this.#reader = controller),
        pull: () => {
          this.#isWanted = true;
          this.#hand();
        },
        cancel: (reason) => this.#abort(reason),
      },
      { highWaterMark: 0 },
    );
    /** A write is done when the peer's credit has let it go. @type {WritableStream<ArrayBuffer | ArrayBufferView>} */
    this.writable = new WritableStream({
      write: (chunk) => this.#write(chunk),
      close: () => void plane.input(ON_PIPE_END, number),
      abort: (reason) => this.#abort(reason),
    });
  }

  /** @param {unknown} reason */
  #abort(reason) {
    if (!this.#error) this.#plane.input(ON_PIPE_ABORT, this.#number, 0, String(reason ?? ''));
  }

  /** @param {ArrayBuffer | ArrayBufferView} chunk */
  async #write(chunk) {
    let rest = ArrayBuffer.isView(chunk)
      ? new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      : new Uint8Array(chunk);
    while (rest.length > 0) {
      while (this.#room === 0 && !this.#error) {
        await new Promise((resolve) => (this.#wake = () => resolve(undefined)));
      }
      if (this.#error) throw this.#error;
      const part = rest.subarray(0, Math.min(this.#room, PART));
      this.#room -= part.length;
      this.#plane.input(ON_PIPE_WRITE, this.#number, 0, part);
      rest = rest.subarray(part.length);
    }
  }

  /** What waits, to a reader that wants it. */
  #hand() {
    const reader = /** @type {ReadableStreamDefaultController<Uint8Array>} */ (this.#reader);
    const chunk = this.#isWanted ? this.#waiting.shift() : undefined;
    if (chunk) {
      this.#isWanted = false;
      this.#plane.input(ON_PIPE_READ, this.#number, chunk.length);
      reader.enqueue(chunk);
    } else if (this.#waiting.length === 0 && this.#hasEnded) {
      this.#hasEnded = false;
      reader.close();
    }
  }

  /** @param {number} event @param {Effect} effect */
  happens(event, { number, bytes }) {
    if (event === PIPE_BYTES) this.#waiting.push(bytes.slice());
    else if (event === PIPE_ROOM) this.#room = number;
    else if (event === PIPE_ENDED) this.#hasEnded = true;
    else if (event === PIPE_ABORTED) this.#fail(ClaspError.of(number, textOf(bytes)));
    this.#wake();
    if (!this.#error) this.#hand();
  }

  /** @param {ClaspError} error */
  #fail(error) {
    this.#error = error;
    this.#reader?.error(error);
  }
}

const PART = 256 << 10; // bytes that cross into the core at once
