import {
  LINK_REFUSED,
  ON_CLOSED,
  ON_LINK,
  ON_OPENED,
  OPEN_CHANNELS,
  OPEN_FAST,
  OPEN_MEDIA,
} from './abi.gen.js';
import { now } from './clock.js';
import { ClaspError } from './error.js';
import { checkedChannel } from './p2p-channel.js';
import { P2PLink, isCustom } from './p2p-link.js';

/** @typedef {import('./collector.js').Effect} Effect */
/** @typedef {import('./p2p-host.js').P2PEvents} P2PEvents */
/** @typedef {import('./p2p-host.js').P2PHost} P2PHost */
/** @typedef {import('./p2p-peer.js').PeerPlane} PeerPlane */

const PREPARE_MS = 20; // after one has opened, whose first messages go before the next one is made
const UNBOUNDED = 0xffff;

/** WebRTC in Node has no null for what is not bounded. @param {number | null} count */
const bound = (count) => (count === UNBOUNDED ? null : count);

/** Opens the connections of an application's peers, and reports what their channels do. */
export class P2PLinks {
  #host;
  #options;
  #events;

  /**
   * @param {P2PHost} host
   * @param {{connections: import('./p2p-connections.js').PeerConnections, media?: MediaStream}} options
   * @param {P2PEvents} events
   */
  constructor(host, options, events) {
    this.#host = host;
    this.#options = options;
    this.#events = events;
  }

  /** @param {PeerPlane} plane @param {Effect} effect of P2P_LINK_OPEN */
  open(plane, { b, number }) {
    const where = b << 8;
    const report = (/** @type {number} */ event, arg = 0, text = '') =>
      void this.#host.input(ON_LINK, plane.handle, where | event, arg, text);
    try {
      const { connections, media } = this.#options;
      const { renew } = connections;
      const link = new P2PLink(connections.take(), this.#linkHost(plane, where, report));
      plane.links.set(b, link);
      if (renew) {
        link.renew = () => renew(link.pc);
        link.next(link.renew);
      }
      if (number & OPEN_CHANNELS) link.openChannel(0);
      if (number & OPEN_FAST) link.openChannel(1);
      if (number & OPEN_MEDIA) link.addMedia(media);
    } catch (cause) {
      report(LINK_REFUSED, 0, String(cause));
    }
  }

  /**
   * @param {PeerPlane} plane
   * @param {number} where of channel 0
   * @param {import('./link.js').Report} report
   * @returns {import('./p2p-link.js').P2PLinkHost}
   */
  #linkHost(plane, where, report) {
    const link = () => /** @type {P2PLink} */ (plane.links.get(where >>> 8));
    return {
      report,
      number: (channel) => this.#numberOf(plane, channel),
      opened: (number, channel) => this.#opened(plane, link(), where, number, channel),
      closed: (number) => this.#closed(plane, link(), where, number),
      message: (number, data) => this.#message(plane, where, number, data),
      low: (number) => this.#host.sending.low(plane, where, number),
      moved: () => this.#host.planes.lookUp(plane),
      media: (stream) => this.#events.media(plane, stream),
      iceError: (words) => plane.iceError(words),
    };
  }

  /** Of a channel that the peer has made. @param {PeerPlane} plane @param {RTCDataChannel} channel */
  #numberOf(plane, channel) {
    const { label, ordered } = channel;
    const maxRetransmits = bound(channel.maxRetransmits);
    const maxPacketLifeTime = bound(channel.maxPacketLifeTime);
    try {
      const options = checkedChannel({ ordered, maxRetransmits, maxPacketLifeTime });
      return plane.channel(label, options, false).number;
    } catch {
      return -this.#host.tickets.newNumber(); // a label that is no address: nothing of CLASP's
    }
  }

  /** @type {(plane: PeerPlane, link: P2PLink, where: number, number: number, channel: RTCDataChannel) => void} */
  #opened(plane, link, where, number, channel) {
    if (number < 0) return;
    const custom = plane.channels.get(number);
    if (isCustom(number) && !custom) return channel.close(); // ended meanwhile
    this.#host.input(ON_OPENED, plane.handle, where | number, link.messageMax);
    if (custom) {
      const isNew = !custom.isMaker && custom.face === undefined;
      custom.attach(channel, link);
      if (isNew) this.#events.channel(plane, custom);
    } else if (number === 0) {
      for (const made of plane.channels.values()) if (made.isMaker) made.make(link);
      setTimeout(() => this.#options.connections.prepare(), PREPARE_MS);
    }
  }

  /** @type {(plane: PeerPlane, link: P2PLink, where: number, number: number) => void} */
  #closed(plane, link, where, number) {
    if (number < 0) return;
    this.#host.input(ON_CLOSED, plane.handle, where | number);
    const custom = plane.channels.get(number);
    if (!custom) return;
    // With its link it comes back; alone, the peer has ended it.
    setTimeout(() => {
      if (link.channels.has(0) && !link.channels.has(number)) plane.endChannel(custom);
    });
  }

  /** @type {(plane: PeerPlane, where: number, number: number, data: string | ArrayBuffer) => void} */
  #message(plane, where, number, data) {
    if (typeof data === 'string' || number < 0) return this.raw(plane, number, data);
    const host = this.#host;
    const { core } = host;
    const message = new Uint8Array(data);
    /** @type {import('./run-collector.js').RunCollector} */ (core.collector).message = message;
    const len = core.put(message);
    host.flushAfterwards(); // acknowledgements, with what the application says
    const result = core.hot('p2p_received', host.handle, plane.handle, where | number, len, now());
    if (result < 0) this.#events.failed(ClaspError.of(result, `a message of ${plane.id}`), plane);
  }

  /** One on a reliable channel, which may come before that. @type {(plane: PeerPlane, address: string, value: string | Uint8Array<ArrayBuffer>) => void} */
  carried(plane, address, value) {
    if (plane.ended.has(address)) return;
    try {
      const channel = plane.channel(address, checkedChannel({}), false);
      channel.carry();
      if (channel.face === undefined) this.#events.channel(plane, channel);
      channel.tell('message', typeof value === 'string' ? value : value.slice().buffer);
    } catch (error) {
      this.#events.failed(/** @type {ClaspError} */ (error), plane); // too many
    }
  }

  /** A message that is not CLASP's. @type {(plane: PeerPlane, number: number, data: string | ArrayBuffer) => void} */
  raw(plane, number, data) {
    const channel = plane.channels.get(number);
    if (channel) channel.tell('message', data);
    else this.#events.raw(plane, data);
  }
}
