import { ClaspError } from './error.js';
import { LOW_WATER } from './p2p-link.js';
import { SendQueue, isMessage } from './send-queue.js';

/** @typedef {import('./p2p-link.js').P2PLink} P2PLink */
/** @typedef {import('./p2p-peer.js').PeerPlane} PeerPlane */
/** @typedef {import('./send-queue.js').Message} Message */
/** @typedef {'high' | 'normal' | 'low'} Priority */

/** By the core's numbers. @type {Priority[]} */
export const PRIORITIES = ['high', 'normal', 'low'];

/**
 * @typedef {object} ChannelOptions
 * @property {boolean} [ordered] true
 * @property {number | null} [maxRetransmits] null: until it arrives
 * @property {number | null} [maxPacketLifeTime] milliseconds for which a message is sent again; null: until it arrives
 * @property {Priority} [priority] 'normal'
 */

/** @typedef {'open' | 'message' | 'close'} ChannelEvent */

const ESCAPED = [0x45, 0x53]; // a raw message must not begin like one of CLASP
const RAW = [0x45, 0x08];

/** @param {unknown} value @param {string} name @param {number} most */
function optionalCount(value, name, most) {
  if (value === undefined || value === null) return null;
  if (Number.isInteger(value) && Number(value) >= 0 && Number(value) <= most) return Number(value);
  throw new ClaspError('BAD_OPTION', `${name}: null, or an integer from 0 to ${most}`);
}

/**
 * @param {ChannelOptions} options
 * @throws {ClaspError} BAD_OPTION
 */
export function checkedChannel({ ordered = true, priority = 'normal', ...more } = {}) {
  if (typeof ordered !== 'boolean' || !PRIORITIES.includes(priority))
    throw new ClaspError('BAD_OPTION', 'ordered: a boolean; priority: high, normal or low');
  const maxRetransmits = optionalCount(more.maxRetransmits, 'maxRetransmits', 0xffff);
  const maxPacketLifeTime = optionalCount(more.maxPacketLifeTime, 'maxPacketLifeTime', 0xffff);
  if (maxRetransmits !== null && maxPacketLifeTime !== null)
    throw new ClaspError('BAD_OPTION', 'maxRetransmits or maxPacketLifeTime, not both');
  return { ordered, maxRetransmits, maxPacketLifeTime, priority };
}

/** @param {Message} data @returns {Promise<Message>} the same, so that no peer takes it for CLASP's */
async function escaped(data) {
  if (typeof data === 'string') return data;
  const plain = data instanceof Blob ? await data.arrayBuffer() : data;
  const bytes = ArrayBuffer.isView(plain)
    ? new Uint8Array(plain.buffer, plain.byteOffset, plain.byteLength)
    : new Uint8Array(plain);
  if (!ESCAPED.includes(bytes[0])) return bytes;
  const longer = new Uint8Array(bytes.length + RAW.length);
  longer.set(RAW);
  longer.set(bytes, RAW.length);
  return longer;
}

/** A channel that an application has made for an address, on whatever link the peer has. */
export class PlaneChannel {
  /** @type {RTCDataChannel | undefined} */ #rtc;
  /** @type {SendQueue | undefined} */ #queue;
  #isOver = false;

  /** Told what happens. @type {(type: ChannelEvent, detail?: any) => void} any: by event */
  tell = () => {};

  /** What the application holds of it. @type {any} any: of web/ */
  face;

  /**
   * @param {PeerPlane} plane
   * @param {number} number
   * @param {string} address
   * @param {ReturnType<typeof checkedChannel>} options
   * @param {boolean} isMaker this side makes it again on a new link
   */
  constructor(plane, number, address, options, isMaker) {
    this.plane = plane;
    this.number = number;
    this.address = address;
    this.options = options;
    this.isMaker = isMaker;
  }

  /** @param {P2PLink} link */
  make(link) {
    if (this.#isOver || link.made.has(this.number) || link.channels.has(this.number)) return;
    const { ordered, maxRetransmits, maxPacketLifeTime } = this.options;
    link.make(this.number, this.address, {
      ordered,
      ...(maxRetransmits === null ? {} : { maxRetransmits }),
      ...(maxPacketLifeTime === null ? {} : { maxPacketLifeTime }),
    });
  }

  /** @param {RTCDataChannel} rtc that is open @param {P2PLink} link */
  attach(rtc, link) {
    const wasOpen = this.readyState === 'open';
    this.#rtc = rtc;
    this.#queue = new SendQueue(rtc, link.pc, link.life);
    rtc.bufferedAmountLowThreshold = LOW_WATER;
    if (!wasOpen) queueMicrotask(() => this.tell('open')); // it may be open when it is made
  }

  /** @returns {RTCDataChannelState} */
  get readyState() {
    if (this.#isOver) return 'closed';
    return this.#rtc?.readyState === 'open' ? 'open' : 'connecting';
  }

  get bufferedAmount() {
    return this.#rtc?.bufferedAmount ?? 0;
  }

  /**
   * @param {unknown} data
   * @returns {Promise<void>}
   */
  async send(data) {
    if (!isMessage(data))
      throw new ClaspError('BAD_OPTION', 'data: a string, Blob, ArrayBuffer or view');
    const queue = this.#queue;
    if (!queue || this.readyState !== 'open') throw new ClaspError('NOT_CONNECTED');
    await queue.send(this.plane.isOurs ? await escaped(data) : data);
  }

  /** For good: by the application, or by the peer. */
  end() {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#rtc?.close();
    this.tell('close');
  }
}
