import { LINK_EVENT } from './abi.gen.js';
import { SendQueue } from './send-queue.js';

/** @type {Partial<Record<RTCIceConnectionState, number>>} what the states mean to the core */
const PATH = {
  connected: LINK_EVENT.CONNECTED,
  completed: LINK_EVENT.CONNECTED,
  disconnected: LINK_EVENT.DISCONNECTED,
  failed: LINK_EVENT.FAILED,
  closed: LINK_EVENT.CLOSED,
};

const ONLY_A_CANDIDATE = 1; // REFUSED's argument

/**
 * @typedef {object} LinkHost
 * @property {(event: number, arg?: number, bytes?: string) => void} report LINK_EVENT, for the core
 * @property {(type: 'channel' | 'message' | 'stream', value: any) => void} raise for the application; any: an
 *   RTCDataChannel, string | ArrayBuffer, or MediaStream
 */

/** Binds one RTCPeerConnection to one peer of the core. Decides nothing: reports and obeys, one step at a time. */
export class PeerLink {
  #pc;
  #label;
  #host;
  #life = new AbortController();
  /** @type {Promise<void>} */ #order = Promise.resolve();
  #round = 0;
  /** @type {number | undefined} */ #path;
  #hasStream = false;
  /** @type {RTCDataChannel | undefined} */ #channel;
  /** @type {SendQueue | undefined} */ #queue;

  /**
   * @param {RTCPeerConnection} pc not used yet; owned from here on: `close()` closes it
   * @param {string} label by which the channel is known, among several
   * @param {LinkHost} host
   */
  constructor(pc, label, host) {
    this.#pc = pc;
    this.#label = label;
    this.#host = host;
    this.#listen(pc, 'icecandidate', ({ candidate }) => {
      // The end of the candidates (null, or an empty one) is not signalled.
      if (candidate?.candidate)
        this.#report(LINK_EVENT.CANDIDATE, this.#round, JSON.stringify(candidate));
    });
    this.#listen(pc, 'iceconnectionstatechange', () => this.#pathIs(PATH[pc.iceConnectionState]));
    this.#listen(pc, 'connectionstatechange', () => {
      if (pc.connectionState === 'failed') this.#pathIs(LINK_EVENT.FAILED); // DTLS, while ICE is well
    });
    this.#listen(pc, 'track', (event) => this.#streamCame(event));
    this.#listen(pc, 'datachannel', ({ channel }) => this.#adopt(channel));
  }

  /** Make the data channel; before the first offer. */
  openChannel() {
    this.#adopt(this.#pc.createDataChannel(this.#label));
  }

  /**
   * Make and set an offer.
   * @param {number} round above 0: one that restarts ICE
   */
  offer(round) {
    this.#next(async () => {
      if (round > 0) this.#pc.restartIce();
      await this.#setLocal(round, () => this.#pc.createOffer());
    });
  }

  /**
   * Set an offer, then make and set the answer.
   * @param {number} round
   * @param {string} sdp
   */
  answer(round, sdp) {
    this.#next(async () => {
      await this.#pc.setRemoteDescription({ type: 'offer', sdp });
      await this.#setLocal(round, () => this.#pc.createAnswer());
    });
  }

  /**
   * Set the answer to the offer.
   * @param {number} round
   * @param {string} sdp
   */
  apply(round, sdp) {
    this.#next(async () => {
      await this.#pc.setRemoteDescription({ type: 'answer', sdp });
      this.#report(LINK_EVENT.APPLIED, round);
    });
  }

  /** @param {string} json a remote candidate */
  addCandidate(json) {
    this.#next(() => this.#pc.addIceCandidate(JSON.parse(json)), ONLY_A_CANDIDATE);
  }

  /**
   * @param {import('./send-queue.js').Message} data
   * @returns {Promise<void>}
   */
  async send(data) {
    await this.#queue?.send(data);
  }

  /** Ends everything, now: no report and no event after it returns. */
  close() {
    this.#life.abort();
    this.#channel?.close();
    this.#pc.close();
  }

  /**
   * Have the connection describe itself, in one step where it can.
   * @param {number} round
   * @param {() => Promise<RTCLocalSessionDescriptionInit>} describe for WebRTC in Node, which cannot
   */
  async #setLocal(round, describe) {
    this.#round = round; // candidates come at once
    const pc = this.#pc;
    await (pc.setLocalDescription.length > 0
      ? pc.setLocalDescription(await describe())
      : pc.setLocalDescription());
    this.#report(LINK_EVENT.LOCAL, round, pc.localDescription?.sdp);
  }

  /** @param {number | undefined} event undefined: on its way to one of them */
  #pathIs(event) {
    if (event !== undefined && event !== this.#path) this.#report(event);
    this.#path = event;
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
    this.#queue = new SendQueue(channel, this.#pc, this.#life.signal);
    channel.binaryType = 'arraybuffer';
    const isCurrent = () => channel === this.#channel;
    let isOpen = false;
    const opened = () => {
      if (isOpen || !isCurrent()) return;
      isOpen = true;
      this.#host.raise('channel', channel);
      this.#report(LINK_EVENT.CHANNEL_OPEN);
    };
    this.#listen(
      channel,
      'message',
      ({ data }) => isCurrent() && this.#host.raise('message', data),
    );
    this.#listen(channel, 'close', () => isCurrent() && this.#report(LINK_EVENT.CHANNEL_CLOSED));
    this.#listen(channel, 'open', opened);
    if (channel.readyState === 'open') opened();
  }

  /**
   * @param {() => Promise<unknown>} step after those before it; a failure is reported, not thrown
   * @param {number} [refusal]
   */
  #next(step, refusal = 0) {
    this.#order = this.#order
      .then(() => (this.#life.signal.aborted ? undefined : step()))
      .then(
        () => {},
        (cause) => this.#report(LINK_EVENT.REFUSED, refusal, String(cause?.message ?? cause)),
      );
  }

  /**
   * @param {number} event
   * @param {number} [arg]
   * @param {string} [bytes]
   */
  #report(event, arg, bytes) {
    if (!this.#life.signal.aborted) this.#host.report(event, arg, bytes);
  }

  /**
   * @param {EventTarget} target
   * @param {string} type
   * @param {(event: any) => void} handler any: by type
   */
  #listen(target, type, handler) {
    const { signal } = this.#life; // one abort removes all; WebRTC in Node knows no such option, so the flag counts too
    target.addEventListener(type, (event) => void (signal.aborted || handler(event)), { signal });
  }
}
