/** What a call into the core leaves in its outbox (src/base/outbox.h), and how it is taken out. */

export const RECORD = 32; // sizeof(clasp_effect)
export const WORDS = RECORD / 4;
export const EMPTY = new Uint8Array(0);

/**
 * @typedef {object} Outbox
 * @property {{u8: Uint8Array, u32: Uint32Array, f64: Float64Array}} memory the core's, as it is now
 * @property {number} first word of the first record
 * @property {number} count records
 * @property {number} data address of what they speak of
 * @property {boolean} isTapped somebody wants all that they speak of
 */

/**
 * @callback Take a record, or several, that the core's host carries out later
 * @param {{owner: number, kind: number}} effect
 * @param {number} at address of its bytes, until this returns
 */

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

/** Takes each record as an Effect. */
export class Collector {
  /**
   * @param {Outbox} outbox not empty
   * @param {Take} take called for each, in order
   * @returns {{bytes: Uint8Array, sent?: () => void}} what the records speak of; `sent`: to be called when the outbox is empty
   */
  collect({ memory, first, count, data }, take) {
    const last = first + (count - 1) * WORDS; // its bytes are the last ones
    const len = memory.u32[last + 6] + memory.u32[last + 7];
    const bytes = len ? memory.u8.slice(data, data + len) : EMPTY;
    for (let word = first; word <= last; word += WORDS) {
      const effect = new Effect(memory.u32, word, memory.f64[(word + 4) >> 1], bytes, 0);
      take(effect, data + effect.at);
    }
    return { bytes };
  }
}
