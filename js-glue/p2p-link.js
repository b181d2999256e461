import { FIRST_CUSTOM, LINK_DTLS_FAILED, LINK_GATHERED } from './abi.gen.js';
import { Link } from './link.js';

/** Names of the two channels that a link has, by number; docs/wire.md, section 15. */
const LABELS = ['clasp-reliable', 'clasp'];
/** @type {RTCDataChannelInit[]} */
const OPTIONS = [{ ordered: true }, { ordered: false, maxRetransmits: 0 }];
/** Bytes in the browser below which it takes more. */
export const LOW_WATER = 128 << 10;
/** Channels of one connection that are heard: those of a link, 32 of each side's application, and some of other makes. */
const CHANNELS_MAX = 96;
/** Messages that may come before their channel is open. */
const EARLY_MAX = 64;
/** Milliseconds after which what nobody waits for is done on a new connection. */
const SETTLE_MS = 5;
/** Milliseconds that a peer has for hearing that a link ends. */
const LINGER_MS = 500;

/** For a track without a stream. @type {typeof MediaStream | undefined} */
const Stream = globalThis.MediaStream; // there is none in Node

/**
 * @typedef {object} P2PLinkHost
 * @property {import('./link.js').Report} report
 * @property {(channel: RTCDataChannel) => number} number of a channel that the other side has made
 * @property {(number: number, channel: RTCDataChannel) => void} opened
 * @property {(number: number) => void} closed
 * @property {(number: number, data: string | ArrayBuffer) => void} message
 * @property {(number: number) => void} low few bytes wait in the browser
 * @property {() => void} moved the pair of candidates is another one
 * @property {(stream: MediaStream) => void} media
 * @property {(words: string) => void} iceError what an ICE server has said
 */

/** A link of a data-channel peer: its channels by number. */
export class P2PLink extends Link {
  #host;
  /** Open ones. @type {Map<number, RTCDataChannel>} */
  channels = new Map();
  /** Those that were made here, and have not closed. @type {Map<number, RTCDataChannel>} */
  made = new Map();
  /** To be made when the first one is open. */
  #later = 0;
  /** All that have not closed. @type {Set<RTCDataChannel>} */
  #heard = new Set();

  /**
   * @param {RTCPeerConnection} pc not used yet; owned from here on
   * @param {P2PLinkHost} host
   */
  constructor(pc, host) {
    super(pc, host.report);
    this.#host = host;
    this.listen(pc, 'datachannel', ({ channel }) => this.#came(channel));
    this.listen(pc, 'track', ({ streams: [given], track }) => {
      const stream = given ?? (Stream && new Stream([track]));
      if (stream) host.media(stream);
    });
    this.listen(pc, 'icegatheringstatechange', () => {
      if (pc.iceGatheringState === 'complete') this.report(LINK_GATHERED, this.round);
    });
    this.listen(pc, 'icecandidateerror', ({ url, errorCode, errorText }) =>
      host.iceError(`${url}: ${errorCode} ${errorText}`),
    );
  }

  /** @override */
  failed() {
    const isWell = /connected|completed/.test(this.pc.iceConnectionState);
    if (isWell) this.report(LINK_DTLS_FAILED);
    else super.failed();
  }

  /** Make one of the two channels that every link has: the first one before the first offer, the other when that is open. @param {number} number */
  openChannel(number) {
    if (number > 0) this.#later = number;
    else this.make(number, LABELS[number], OPTIONS[number]);
  }

  /** @type {(number: number, label: string, options: RTCDataChannelInit) => void} */
  make(number, label, options) {
    const channel = this.pc.createDataChannel(label, options);
    this.made.set(number, channel);
    this.#adopt(number, channel);
  }

  /** Media, for rooms: the tracks to send, or the wish to receive. @param {MediaStream} [stream] */
  addMedia(stream) {
    for (const track of stream?.getTracks() ?? [])
      this.pc.addTrack(track, /** @type {any} */ (stream));
    for (const kind of stream ? [] : ['audio', 'video'])
      this.pc.addTransceiver(kind, { direction: 'recvonly' });
  }

  /** Most bytes of one message; 0: the other side has not said. */
  get messageMax() {
    return Math.min(this.pc.sctp?.maxMessageSize || 0, 0x7fffffff);
  }

  /** @override */
  leave() {
    super.leave();
    for (const channel of this.#heard) {
      channel.onopen = channel.onmessage = channel.onclose = channel.onbufferedamountlow = null;
    }
    for (const all of [this.channels, this.made, this.#heard]) all.clear();
  }

  /** As `close()`, but the peer, which is told, has a moment to close first: @roamhq/wrtc may crash when it is closed under a send(). */
  closeAfterPeer() {
    const channel = this.channels.get(0);
    if (!channel) return this.close();
    this.leave();
    const close = () => {
      clearTimeout(timer);
      channel.onclose = null;
      this.pc.close();
    };
    const timer = setTimeout(close, LINGER_MS);
    channel.onclose = close;
  }

  /** @param {RTCDataChannel} channel */
  #came(channel) {
    if (this.#heard.size >= CHANNELS_MAX) return channel.close();
    const number = LABELS.indexOf(channel.label);
    this.#adopt(number >= 0 ? number : this.#host.number(channel), channel);
  }

  /** @type {(number: number, channel: RTCDataChannel) => void} */
  #adopt(number, channel) {
    const host = this.#host;
    this.#heard.add(channel);
    channel.binaryType = 'arraybuffer';
    channel.bufferedAmountLowThreshold = LOW_WATER;
    /** What Chromium tells of before it says that the channel is open. @type {(string | ArrayBuffer)[]} */
    const early = [];
    const opened = () => {
      if (this.life.aborted || this.channels.get(number) === channel) return;
      this.channels.set(number, channel);
      host.opened(number, channel);
      for (const data of early.splice(0)) host.message(number, data);
      if (number === 0) this.#opened();
    };
    channel.onopen = opened;
    channel.onmessage = ({ data }) => {
      if (this.channels.get(number) === channel) host.message(number, data);
      else if (early.push(data) > EARLY_MAX) channel.close();
    };
    channel.onbufferedamountlow = () => host.low(number);
    channel.onclose = () => {
      this.#heard.delete(channel);
      if (this.made.get(number) === channel) this.made.delete(number);
      if (this.channels.get(number) !== channel) return;
      this.channels.delete(number);
      host.closed(number);
    };
    if (channel.readyState === 'open') opened();
  }

  /** What does not have to be there for the first messages follows them. */
  #opened() {
    setTimeout(() => {
      if (this.life.aborted) return;
      if (this.#later) this.make(this.#later, LABELS[this.#later], OPTIONS[this.#later]);
      this.#follow();
    }, SETTLE_MS);
  }

  /** Where the browser tells it, its pair of candidates. */
  #follow() {
    const ice = this.pc.sctp?.transport?.iceTransport;
    if (ice) this.listen(ice, 'selectedcandidatepairchange', () => this.#host.moved());
  }
}

/** True for a channel that an application has made. @param {number} number */
export const isCustom = (number) => number >= FIRST_CUSTOM;
