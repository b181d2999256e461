import { ON_PIPE_ABORT, ON_PIPE_END, ON_PIPE_READ, ON_PIPE_WRITE } from './abi.gen.js';
import { PIPE_ABORTED, PIPE_BYTES, PIPE_ENDED, PIPE_ROOM } from './abi.gen.js';
import { textOf } from './core.js';
import { ClaspError } from './error.js';
import { cut } from './words.js';

/** @typedef {import('./collector.js').Effect} Effect */
/** @typedef {import('./p2p-pipes.js').PeerPipes} PeerPipes */

/** Bytes that cross into the core at once. */
const PART = 64 << 10;
/** Bytes of the words that an abort may have (CLASP_PIPE_WORDS_MAX). */
const WORDS_MAX = 256;

/** @param {Effect} effect of ABORTED */
const errorOf = ({ number, bytes }) => ClaspError.of(number, textOf(bytes));

/** What the peer is told of a reason. @param {unknown} reason */
const wordsOf = (reason) => cut(String(reason ?? ''), WORDS_MAX);

/**
 * @param {unknown} chunk
 * @returns {Uint8Array} the same bytes
 * @throws {ClaspError} BAD_OPTION
 */
function bytesOf(chunk) {
  if (ArrayBuffer.isView(chunk))
    return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
  throw new ClaspError('BAD_OPTION', 'a pipe takes an ArrayBuffer, or a view of one');
}

/** What the peer writes, as a stream; it is given credit for what is read. */
export class PipeReader {
  #pipes;
  #number = 0; // 0: the peer has opened none yet, or the core knows it no longer
  /** @type {Uint8Array<ArrayBuffer>[]} */ #waiting = [];
  /** @type {ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined} */ #reader;
  #isWanted = false;
  #hasEnded = false;

  /** All was read, or it failed, or nobody wants it. */
  isOver = false;

  /** @param {PeerPipes} pipes told when it is over */
  constructor(pipes) {
    this.#pipes = pipes;
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

  /** Somebody waits for what comes. */
  get isRead() {
    return this.#isWanted;
  }

  /** @param {number} number of the pipe that it reads */
  attach(number) {
    this.#number = number;
  }

  /** @param {unknown} reason */
  #cancel(reason) {
    const number = this.#end();
    if (number) this.#pipes.input(ON_PIPE_ABORT, number, 0, wordsOf(reason));
  }

  /** @returns {number} of the pipe that it has read */
  #end() {
    const number = this.#number;
    this.isOver = true;
    this.#waiting = [];
    this.#pipes.left(this, number);
    this.#number = 0;
    return number;
  }

  /** What waits, to a reader that wants it. */
  #hand() {
    const reader = /** @type {ReadableStreamDefaultController} */ (this.#reader);
    const chunk = this.#isWanted ? this.#waiting.shift() : undefined;
    if (chunk) {
      this.#isWanted = false;
      if (this.#number) this.#pipes.input(ON_PIPE_READ, this.#number, chunk.length); // also the last: only then it is over for the writer
      reader.enqueue(chunk);
    }
    if (this.#waiting.length > 0 || !this.#hasEnded || this.isOver) return;
    this.#end();
    reader.close();
  }

  /** @param {number} event @param {Effect} effect */
  happens(event, effect) {
    if (this.isOver) return;
    if (event === PIPE_BYTES) this.#waiting.push(effect.bytes.slice());
    else if (event === PIPE_ENDED) this.#hasEnded = true;
    else if (event === PIPE_ABORTED) return this.fail(errorOf(effect));
    this.#hand();
  }

  /** What has come whole stays good. @param {ClaspError} error */
  fail(error) {
    if (this.#hasEnded) {
      this.#number = 0; // another pipe may bear it from now on
      return;
    }
    this.#end();
    this.#reader?.error(error);
  }
}

/** What the peer reads, as a stream: a write is done when the peer's credit has let it go. */
export class PipeWriter {
  #pipes;
  #number;
  #room = 0;
  #wake = () => {};
  /** @type {WritableStreamDefaultController | undefined} */ #controller;
  /** @type {ClaspError | undefined} */ #error;
  isOver = false;

  /**
   * @param {PeerPipes} pipes
   * @param {number} number of the pipe that it writes
   */
  constructor(pipes, number) {
    this.#pipes = pipes;
    this.#number = number;
    /** @type {WritableStream<ArrayBuffer | ArrayBufferView>} */
    this.stream = new WritableStream({
      start: (controller) => {
        this.#controller = controller;
        controller.signal.addEventListener('abort', () => this.#wake()); // abort() waits for the write
      },
      write: (chunk) => this.#write(chunk),
      close: () => void pipes.input(ON_PIPE_END, number),
      abort: (reason) => {
        if (!this.#error) pipes.input(ON_PIPE_ABORT, number, 0, wordsOf(reason));
        pipes.left(this, number);
      },
    });
  }

  /** Nothing more can be written. */
  get #isStopped() {
    return this.#error !== undefined || this.#controller?.signal.aborted;
  }

  /** @param {unknown} chunk */
  async #write(chunk) {
    let rest = this.#checked(chunk);
    while (rest.length > 0) {
      while (this.#room === 0 && !this.#isStopped) {
        await new Promise((resolve) => (this.#wake = () => resolve(undefined)));
      }
      if (this.#isStopped) throw this.#error ?? this.#controller?.signal.reason;
      const part = rest.subarray(0, Math.min(this.#room, PART));
      this.#room -= part.length;
      this.#pipes.input(ON_PIPE_WRITE, this.#number, 0, part);
      rest = rest.subarray(part.length);
    }
  }

  /** A wrong chunk ends the stream, so the peer is told. @param {unknown} chunk */
  #checked(chunk) {
    try {
      return bytesOf(chunk);
    } catch (error) {
      this.#pipes.input(ON_PIPE_ABORT, this.#number, 0, wordsOf(error));
      this.#pipes.left(this, this.#number);
      throw error;
    }
  }

  /** @param {number} event @param {Effect} effect */
  happens(event, effect) {
    if (event === PIPE_ROOM) this.#room = effect.number;
    else if (event === PIPE_ABORTED) this.fail(errorOf(effect));
    else if (event === PIPE_ENDED) this.isOver = true;
    this.#wake();
  }

  /** @param {ClaspError} error */
  fail(error) {
    this.#error = error;
    this.isOver = true;
    this.#controller?.error(error);
    this.#wake();
  }
}
