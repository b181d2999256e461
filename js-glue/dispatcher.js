import { CELL, DISPATCH, IN_GROUP, NEW_LIST, NEW_TEXT } from './codec.gen.js';
import {
  ENVELOPE,
  FRAME,
  f64,
  hold,
  isStale,
  put,
  putAt,
  refresh,
  release,
  tape,
  tapeEnd,
  text,
  u32,
  wasm,
} from './codec-memory.js';
import { begin, finish, moveTo, position, rawText, readValue } from './codec-unpack.js';
import { toBytes } from './codec.js';
import { ClaspError, check, surface } from './error.js';

/** @typedef {(value: any, address: string) => void} Handler any: what was set or published */

const ERR = 7; // word of the envelope
const VALUE = 4; // double of the envelope
const [GROUP, TEXT_AT, TEXT_LEN] = [10, 11, 12]; // words of it
const SHORT = 32; // characters that shortAddress() takes
const NO_ID = 0xffff_ffff;
const QUEUE_KEEP = 4096; // slots that are kept for the next frames
const { NUMBER } = CELL;
const NOBODY = () => {};

/** The ids at hand, four in a cell. A new list each time: the old one may be at work. @param {number} count */
function readList(count) {
  const start = position();
  const list = new Array(count);
  for (let i = 0; i < count; i++) list[i] = u32[start + i];
  moveTo(start + (((count + 3) >> 2) << 2));
  return list;
}

/**
 * Up to 32 characters of ASCII that begin at a word: a quarter less time than from single bytes (see shortText()).
 * @param {number} at address
 * @param {number} len
 */
function shortAddress(at, len) {
  const words = u32;
  const i = at >> 2;
  const a = words[i];
  const b = words[i + 1];
  const c = words[i + 2];
  const d = words[i + 3];
  const e = words[i + 4];
  const f = words[i + 5];
  const g = words[i + 6];
  const h = words[i + 7];
  // prettier-ignore
  const text = String.fromCharCode(
    a & 255, (a >>> 8) & 255, (a >>> 16) & 255, a >>> 24, b & 255, (b >>> 8) & 255, (b >>> 16) & 255, b >>> 24,
    c & 255, (c >>> 8) & 255, (c >>> 16) & 255, c >>> 24, d & 255, (d >>> 8) & 255, (d >>> 16) & 255, d >>> 24,
    e & 255, (e >>> 8) & 255, (e >>> 16) & 255, e >>> 24, f & 255, (f >>> 8) & 255, (f >>> 16) & 255, f >>> 24,
    g & 255, (g >>> 8) & 255, (g >>> 16) & 255, g >>> 24, h & 255, (h >>> 8) & 255, (h >>> 16) & 255, h >>> 24,
  );
  return text.slice(0, len); // there is memory behind every text
}

/**
 * From frames to handlers: subscribe to patterns, hand over what arrives.
 *
 * An address is matched once, and afterwards found by one look-up, however many subscriptions there are. A handler may do
 * anything: what it subscribes to holds from the next frame on, what it unsubscribes is not called any more, and frames that it
 * dispatches come after the one at hand. What a handler throws surfaces as an uncaught error; the others are called all the same.
 */
export class Dispatcher {
  #handle;
  /** By subscription, from 1. @type {Handler[]} */ #handlers = [NOBODY];
  /** Ids to be used again, and those that may be once nothing is being delivered. */
  /** @type {number[]} */ #free = [];
  /** @type {number[]} */ #freed = [];
  /** By the core's ids of addresses, which it bounds: their texts, and the subscriptions they lead to. */
  /** @type {string[]} */ #addresses = [];
  /** @type {number[][]} */ #lists = [];
  /** By the core's ids of groups: to where addresses lead that come for the first time. */
  /** @type {number[][]} */ #groups = [];
  #isRunning = false;
  /** What waits: address, value and list, one behind the other. Its room is kept. @type {any[]} any: values */ #queue =
    [];
  #waiting = 0; // slots of it in use

  /** What comes before that: NUMBER cells, copied from the tape, from word #next to word #end. */
  #words = new Uint32Array(0);
  #doubles = new Float64Array(0);
  #next = 0;
  #end = 0;
  #spilled = 0; // handlers of those that had to be queued

  /** @throws {ClaspError} LIMIT over 256 at once; BAD_STATE before ready() is done */
  constructor() {
    const [low, high] = crypto.getRandomValues(new Uint32Array(2));
    hold(); // not while a message is being encoded: the memory may grow
    const handle = wasm.dispatcher_new(low, high);
    release();
    if (isStale()) refresh();
    this.#handle = check(handle);
  }

  /**
   * @param {string} pattern
   * @param {Handler} handler
   * @returns {() => void} unsubscribes; idempotent
   * @throws {ClaspError} BAD_PATTERN, LIMIT, TOO_LARGE; BAD_HANDLE after close()
   */
  on(pattern, handler) {
    const id = this.#free.at(-1) ?? this.#handlers.length;
    const err = wasm.dispatcher_add(this.#handle, putAt(pattern, FRAME), id);
    if (isStale()) refresh();
    check(err);
    this.#free.pop();
    this.#handlers[id] = handler;
    let isThere = true;
    return () => {
      if (isThere) this.#off(id);
      isThere = false;
    };
  }

  /** @param {number} id */
  #off(id) {
    this.#handlers[id] = NOBODY;
    wasm.dispatcher_remove(this.#handle, id);
    (this.#isRunning ? this.#freed : this.#free).push(id);
  }

  /**
   * Call the handlers of what a frame says: SET, PUBLISH, the params of SNAPSHOT, and those in a BUNDLE. Other messages are for
   * nobody. Bytes in values are views of `data`.
   *
   * @param {Uint8Array | ArrayBuffer | ArrayBufferView} data
   * @returns {number} handlers called; by a handler: those that will be
   * @throws {ClaspError} as decode(); BAD_HANDLE after close()
   */
  dispatch(data) {
    const bytes = data instanceof Uint8Array ? data : toBytes(data);
    const id = wasm.dispatcher_run(this.#handle, put(bytes));
    if (id >= 0) return this.#dispatchNumber(this.#addresses[id], this.#lists[id]);
    if (id === DISPATCH.TEXT) return this.#dispatchNew();
    if (id === DISPATCH.NUMBERS) return this.#dispatchNumbers();
    return id === DISPATCH.NOBODY ? 0 : this.#dispatchTape(bytes);
  }

  /** A number for an address that comes for the first time, and leads where others have led. */
  #dispatchNew() {
    const [at, len] = [FRAME + u32[ENVELOPE + TEXT_AT], u32[ENVELOPE + TEXT_LEN]];
    const address = len <= SHORT ? shortAddress(at, len) : text(at, len, true);
    return this.#dispatchNumber(address, this.#groups[u32[ENVELOPE + GROUP]]);
  }

  /** The number in the envelope. @param {string} address @param {number[]} list */
  #dispatchNumber(address, list) {
    const value = f64[(ENVELOPE >> 1) + VALUE];
    if (this.#isRunning) {
      this.#spill();
      this.#enqueue(address, value, list);
    } else {
      this.#deliver(address, value, list);
    }
    return list.length;
  }

  /** No handler is called any more. Idempotent. */
  close() {
    wasm.dispatcher_free(this.#handle);
    this.#handle = 0;
    this.#handlers.fill(NOBODY);
    this.#waiting = this.#end = 0;
  }

  [Symbol.dispose]() {
    this.close();
  }

  /**
   * All is read before the first handler is called: it may use the codec, and what is on the tape is then gone.
   * @param {Uint8Array} bytes
   */
  #dispatchTape(bytes) {
    if (isStale()) refresh();
    const err = u32[ENVELOPE + ERR] | 0;
    if (err !== 0) throw ClaspError.of(err);
    const end = tapeEnd();
    let total = 0;
    this.#spill();
    for (let at = begin(bytes, false); at < end; at = position()) total += this.#take(at);
    finish();
    if (!this.#isRunning && total > 0) this.#drain();
    return total;
  }

  /** Nothing but numbers for known addresses: they need no boxes before they are handed over. @returns {number} handlers */
  #dispatchNumbers() {
    if (isStale()) refresh();
    const [start, end] = [tape(), tapeEnd()];
    if (this.#isRunning) return this.#enqueueNumbers(start, end);
    if (end - start > this.#words.length) {
      this.#doubles = new Float64Array((end - start) >> 1);
      this.#words = new Uint32Array(this.#doubles.buffer);
    }
    this.#words.set(u32.subarray(start, end));
    this.#next = this.#spilled = 0;
    this.#end = end - start;
    return this.#drain();
  }

  /** @param {number} at @param {number} end words of the tape @returns {number} handlers */
  #enqueueNumbers(at, end) {
    let total = 0;
    this.#spill();
    for (; at < end; at += 4) {
      const list = this.#lists[u32[at + 1]];
      this.#enqueue(this.#addresses[u32[at + 1]], f64[(at >> 1) + 1], list);
      total += list.length;
    }
    return total;
  }

  /** Queue what a NUMBER or DELIVER says. @param {number} at its word @returns {number} handlers */
  #take(at) {
    const id = u32[at + 1];
    moveTo(at + 4);
    if (u32[at] === NUMBER) return this.#enqueueNumbers(at, at + 4);
    const news = u32[at + 2];
    const lists = news & IN_GROUP ? this.#groups : this.#lists;
    const address = news & NEW_TEXT ? rawText() : this.#addresses[id];
    const list = news & NEW_LIST ? readList(u32[at + 3]) : lists[id];
    if (news & NEW_LIST && id !== NO_ID) lists[id] = list;
    if (news & NEW_TEXT && id !== NO_ID && lists === this.#lists) this.#addresses[id] = address;
    this.#enqueue(address, readValue(), list);
    return list.length;
  }

  /** Before something else is queued, and before an id comes to mean another address: queue the numbers that are left. */
  #spill() {
    for (; this.#next < this.#end; this.#next += 4) {
      const id = this.#words[this.#next + 1];
      const list = this.#lists[id];
      this.#enqueue(this.#addresses[id], this.#doubles[(this.#next >> 1) + 1], list);
      this.#spilled += list.length;
    }
  }

  /** @param {string} address @param {any} value any: see readValue() @param {number[]} list */
  #enqueue(address, value, list) {
    const at = this.#waiting;
    this.#queue[at] = address;
    this.#queue[at + 1] = value;
    this.#queue[at + 2] = list;
    this.#waiting = at + 3;
  }

  /** One value, and what its handlers have dispatched. @param {string} address @param {any} value any @param {number[]} list */
  #deliver(address, value, list) {
    this.#isRunning = true;
    this.#call(address, value, list);
    if (this.#waiting > 0 || this.#freed.length > 0) this.#drain();
    this.#isRunning = false;
  }

  /** Hand over all that waits, and what comes to wait meanwhile. @returns {number} handlers of the numbers */
  #drain() {
    this.#isRunning = true;
    const total = this.#drainNumbers();
    const queue = this.#queue;
    for (let at = 0; at < this.#waiting; at += 3) {
      this.#call(queue[at], queue[at + 1], queue[at + 2]);
      queue[at] = queue[at + 1] = queue[at + 2] = undefined;
    }
    this.#isRunning = false;
    this.#waiting = 0;
    if (queue.length > QUEUE_KEEP) queue.length = 0;
    if (this.#freed.length > 0) this.#free.push(...this.#freed.splice(0));
    return total + this.#spilled;
  }

  #drainNumbers() {
    const [words, doubles, lists] = [this.#words, this.#doubles, this.#lists];
    const [handlers, addresses] = [this.#handlers, this.#addresses];
    let total = 0;
    while (this.#next < this.#end) {
      const at = this.#next;
      this.#next = at + 4;
      const id = words[at + 1];
      const list = lists[id];
      const address = addresses[id];
      const value = doubles[(at >> 1) + 1];
      for (let i = 0; i < list.length; i++) {
        const handler = handlers[list[i]];
        try {
          handler(value, address);
        } catch (cause) {
          surface(cause);
        }
      }
      total += list.length;
    }
    return total;
  }

  /** @param {string} address @param {any} value any @param {number[]} list */
  #call(address, value, list) {
    for (let i = 0; i < list.length; i++) {
      const handler = this.#handlers[list[i]]; // called as a function: the list is nobody's `this`
      try {
        handler(value, address);
      } catch (cause) {
        surface(cause); // one handler's fault is not the next one's
      }
    }
  }
}
