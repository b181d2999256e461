import { ON_PIPE_ABORT, ON_PIPE_END, ON_PIPE_READ, ON_PIPE_WRITE } from './abi.gen.js';
import { PIPE_ABORTED, PIPE_BYTES, PIPE_ENDED, PIPE_ROOM } from './abi.gen.js';
import { textOf } from './core.js';
import { ClaspError } from './error.js';

/** @typedef {import('./collector.js').Effect} Effect */
/** @typedef {import('./p2p-peer.js').PeerPlane} PeerPlane */

/** Bytes that cross into the core at once. */
const PART = 64 << 10;

/** @param {Effect} effect of ABORTED */
const errorOf = ({ number, bytes }) => ClaspError.of(number, textOf(bytes));

/** What the peer writes, as a stream; it is given credit for what is read. */
export class PipeReader {
  #plane;
  #number = 0; // 0: the peer has opened none yet
  /** @type {Uint8Array<ArrayBuffer>[]} */ #waiting = [];
  /** @type {ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined} */ #reader;
  #isWanted = false;
  #hasEnded = false;
  #isOver = false;

  /** @param {PeerPlane} plane */
  constructor(plane) {
    this.#plane = plane;
    /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */
    this.stream = new ReadableStream(
      {
        start: (controller) => void (this.#reader = controller),
        pull: () => {
          this.#isWanted = true;
          this.#hand();
        },
        cancel: (reason) => this.#cancel(reason),
      },
      { highWaterMark: 0 },
    );
  }

  /** @param {number} number of the pipe that it reads */
  attach(number) {
    this.#number = number;
  }

  /** @param {unknown} reason */
  #cancel(reason) {
    this.#waiting = [];
    if (!this.#isOver && this.#number)
      this.#plane.pipe(ON_PIPE_ABORT, this.#number, 0, String(reason ?? ''));
    this.#isOver = true;
  }

  /** What waits, to a reader that wants it. */
  #hand() {
    const reader = /** @type {ReadableStreamDefaultController} */ (this.#reader);
    const chunk = this.#isWanted ? this.#waiting.shift() : undefined;
    if (chunk) {
      this.#isWanted = false;
      if (!this.#hasEnded) this.#plane.pipe(ON_PIPE_READ, this.#number, chunk.length);
      reader.enqueue(chunk);
    }
    if (this.#waiting.length > 0 || !this.#hasEnded || this.#isOver) return;
    this.#isOver = true;
    reader.close();
  }

  /** @param {number} event @param {Effect} effect */
  happens(event, effect) {
    if (this.#isOver) return;
    if (event === PIPE_BYTES) this.#waiting.push(effect.bytes.slice());
    else if (event === PIPE_ENDED) this.#hasEnded = true;
    else if (event === PIPE_ABORTED) return this.fail(errorOf(effect));
    this.#hand();
  }

  /** @param {ClaspError} error */
  fail(error) {
    this.#isOver = true;
    this.#reader?.error(error);
  }
}

/** What the peer reads, as a stream: a write is done when the peer's credit has let it go. */
export class PipeWriter {
  #plane;
  #number;
  #room = 0;
  #wake = () => {};
  /** @type {WritableStreamDefaultController | undefined} */ #controller;
  /** @type {ClaspError | undefined} */ #error;

  /**
   * @param {PeerPlane} plane
   * @param {number} number of the pipe that it writes
   */
  constructor(plane, number) {
    this.#plane = plane;
    this.#number = number;
    /** @type {WritableStream<ArrayBuffer | ArrayBufferView>} */
    this.stream = new WritableStream({
      start: (controller) => void (this.#controller = controller),
      write: (chunk) => this.#write(chunk),
      close: () => void plane.pipe(ON_PIPE_END, number),
      abort: (reason) => {
        if (!this.#error) plane.pipe(ON_PIPE_ABORT, number, 0, String(reason ?? ''));
      },
    });
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
      this.#plane.pipe(ON_PIPE_WRITE, this.#number, 0, part);
      rest = rest.subarray(part.length);
    }
  }

  /** @param {number} event @param {Effect} effect */
  happens(event, effect) {
    if (event === PIPE_ROOM) this.#room = effect.number;
    else if (event === PIPE_ABORTED) this.fail(errorOf(effect));
    this.#wake();
  }

  /** @param {ClaspError} error */
  fail(error) {
    this.#error = error;
    this.#controller?.error(error);
    this.#wake();
  }
}
