import { ON_PIPE_OPEN } from './abi.gen.js';
import { ClaspError } from './error.js';
import { PRIORITIES } from './p2p-channel.js';
import { PipeReader, PipeWriter } from './p2p-pipe.js';

/** @typedef {import('./collector.js').Effect} Effect */
/** @typedef {import('./p2p-peer.js').PeerPlane} PeerPlane */
/** @typedef {{address: string, reader: PipeReader}} Place where a pipe is offered, or wanted */

/** Pipes that the peer has opened and nobody has taken: the core bounds those that are not over, this the others. */
const OFFERED_MAX = 32;
/** Readers for pipes that the peer has not opened. */
const WANTED_MAX = 64;

/**
 * The oldest one at an address, which is there no longer.
 * @param {Place[]} places
 * @param {string} address
 */
function takeAt(places, address) {
  const at = places.findIndex((place) => place.address === address);
  return at < 0 ? undefined : places.splice(at, 1)[0].reader;
}

/** The pipes of one peer: by number those that are open, by address those that one side alone has asked for. */
export class PeerPipes {
  #plane;
  /** @type {Map<number, PipeReader | PipeWriter>} */ #open = new Map();
  /** Opened by the peer, and not taken, oldest first. @type {Place[]} */ #offered = [];
  /** Not opened by the peer yet, oldest first. @type {Place[]} */ #wanted = [];

  /** @param {PeerPlane} plane */
  constructor(plane) {
    this.#plane = plane;
  }

  /** @type {PeerPlane['input']} */
  input(event, b, c, input) {
    const result = this.#plane.input(event, b, c, input);
    this.#plane.flushSoon();
    return result;
  }

  /**
   * @param {string} address
   * @param {import('./p2p-channel.js').Priority} priority
   * @returns {WritableStream<ArrayBuffer | ArrayBufferView>} of a pipe to the peer
   * @throws {ClaspError} BAD_ADDRESS, LIMIT, NOT_CONNECTED
   */
  write(address, priority) {
    if (!this.#plane.isWanted) throw new ClaspError('NOT_CONNECTED');
    const number = this.#plane.later(() =>
      this.input(ON_PIPE_OPEN, PRIORITIES.indexOf(priority), 0, address),
    );
    const writer = new PipeWriter(this, number);
    this.#open.set(number, writer);
    return writer.stream;
  }

  /**
   * @param {string} address
   * @returns {ReadableStream<Uint8Array<ArrayBuffer>>} of the first pipe that the peer opens there
   */
  read(address) {
    const offered = takeAt(this.#offered, address);
    if (offered) return offered.stream;
    if (this.#wanted.length >= WANTED_MAX) this.#giveUpOne();
    const reader = new PipeReader(this);
    this.#wanted.push({ address, reader });
    return reader.stream;
  }

  /** Whoever writes alone never looks at what it was given for reading. */
  #giveUpOne() {
    const { reader } = this.#wanted.find((place) => !place.reader.isRead) ?? this.#wanted[0];
    reader.fail(new ClaspError('LIMIT'));
  }

  /**
   * The peer has opened a pipe.
   * @param {number} number
   * @param {string} address
   * @returns {boolean} true: nobody has waited for it
   */
  opened(number, address) {
    const wanted = takeAt(this.#wanted, address);
    const reader = wanted ?? new PipeReader(this);
    reader.attach(number);
    this.#open.set(number, reader);
    if (!wanted) this.#offer({ address, reader });
    return !wanted;
  }

  /** @param {Place} place */
  #offer(place) {
    const stale = this.#offered.findIndex(({ reader }) => reader.isOver);
    if (this.#offered.length >= OFFERED_MAX && stale >= 0) this.#offered.splice(stale, 1);
    this.#offered.push(place);
  }

  /** @type {(number: number, event: number, effect: Effect) => void} */
  happens(number, event, effect) {
    const pipe = this.#open.get(number);
    pipe?.happens(event, effect);
    if (pipe?.isOver) this.left(pipe, number);
  }

  /** A pipe is over, or nobody wants it. What came by it can still be taken. @param {PipeReader | PipeWriter} pipe @param {number} number */
  left(pipe, number) {
    if (this.#open.get(number) === pipe) this.#open.delete(number);
    const at = this.#wanted.findIndex(({ reader }) => reader === pipe);
    if (at >= 0) this.#wanted.splice(at, 1);
  }

  /** What the peer has not ended fails. @param {ClaspError} error */
  drop(error) {
    const places = [...this.#offered, ...this.#wanted];
    const all = [...this.#open.values(), ...places.map(({ reader }) => reader)];
    this.#open.clear();
    this.#offered = [];
    this.#wanted = [];
    for (const pipe of new Set(all)) pipe.fail(error);
  }
}
