import { EFFECT, FRAME_HEADER, P2P_DELIVER, P2P_FROM, P2P_SEND, SESSION_EVENT } from './abi.gen.js';
import { Clock, now } from './clock.js';
import { ClaspError, check, surface } from './error.js';
import { CLIENT, loadModule } from './loader.js';
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

const RECORD = 32; // sizeof(clasp_effect)
const WORDS = RECORD / 4;
const EMPTY = new Uint8Array(0);
const NOTHING = { effects: EMPTY, bytes: EMPTY };
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Text from bytes that the core has checked.
 * @param {Uint8Array} bytes
 */
export const textOf = (bytes) => decoder.decode(bytes);

/** One record of the outbox (src/base/outbox.h), copied out of the core. */
export class Effect {
  #from;
  #at;

  /**
   * @param {Uint32Array} u32 the core's memory
   * @param {number} i word of the record in it
   * @param {number} number
   * @param {Uint8Array} from what the records of one call speak of
   * @param {number} base where that begins in what offsets count from
   */
  constructor(u32, i, number, from, base) {
    this.kind = u32[i];
    /** Handle of the session or conference. */
    this.owner = u32[i + 1];
    this.a = u32[i + 2];
    this.b = u32[i + 3];
    this.number = number;
    this.length = u32[i + 7];
    this.#at = this.length && u32[i + 6] - base;
    this.#from = from;
  }

  /** Yours. */
  get bytes() {
    return this.length ? this.#from.subarray(this.#at, this.#at + this.length) : EMPTY;
  }

  /** Where they begin in what the records of the call speak of. */
  get at() {
    return this.#at;
  }

  /** A 32-bit word among the bytes. @param {number} index */
  word(index) {
    const at = this.#at + index * 4;
    const from = this.#from;
    return (from[at] | (from[at + 1] << 8) | (from[at + 2] << 16) | (from[at + 3] << 24)) >>> 0;
  }
}

/** Consecutive records of one owner that tell of deliveries (P2P_FROM to P2P_DELIVER): one copy, to be read through typed arrays. */
export class Run {
  kind = P2P_DELIVER;

  /**
   * @param {Uint32Array} words the records; yours
   * @param {Uint8Array} from what the records of the call speak of
   * @param {number} base where that begins in what their offsets count from
   */
  constructor(words, from, base) {
    this.owner = words[1];
    this.words = words;
    this.numbers = new Float64Array(words.buffer);
    this.from = from;
    this.base = base;
  }
}

/**
 * @typedef {object} Sender carries out P2P_SEND, at once and from the core's memory
 * @property {(peer: number, where: number, message: Uint8Array) => void} send `message` is lent until it returns
 * @property {() => void} sent after the last one of a call; may call the core
 */

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
  /** @type {Map<number, Sender>} */ #senders = new Map();
  /** @type {(Effect | Run)[]} */ #queue = [];
  #next = 0; // of the queue, to be carried out
  #isDraining = false;
  #isArming = false;
  #clock = new Clock(() => this.call('tick', now()));
  #inputLen = 0;
  #u8 = EMPTY;
  #u32 = new Uint32Array(0);
  #f64 = new Float64Array(0);

  /** Calls made so far; a recording begins at 0. */
  calls = 0;
  /** The four words that all of this instance's chance comes from. */
  seed = crypto.getRandomValues(new Uint32Array(4));
  /** @type {((call: Call) => void) | undefined} told of every call; see recorder.js */ tap;

  /** @param {import('./loader.js').Exports} exports of a module that was not used yet */
  constructor(exports) {
    this.#exports = exports;
    exports.seed(...this.seed);
  }

  /**
   * The page's own instance of a module, loaded once; after a failure the next call tries again.
   * @param {LoadOptions} [options] for the first call
   * @param {import('./loader.js').Source} [source]
   */
  static load(options, source = CLIENT) {
    const loading = shared.get(source) ?? Core.open(source, options);
    shared.set(source, loading);
    loading.catch(() => shared.delete(source));
    return loading;
  }

  /**
   * An instance of its own.
   * @param {import('./loader.js').Source} [source] the client's module, or the relay's
   * @param {LoadOptions} [options]
   * @throws {ClaspError} LOAD
   */
  static async open(source = CLIENT, options = {}) {
    const exports = await loadModule(
      source,
      options,
      socketClass((isMany) => core.#arrived(isMany), source.gathers),
    );
    const core = new Core(exports);
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
   * @param {Record<number, (effect: any) => void>} handlers by kind; any: an Effect, for P2P_DELIVER a Run
   * @param {Sender} [sender] for whoever has data channels
   */
  own(handle, handlers, sender) {
    this.#owners.set(handle, handlers);
    if (sender) this.#senders.set(handle, sender);
  }

  /** @param {number} handle */
  disown(handle) {
    this.#owners.delete(handle);
    this.#senders.delete(handle);
  }

  /**
   * Put the input of the next call into the inbox.
   * @param {Uint8Array | string} input
   * @returns {number} its length in bytes
   * @throws {ClaspError} TOO_LARGE
   */
  put(input) {
    const isText = typeof input === 'string';
    const room = isText ? input.length * 3 : input.length; // UTF-8 needs at most three bytes for a UTF-16 unit
    const at = room > 0 ? this.#exports.inbox(room) : 0;
    if (room > 0 && !at) throw new ClaspError('TOO_LARGE');
    this.#renewViews();
    if (isText)
      return (this.#inputLen = encoder.encodeInto(input, this.#u8.subarray(at, at + room)).written);
    this.#u8.set(input, at);
    return (this.#inputLen = input.length);
  }

  /**
   * One input of a session.
   * @param {number} session
   * @param {number} event SESSION_EVENT
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
  hot(name, a, b, c, d, e) {
    if (this.tap) return this.call(name, a, b, c, d, ...(e === undefined ? [] : [e]));
    this.calls++;
    this.#inputLen = 0;
    const result = this.#exports[name](a, b, c, d, e);
    if (this.#exports.outbox_count() > 0) {
      this.#collect();
      if (!this.#isDraining) this.drain();
    }
    if (!this.#isArming) this.#armSoon();
    return result;
  }

  /** Once for all calls of this turn: what the deadline is now. */
  #armSoon() {
    if (this.#isArming) return;
    this.#isArming = true;
    queueMicrotask(this.#arm);
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
   * @param {number} event SESSION_EVENT
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
    const { bytes, base } = this.#bytesOf(records >> 2, count, data);
    const effects = this.tap ? this.#u8.slice(records, records + count * RECORD) : EMPTY;
    /** @type {Sender | undefined} */ let sender;
    for (let i = 0; i < count; i++) {
      const word = (records >> 2) + i * WORDS;
      const kind = this.#u32[word];
      if (kind === P2P_SEND) sender = this.#send(word, data) ?? sender;
      else if (kind >= P2P_FROM && kind <= P2P_DELIVER) {
        const last = this.#lastOfRun(word, count - i);
        this.#queue.push(new Run(this.#u32.slice(word, last), bytes, base));
        i += (last - word) / WORDS - 1;
      } else this.#collectOne(word, bytes, base, data);
    }
    check(this.#exports.outbox_clear());
    sender?.sent();
    return { effects, bytes };
  }

  /**
   * What records speak of, but for what is sent at once, which lies where it lies.
   * @param {number} word of the first record
   * @param {number} count
   * @param {number} data address of it all
   */
  #bytesOf(word, count, data) {
    let base = Infinity;
    let end = 0;
    for (let i = word; i < word + count * WORDS; i += WORDS) {
      const at = this.#u32[i + 6];
      const len = this.#u32[i + 7];
      if (this.tap) {
        base = 0; // all of it is recorded
        end = at + len;
      } else if (len > 0 && this.#u32[i] !== P2P_SEND) {
        base = Math.min(base, at);
        end = at + len; // they follow one another
      }
    }
    if (end === 0) return { bytes: EMPTY, base: 0 };
    return { bytes: this.#u8.slice(data + base, data + end), base };
  }

  /** The word behind the records that belong to a run. @type {(word: number, most: number) => number} */
  #lastOfRun(word, most) {
    const u32 = this.#u32;
    const owner = u32[word + 1];
    let at = word + WORDS;
    for (; --most > 0 && u32[at] >= P2P_FROM && u32[at] <= P2P_DELIVER; at += WORDS)
      if (u32[at + 1] !== owner) break;
    return at;
  }

  /** @type {(word: number, bytes: Uint8Array, base: number, data: number) => void} */
  #collectOne(word, bytes, base, data) {
    const effect = new Effect(this.#u32, word, this.#f64[(word + 4) >> 1], bytes, base);
    if (effect.kind > EFFECT.SOCKET_CLOSE) this.#queue.push(effect);
    else this.#socket(effect, data + this.#u32[word + 6]);
  }

  /** @type {(word: number, data: number) => Sender | undefined} */
  #send(word, data) {
    const u32 = this.#u32;
    const sender = this.#senders.get(u32[word + 1]);
    const at = data + u32[word + 6];
    sender?.send(u32[word + 2], u32[word + 3], this.#u8.subarray(at, at + u32[word + 7]));
    return sender;
  }

  /**
   * The sockets are the module's own: what it asks of them goes back in at once.
   * @param {Effect} effect
   * @param {number} at address of its bytes
   */
  #socket({ kind, owner, a, b, bytes }, at) {
    if (kind === EFFECT.SOCKET_SEND && b) this.#sendFrames(owner, at, bytes);
    else if (kind === EFFECT.SOCKET_SEND) this.#exports.socket_send(owner, at, bytes.length);
    else if (kind === EFFECT.SOCKET_CLOSE) this.#exports.socket_close(owner, a);
    else if (this.#exports.socket_open(owner, this.put(bytes)) < 0) {
      queueMicrotask(() => this.session(owner, SESSION_EVENT.SOCKET_CLOSED));
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
    const [session, event, a, len] = this.#u32.subarray(at, at + 4);
    this.#inputLen = len;
    const what = isMany ? SESSION_EVENT.RECEIVED_MANY : event;
    this.call('session_event', session, what, a, 0, len, now());
  }

  /** A copy of the input of the call that is about to be made. */
  #input() {
    const at = this.#exports.inbox(0);
    this.#renewViews();
    return this.#u8.slice(at, at + this.#inputLen);
  }

  #renewViews() {
    const { buffer } = this.#exports.memory;
    if (this.#u8.buffer === buffer) return; // growing detaches the old one
    this.#u8 = new Uint8Array(buffer);
    this.#u32 = new Uint32Array(buffer);
    this.#f64 = new Float64Array(buffer);
  }
}
