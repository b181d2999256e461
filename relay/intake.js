import { FRAME_MAX } from '../js-glue/hub.js';

/** @typedef {import('ws').WebSocket} WebSocket */
/** @typedef {import('node:net').Socket} Socket */

const PORTION = 4 << 10; // bytes of a socket that its WebSocket gets at a time: some 370 messages at most
const SHARE_MS = 0.25; // of one connection, before others have their turn
const ROUND_MS = 1; // of one turn of the event loop for all that wait
const SLOW_MS = 10; // until a connection that has asked for too much is heard again; for each frame's worth, where it has size

/** Connections that wait for their turn. One turn of the event loop has a bounded part for all of them. */
export class Turns {
  /** @type {Set<Intake>} */ #waiting = new Set();
  #isAwaited = false;
  #round = () => {
    this.#isAwaited = false;
    const end = performance.now() + ROUND_MS;
    for (const intake of this.#waiting) {
      this.#waiting.delete(intake);
      intake.go();
      if (performance.now() >= end) break;
    }
    if (this.#waiting.size > 0) this.#awaitRound();
  };

  /** @param {Intake} intake its go() is called when it is its turn */
  add(intake) {
    this.#waiting.add(intake);
    this.#awaitRound();
  }

  #awaitRound() {
    if (this.#isAwaited) return;
    this.#isAwaited = true;
    setImmediate(this.#round);
  }
}

/**
 * What one client sends, taken in fair shares. A read of a socket may hold thousands of messages, and one message thousands of
 * frames: they are taken for a moment, then it is others' turn, and the socket is not read until all is taken. So whoever sends
 * much waits behind itself alone, and what waits is what one read has brought.
 */
export class Intake {
  #ws;
  #feed;
  #take;
  #turns;
  /** @type {Buffer[]} read and not yet given to the WebSocket; one, but while a connection ends */ #chunks =
    [];
  /** @type {Uint8Array[]} of the portion that was given last; the first one perhaps in part */ #messages =
    [];
  #isWaiting = false;
  #slowness = 0; // SLOW_MS so many times
  #isOver = false; // what still comes has no meaning
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;

  /**
   * @param {WebSocket} ws that has just been opened; its messages come here
   * @param {Socket} socket under it
   * @param {Turns} turns shared by all connections
   * @param {(message: Uint8Array) => Uint8Array | undefined} take returns what is left of the message for another turn
   */
  constructor(ws, socket, turns, take) {
    this.#ws = ws;
    this.#turns = turns;
    this.#take = take;
    const [feed] = socket.listeners('data'); // the WebSocket's own
    socket.removeListener('data', /** @type {() => void} */ (feed));
    this.#feed = (/** @type {Buffer} */ bytes) => feed.call(socket, bytes);
    socket.on('data', (chunk) => this.#read(chunk));
    socket.prependListener('end', () => this.#ended());
    socket.on('close', () => this.#drop());
    ws.on('message', (data, isBinary) => this.#message(/** @type {Buffer} */ (data), isBinary));
    ws.on('ping', () => this.slow());
    ws.on('error', () => this.#fail());
  }

  /**
   * It has asked for too much, or for what has no use: it waits for longer than others do.
   * @param {number} [times] as long
   */
  slow(times = 1) {
    this.#slowness = Math.max(this.#slowness, times);
  }

  /** Its turn. */
  go() {
    this.#slowness = 0;
    this.#work(performance.now() + SHARE_MS);
    if (this.#messages.length > 0 || this.#chunks.length > 0 || this.#slowness) return this.#wait();
    this.#isWaiting = false;
    if (!this.#isOver) this.#ws.resume();
  }

  /** @param {Buffer} chunk */
  #read(chunk) {
    if (this.#isOver) return this.#ws.pause();
    this.#chunks.push(chunk);
    if (this.#isWaiting) return this.#ws.pause(); // it has been resumed to be closed
    this.#work(performance.now() + SHARE_MS);
    if (this.#messages.length > 0 || this.#chunks.length > 0 || this.#slowness) this.#wait();
  }

  #wait() {
    this.#isWaiting = true;
    this.#ws.pause();
    if (this.#slowness)
      this.#timer = setTimeout(() => this.#turns.add(this), this.#slowness * SLOW_MS);
    else this.#turns.add(this);
  }

  /** @param {number} end of its time; what is begun is finished */
  #work(end) {
    do {
      if (this.#messages.length > 0)
        this.#handle(/** @type {Uint8Array} */ (this.#messages.shift()));
      else if (this.#chunks.length > 0) this.#giveOne();
      else return;
    } while (!this.#slowness && performance.now() < end);
  }

  /** Give the WebSocket a portion: its messages come by #message() before this returns. */
  #giveOne() {
    const chunk = this.#chunks[0];
    if (chunk.length <= PORTION) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(PORTION);
    this.#feed(chunk.length <= PORTION ? chunk : chunk.subarray(0, PORTION));
  }

  /**
   * @param {Buffer} data
   * @param {boolean} isBinary
   */
  #message(data, isBinary) {
    if (!isBinary || data.length > FRAME_MAX) this.slow(1 + Math.floor(data.length / FRAME_MAX)); // no client of CLASP sends such things
    if (!isBinary) return;
    if (this.#slowness || this.#messages.length > 0) this.#messages.push(data);
    else this.#handle(data);
  }

  /** @param {Uint8Array} message */
  #handle(message) {
    const rest = this.#take(message);
    if (rest) this.#messages.unshift(rest);
  }

  /** Nothing more will be read: what is here is taken at once, but of who has asked for too much. */
  #ended() {
    if (!this.#slowness) this.#work(Infinity);
    this.#drop();
  }

  /** It is no WebSocket any more, and is not read any more. */
  #fail() {
    this.#isOver = true;
    this.#drop();
  }

  #drop() {
    clearTimeout(this.#timer);
    this.#chunks = [];
    this.#messages = [];
  }
}
