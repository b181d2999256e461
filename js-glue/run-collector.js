import { DELIVER_LENT, DELIVER_WIDE, P2P_DELIVER, P2P_FROM, P2P_SEND, VALUE } from './abi.gen.js';
import { Collector, EMPTY, Effect, WORDS } from './collector.js';

/** @typedef {import('./collector.js').Outbox} Outbox */
/** @typedef {import('./collector.js').Take} Take */

const LARGE = 4096; // bytes of a value that is copied but once, and alone

/** Consecutive records of one owner that tell of deliveries (P2P_FROM to P2P_DELIVER): one copy, to be read through typed arrays. */
export class Run {
  kind = P2P_DELIVER;

  /**
   * @param {Uint32Array} words the records; yours
   * @param {Uint8Array} from what the records of the call speak of
   * @param {number} base where that begins in what their offsets count from
   * @param {Uint8Array[]} large the bytes of those records that isApart() is true of, in order; yours
   */
  constructor(words, from, base, large) {
    this.owner = words[1];
    this.words = words;
    this.numbers = new Float64Array(words.buffer);
    this.from = from;
    this.base = base;
    this.large = large;
  }
}

/** @type {(u32: Uint32Array, word: number) => number} */
const flagsOf = (u32, word) => u32[word + 3] >>> 16;

/** True for a delivery of bytes that stand apart: in the message, or in a copy of their own. @param {Uint32Array} u32 @param {number} word of the record */
export const isApart = (u32, word) =>
  u32[word] === P2P_DELIVER &&
  (u32[word + 3] & 0xff) === VALUE.BYTES &&
  (u32[word + 7] >= LARGE || (flagsOf(u32, word) & DELIVER_LENT) > 0);

/**
 * @typedef {object} Sender carries out P2P_SEND, at once and from the core's memory
 * @property {(peer: number, where: number, message: Uint8Array) => void} send `message` is lent until it returns
 * @property {() => void} sent after the last one of a call; may call the core
 */

/** Takes deliveries by the run, and has what is to be sent on data channels sent at once. */
export class RunCollector extends Collector {
  /** By handle of the owner. @type {Map<number, Sender>} */ senders = new Map();
  /** The one that came last on a data channel: large values in it are handed out where they lie. */
  message = EMPTY;

  /** @override @type {Collector['collect']} */
  collect(outbox, take) {
    const { memory, first, count, data } = outbox;
    const { bytes, base } = bytesOf(outbox);
    const end = first + count * WORDS;
    /** @type {Sender | undefined} */ let sender;
    for (let word = first; word < end; word += WORDS) {
      const kind = memory.u32[word];
      if (kind === P2P_SEND) sender = this.#send(outbox, word) ?? sender;
      else if (kind >= P2P_FROM && kind <= P2P_DELIVER) {
        const next = endOfRun(memory.u32, word, end);
        const large = this.#apart(outbox, word, next);
        take(new Run(memory.u32.slice(word, next), bytes, base, large), 0);
        word = next - WORDS;
      } else {
        const effect = new Effect(memory.u32, word, memory.f64[(word + 4) >> 1], bytes, base);
        take(effect, data + memory.u32[word + 6]);
      }
    }
    return { bytes, sent: sender?.sent };
  }

  /** @type {(outbox: Outbox, word: number, end: number) => Uint8Array[]} */
  #apart({ memory: { u8, u32, f64 }, data }, word, end) {
    const found = [];
    for (; word < end; word += WORDS) {
      if (!isApart(u32, word)) continue;
      const flags = flagsOf(u32, word);
      const at = data + u32[word + 6];
      found.push(
        flags & DELIVER_LENT
          ? this.message.subarray(f64[(word >> 1) + 2])
          : u8.slice(at + (flags & DELIVER_WIDE ? 4 : 2), at + u32[word + 7]), // behind the count
      );
    }
    return found;
  }

  /** @type {(outbox: Outbox, word: number) => Sender | undefined} */
  #send({ memory: { u8, u32 }, data }, word) {
    const sender = this.senders.get(u32[word + 1]);
    const at = data + u32[word + 6];
    sender?.send(u32[word + 2], u32[word + 3], u8.subarray(at, at + u32[word + 7]));
    return sender;
  }
}

/** What records speak of, but for what is sent at once, which lies where it lies. @param {Outbox} outbox */
function bytesOf({ memory: { u8, u32 }, first, count, data, isTapped }) {
  let base = Infinity;
  let end = 0;
  for (let i = first; i < first + count * WORDS; i += WORDS) {
    const len = u32[i + 7];
    if (len === 0 || (!isTapped && (u32[i] === P2P_SEND || isApart(u32, i)))) continue;
    base = Math.min(base, u32[i + 6]);
    end = u32[i + 6] + len; // they follow one another
  }
  if (end === 0) return { bytes: EMPTY, base: 0 };
  if (isTapped) base = 0;
  return { bytes: u8.slice(data + base, data + end), base };
}

/** The word behind the records that belong to a run. @type {(u32: Uint32Array, word: number, end: number) => number} */
function endOfRun(u32, word, end) {
  const owner = u32[word + 1];
  let at = word + WORDS;
  while (at < end && u32[at] >= P2P_FROM && u32[at] <= P2P_DELIVER && u32[at + 1] === owner)
    at += WORDS;
  return at;
}
