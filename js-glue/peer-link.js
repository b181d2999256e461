import { LINK_EVENT } from './abi.gen.js';
import { Link } from './link.js';
import { SendQueue } from './send-queue.js';

/**
 * @typedef {object} LinkHost
 * @property {import('./link.js').Report} report
 * @property {(type: 'channel' | 'message' | 'stream', value: any) => void} raise for the application; any: an
 *   RTCDataChannel, string | ArrayBuffer, or MediaStream
 */

/** A link of a conference: one data channel, and a stream. */
export class PeerLink extends Link {
  #label;
  #host;
  #hasStream = false;
  /** @type {RTCDataChannel | undefined} */ #channel;
  /** @type {SendQueue | undefined} */ #queue;

  /**
   * @param {RTCPeerConnection} pc not used yet; owned from here on
   * @param {string} label by which the channel is known, among several
   * @param {LinkHost} host
   */
  constructor(pc, label, host) {
    super(pc, host.report);
    this.#label = label;
    this.#host = host;
    this.listen(pc, 'track', (event) => this.#streamCame(event));
    this.listen(pc, 'datachannel', ({ channel }) => this.#adopt(channel));
  }

  /** Make the data channel; before the first offer. */
  openChannel() {
    this.#adopt(this.pc.createDataChannel(this.#label));
  }

  /**
   * @param {import('./send-queue.js').Message} data
   * @returns {Promise<void>}
   */
  async send(data) {
    await this.#queue?.send(data);
  }

  /** @override */
  close() {
    this.#channel?.close();
    super.close();
  }

  /** @param {RTCTrackEvent} event */
  #streamCame({ streams: [stream], track }) {
    if (this.#hasStream) return;
    this.#hasStream = true;
    this.#host.raise('stream', stream ?? new MediaStream([track]));
  }

  /** The first channel is the one that counts, unless one comes that bears the label. @param {RTCDataChannel} channel */
  #adopt(channel) {
    if (this.#channel && (channel.label !== this.#label || this.#channel.label === this.#label))
      return;
    this.#channel = channel;
    this.#queue = new SendQueue(channel, this.pc, this.life);
    channel.binaryType = 'arraybuffer';
    const isCurrent = () => channel === this.#channel;
    let isOpen = false;
    const opened = () => {
      if (isOpen || !isCurrent()) return;
      isOpen = true;
      this.#host.raise('channel', channel);
      this.report(LINK_EVENT.CHANNEL_OPEN);
    };
    this.listen(channel, 'message', ({ data }) => isCurrent() && this.#host.raise('message', data));
    this.listen(channel, 'close', () => isCurrent() && this.report(LINK_EVENT.CHANNEL_CLOSED));
    this.listen(channel, 'open', opened);
    if (channel.readyState === 'open') opened();
  }
}
