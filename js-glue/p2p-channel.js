import { SAY_EVENT } from './abi.gen.js';
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
const RAW_PREFIX = '/clasp/p2p/raw';
/** What a peer takes of messages that go as values do; the core tells exactly. */
const CARRIED = { sctp: { maxMessageSize: 16 << 20 } };

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

/** @param {ArrayBuffer | ArrayBufferView} data */
const bytesOf = (data) =>
  ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);

/** @param {Message} data @returns {Promise<Message>} the same, so that no peer takes it for CLASP's */
async function escaped(data) {
  if (typeof data === 'string') return data;
  const bytes = bytesOf(data instanceof Blob ? await data.arrayBuffer() : data);
  if (!ESCAPED.includes(bytes[0])) return bytes;
  const longer = new Uint8Array(bytes.length + RAW.length);
  longer.set(RAW);
  longer.set(bytes, RAW.length);
  return longer;
}

/**
 * What a queue sends on where nothing may be lost: messages go as values do, by whatever way the peer has, and again until they have
 * arrived (docs/wire.md, section 16).
 */
class Carrier extends EventTarget {
  #plane;
  #address;
  #settled;
  /** Of messages that have not arrived. */
  bufferedAmount = 0;
  bufferedAmountLowThreshold = 0;
  onbufferedamountlow = null;
  /** @type {RTCDataChannelState} */ readyState = 'open';
  /** Messages that have not arrived. */
  count = 0;

  /** @param {PeerPlane} plane @param {string} address @param {() => void} settled one of them has arrived, or never will */
  constructor(plane, address, settled) {
    super();
    this.#plane = plane;
    this.#address = RAW_PREFIX + address;
    this.#settled = settled;
  }

  /** @param {any} data a string, an ArrayBuffer or a view, of which TypeScript has an overload for each @throws {ClaspError} */
  send(data) {
    const value = typeof data === 'string' ? data : bytesOf(data);
    const batch = this.#plane.say(SAY_EVENT, this.#address, value);
    const { length } = value;
    const settled = () => {
      this.bufferedAmount -= length;
      this.count--;
      if (this.bufferedAmount <= this.bufferedAmountLowThreshold)
        this.dispatchEvent(new Event('bufferedamountlow'));
      this.#settled();
    };
    this.bufferedAmount += length;
    this.count++;
    this.#plane.arrival(batch).then(settled, settled);
  }

  close() {
    this.readyState = 'closed';
    this.dispatchEvent(new Event('close'));
  }
}

/** A channel that an application has made for an address, on whatever link the peer has. */
export class PlaneChannel {
  /** @type {RTCDataChannel | undefined} */ #rtc;
  /** @type {SendQueue | undefined} */ #queue;
  /** @type {Carrier | undefined} of one that loses nothing, between two of ours */ #carrier;
  #sending = 0;
  #isClosing = false;
  #isOver = false;

  /** Told what happens. @type {(type: ChannelEvent, detail?: any) => void} any: by event */
  tell = () => {};

  /** What the application holds of it. @type {any} any: of web/ */
  face;

  /** The core's. */
  number = 0;

  /**
   * @param {PeerPlane} plane
   * @param {string} address
   * @param {ReturnType<typeof checkedChannel>} options
   * @param {boolean} isMaker this side makes it again on a new link
   */
  constructor(plane, address, options, isMaker) {
    this.plane = plane;
    this.address = address;
    this.options = options;
    this.isMaker = isMaker;
  }

  /** Neither order nor a message may be lost. */
  get isReliable() {
    const { ordered, maxRetransmits, maxPacketLifeTime } = this.options;
    return ordered && maxRetransmits === null && maxPacketLifeTime === null;
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
    rtc.bufferedAmountLowThreshold = LOW_WATER;
    this.carry();
    if (this.#carrier) return;
    this.#queue = new SendQueue(rtc, link.pc, link.life);
    if (!wasOpen) queueMicrotask(() => this.tell('open')); // it may be open when it is made
  }

  /** What is sent goes by whatever way there is; which may be the router's before a link ever worked. */
  carry() {
    if (this.#carrier || !this.plane.isOurs || !this.isReliable) return;
    this.#carrier = new Carrier(this.plane, this.address, () => this.#endWhenIdle());
    this.#queue = new SendQueue(this.#carrier, CARRIED);
    queueMicrotask(() => this.tell('open'));
  }

  /** @returns {RTCDataChannelState} */
  get readyState() {
    if (this.#isOver) return 'closed';
    if (this.#isClosing) return 'closing';
    return (this.#carrier ?? this.#rtc)?.readyState === 'open' ? 'open' : 'connecting';
  }

  get bufferedAmount() {
    return (this.#carrier ?? this.#rtc)?.bufferedAmount ?? 0;
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
    this.#sending++;
    try {
      const isEscaped = this.plane.isOurs && !this.#carrier;
      await queue.send(isEscaped ? await escaped(data) : data);
    } catch (error) {
      const { cause } = /** @type {ClaspError} */ (error);
      throw cause instanceof ClaspError ? cause : error; // the core's own word
    } finally {
      this.#sending--;
      this.#endWhenIdle();
    }
  }

  /** By the application: at once, or when what was sent has arrived. */
  close() {
    this.#isClosing = true;
    this.#endWhenIdle();
  }

  #endWhenIdle() {
    if (this.#isClosing && this.#sending === 0 && !this.#carrier?.count)
      this.plane.closeChannel(this);
  }

  /** For good: by the application, or by the peer. */
  end() {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#carrier?.close();
    this.#rtc?.close();
    this.tell('close');
  }
}
