import {
  EFFECT_SOCKET_CLOSE,
  EFFECT_SOCKET_SEND,
  FRAME_HEADER,
  SESSION_RECEIVED_MANY,
  SESSION_SOCKET_CLOSED,
} from './abi.gen.js';
import { Clock, now } from './clock.js';
import { Collector, RECORD } from './collector.js';
import { ClaspError, check, surface } from './error.js';
import { loadModule } from './loader.js';
import { afterwards } from './microtask.js';
import { socketClass } from './socket-class.js';

/** @typedef {import('./loader.js').LoadOptions} LoadOptions */

/**
 * @typedef {object} Call what a recorder is told of a call
 * @property {string} name of the export
 * @property {number[]} args
 * @property {Uint8Array} input what lay in the inbox for it
 * @property {number} result 0 where there is none
 * @property {Uint8Array} effects the records as they are
 * @property {Uint8Array} bytes what they speak of
 */

const EMPTY = new Uint8Array(0);
const NOTHING = { effects: EMPTY, bytes: EMPTY };
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Text from bytes that the core has checked.
 * @param {Uint8Array} bytes
 */
export const textOf = (bytes) => decoder.decode(bytes);

/** @typedef {import('./collector.js').Effect} Effect */

/** The page's own instances, by module. @type {Map<import('./loader.js').Source, Promise<Core>>} */
const shared = new Map();

/**
 * One instance of the core, and the only reader of its memory: bytes in, one call, effects out.
 *
 * Effects are copied out before the first is carried out, and carried out in order, whoever made them. A handler may
 * call the core: what comes of it waits until its turn.
 */
export class Core {
  /** @type {import('./loader.js').Exports} */ #exports;
  /** @type {Map<number, Record<number, (effect: Effect) => void>>} */ #owners = new Map();
  /** @type {{owner: number, kind: number}[]} Effects, and what the module's collector makes */ #queue =
    [];
  #next = 0; // of the queue, to be carried out
  #isDraining = false;
  #isArming = false;
  #clock = new Clock(() => this.call('tick', now()));
  #inputLen = 0;
  #memory = { u8: EMPTY, u32: new Uint32Array(0), f64: new Float64Array(0) };

  /** Calls made so far; a recording begins at 0. */
  calls = 0;
  /** The four words that all of this instance's chance comes from. */
  seed = crypto.getRandomValues(new Uint32Array(4));
  /** @type {((call: Call) => void) | undefined} told of every call; see recorder.js */ tap;

  /**
   * @param {import('./loader.js').Exports} exports of a module that was not used yet
   * @param {Collector} [collector] of what comes out of it
   */
  constructor(exports, collector = new Collector()) {
    this.#exports = exports;
    this.collector = collector;
    exports.seed(...this.seed);
  }

  /**
   * The page's own instance of a module, loaded once; after a failure the next call tries again.
   * @param {import('./loader.js').Source} source
   * @param {LoadOptions} [options] for the first call
   */
  static load(source, options) {
    const loading = shared.get(source) ?? Core.open(source, options);
    shared.set(source, loading);
    loading.catch(() => shared.delete(source));
    return loading;
  }

  /**
   * An instance of its own.
   * @param {import('./loader.js').Source} source whatever module it is
   * @param {LoadOptions} [options]
   * @throws {ClaspError} LOAD
   */
  static async open(source, options = {}) {
    const exports = await loadModule(
      source,
      options,
      socketClass((isMany) => core.#arrived(isMany), source.gathers),
    );
    const core = new Core(exports, source.collector?.());
    return core;
  }

  /** The end of an instance of one's own: no timer is left, no effect carried out. */
  close() {
    this.#clock.stop();
    this.#owners.clear();
  }

  /**
   * Who carries out the effects of a session or conference.
   * @param {number} handle
   * @param {Record<number, (effect: any) => void>} handlers by kind; any: an Effect, or what the collector makes of this kind
   */
  own(handle, handlers) {
    this.#owners.set(handle, handlers);
  }

  /** @param {number} handle */
  disown(handle) {
    this.#owners.delete(handle);
  }

  /**
   * Put the input of the next call into the inbox.
   * @param {Uint8Array | string} input
   * @param {Uint8Array} [head] stands before an input of bytes
   * @returns {number} its length in bytes
   * @throws {ClaspError} TOO_LARGE
   */
  put(input, head = EMPTY) {
    const isText = typeof input === 'string';
    const room = isText ? input.length * 3 : head.length + input.length; // UTF-8 needs at most three bytes for a UTF-16 unit
    const at = room > 0 ? this.#exports.inbox(room) : 0;
    if (room > 0 && !at) throw new ClaspError('TOO_LARGE');
    this.#renewViews();
    const { u8 } = this.#memory;
    if (isText)
      return (this.#inputLen = encoder.encodeInto(input, u8.subarray(at, at + room)).written);
    u8.set(head, at);
    u8.set(input, at + head.length);
    return (this.#inputLen = room);
  }

  /**
   * One input of a session.
   * @param {number} session
   * @param {number} event SESSION_*
   * @param {number} [a]
   * @param {number} [b]
   * @param {Uint8Array | string} [input]
   * @returns {number} its result
   * @throws {ClaspError} where the result is an error
   */
  session(session, event, a = 0, b = 0, input = EMPTY) {
    return check(this.call('session_event', session, event, a, b, this.put(input), now()));
  }

  /**
   * One input of a conference.
   * @param {number} conference
   * @param {number} event CONFERENCE_EVENT
   * @param {number} [peer]
   * @param {number} [b]
   * @param {Uint8Array | string} [input]
   * @returns {number} its result, which may be an error
   */
  conference(conference, event, peer = 0, b = 0, input = EMPTY) {
    return this.call('conference_event', conference, event, peer, b, this.put(input), now());
  }

  /**
   * Any call of src/wasm/abi.h; what put() left in the inbox is its input.
   * @param {string} name of the export
   * @param {...number} args
   * @returns {number} its result; 0 where it has none
   */
  call(name, ...args) {
    this.calls++;
    const input = this.tap && this.#input();
    this.#inputLen = 0;
    const result = this.#exports[name](...args) ?? 0;
    const output = this.#collect();
    if (input) this.tap?.({ name, args, input, result, ...output });
    if (!this.#isDraining) this.drain();
    this.#armSoon();
    return result;
  }

  /**
   * The same, for what is called for every message: nothing is gathered, and nothing collected where nothing came of it. An error
   * that stuck in the outbox is the next call's.
   * @type {(name: string, a: number, b: number, c: number, d: number, e?: number) => number}
   */
  hot(name, a, b, c, d, e = 0) {
    if (this.tap) return this.call(name, a, b, c, d, e);
    this.calls++;
    this.#inputLen = 0;
    const result = this.#exports[name](a, b, c, d, e);
    if (this.#exports.outbox_count() > 0) {
      this.#collect();
      if (!this.#isDraining) this.drain();
    }
    this.#armSoon();
    return result;
  }

  /** Once for all calls of this turn: what the deadline is now. */
  #armSoon() {
    if (this.#isArming) return;
    this.#isArming = true;
    afterwards(this.#arm);
  }

  #arm = () => {
    this.#isArming = false;
    this.#clock.arm(this.#exports.deadline());
  };

  /** Carry out all effects that wait. A handler calls it when it may not return before they are. */
  drain() {
    const wasDraining = this.#isDraining;
    this.#isDraining = true;
    while (this.#next < this.#queue.length) {
      const effect = this.#queue[this.#next++];
      try {
        this.#owners.get(effect.owner)?.[effect.kind]?.(/** @type {any} by kind */ (effect));
      } catch (cause) {
        surface(cause); // one handler's fault is not the next one's
      }
    }
    this.#queue.length = this.#next = 0;
    this.#isDraining = wasDraining;
  }

  /**
   * Make calls whose effects are carried out after them, also where nothing else is being carried out.
   * @template T
   * @param {() => T} calls
   * @returns {T}
   */
  later(calls) {
    const wasDraining = this.#isDraining;
    this.#isDraining = true;
    try {
      return calls();
    } finally {
      this.#isDraining = wasDraining;
      if (!wasDraining) queueMicrotask(() => this.#isDraining || this.drain());
    }
  }

  /** Handlers are being called: effects that came before wait behind. */
  get isDraining() {
    return this.#isDraining;
  }

  /**
   * One input of a session that has one effect at most, which is wanted now, also by a handler whose turn is not over.
   * @param {number} session
   * @param {number} event SESSION_*
   * @param {Uint8Array | string} input
   * @returns {Effect | undefined} not carried out
   * @throws {ClaspError} where the result is an error
   */
  effectOf(session, event, input) {
    const wasDraining = this.#isDraining;
    const waiting = this.#queue.length;
    this.#isDraining = true;
    try {
      this.session(session, event, 0, 0, input);
    } finally {
      this.#isDraining = wasDraining;
    }
    return /** @type {Effect | undefined} */ (this.#queue.splice(waiting)[0]);
  }

  /** Take what the call has left in the outbox: copies, so that the next call may come at any time. */
  #collect() {
    const count = this.#exports.outbox_count();
    if (count === 0) {
      check(this.#exports.outbox_clear()); // what was to be added may not have found room
      return NOTHING;
    }
    const records = this.#exports.outbox();
    const data = this.#exports.outbox_bytes();
    this.#renewViews();
    const { u8 } = this.#memory;
    const effects = this.tap ? u8.slice(records, records + count * RECORD) : EMPTY;
    const outbox = {
      memory: this.#memory,
      first: records >> 2,
      count,
      data,
      isTapped: Boolean(this.tap),
    };
    const { bytes, sent } = this.collector.collect(outbox, this.#take);
    check(this.#exports.outbox_clear());
    sent?.();
    return { effects, bytes };
  }

  /** @type {import('./collector.js').Take} */
  #take = (effect, at) => {
    if (effect.kind > EFFECT_SOCKET_CLOSE) this.#queue.push(effect);
    else this.#socket(/** @type {Effect} */ (effect), at);
  };

  /**
   * The sockets are the module's own: what it asks of them goes back in at once.
   * @param {Effect} effect
   * @param {number} at address of its bytes
   */
  #socket({ kind, owner, a, b, bytes }, at) {
    if (kind === EFFECT_SOCKET_SEND && b) this.#sendFrames(owner, at, bytes);
    else if (kind === EFFECT_SOCKET_SEND) this.#exports.socket_send(owner, at, bytes.length);
    else if (kind === EFFECT_SOCKET_CLOSE) this.#exports.socket_close(owner, a);
    else if (this.#exports.socket_open(owner, this.put(bytes)) < 0) {
      queueMicrotask(() => this.session(owner, SESSION_SOCKET_CLOSED));
    }
    this.#renewViews();
  }

  /**
   * Frames, each as a message of its own.
   * @param {number} owner
   * @param {number} at address of the first one
   * @param {Uint8Array} bytes the same
   */
  #sendFrames(owner, at, bytes) {
    for (let i = 0, len; i < bytes.length; i += len) {
      len = FRAME_HEADER + ((bytes[i + 2] << 8) | bytes[i + 3]); // none of ours has a timestamp
      this.#exports.socket_send(owner, at + i, len);
    }
  }

  /**
   * The socket class has handed something to the module: it waits in the inbox.
   * @param {boolean} isMany messages, each behind its length
   */
  #arrived(isMany) {
    const at = this.#exports.socket_pending() >> 2;
    if (!at) return;
    this.#renewViews();
    const [session, event, a, len] = this.#memory.u32.subarray(at, at + 4);
    this.#inputLen = len;
    const what = isMany ? SESSION_RECEIVED_MANY : event;
    this.call('session_event', session, what, a, 0, len, now());
  }

  /** A copy of the input of the call that is about to be made. */
  #input() {
    const at = this.#exports.inbox(0);
    this.#renewViews();
    return this.#memory.u8.slice(at, at + this.#inputLen);
  }

  #renewViews() {
    const { buffer } = this.#exports.memory;
    if (this.#memory.u8.buffer === buffer) return; // growing detaches the old one
    this.#memory.u8 = new Uint8Array(buffer);
    this.#memory.u32 = new Uint32Array(buffer);
    this.#memory.f64 = new Float64Array(buffer);
  }
}
