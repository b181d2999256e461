import { LINK_EVENT } from './abi.gen.js';

/** @type {Partial<Record<RTCIceConnectionState, number>>} what the states mean to the core */
const PATH = {
  connected: LINK_EVENT.CONNECTED,
  completed: LINK_EVENT.CONNECTED,
  disconnected: LINK_EVENT.DISCONNECTED,
  failed: LINK_EVENT.FAILED,
  closed: LINK_EVENT.CLOSED,
};

const ONLY_A_CANDIDATE = 1; // REFUSED's argument

/** @typedef {(event: number, arg?: number, bytes?: string) => void} Report LINK_EVENT, for the core */

/** Binds one RTCPeerConnection to one peer of the core. Decides nothing: reports and obeys, one step at a time. */
export class Link {
  #report;
  #life = new AbortController();
  /** @type {Promise<void>} */ #order = Promise.resolve();
  /** @type {number | undefined} */ #path;

  /** The present one, of the core. */
  round = 0;

  /** Before a description that restarts ICE is made. @type {(() => Promise<void>) | undefined} */ renew;

  /**
   * @param {RTCPeerConnection} pc not used yet; owned from here on: `close()` closes it
   * @param {Report} report
   */
  constructor(pc, report) {
    this.pc = pc;
    this.#report = report;
    this.listen(pc, 'icecandidate', ({ candidate }) => {
      // The end of the candidates (null, or an empty one) is not signalled.
      if (candidate?.candidate)
        this.report(LINK_EVENT.CANDIDATE, this.round, JSON.stringify(candidate));
    });
    this.listen(pc, 'iceconnectionstatechange', () => this.pathIs(PATH[pc.iceConnectionState]));
    this.listen(pc, 'connectionstatechange', () => {
      if (pc.connectionState === 'failed') this.failed(); // DTLS, while ICE is well
    });
  }

  /** The connection has failed. */
  failed() {
    this.pathIs(LINK_EVENT.FAILED);
  }

  /** Aborted by close(). */
  get life() {
    return this.#life.signal;
  }

  /**
   * Make and set an offer.
   * @param {number} round above 0: one that restarts ICE
   */
  offer(round) {
    this.next(async () => {
      if (round > 0) {
        await this.renew?.();
        this.pc.restartIce();
      }
      await this.#setLocal(round, () => this.pc.createOffer());
    });
  }

  /**
   * Set an offer, then make and set the answer.
   * @param {number} round
   * @param {string} sdp
   */
  answer(round, sdp) {
    this.next(async () => {
      if (round > 0) await this.renew?.();
      await this.pc.setRemoteDescription({ type: 'offer', sdp });
      await this.#setLocal(round, () => this.pc.createAnswer());
    });
  }

  /**
   * Set the answer to the offer.
   * @param {number} round
   * @param {string} sdp
   */
  apply(round, sdp) {
    this.next(async () => {
      await this.pc.setRemoteDescription({ type: 'answer', sdp });
      this.report(LINK_EVENT.APPLIED, round);
    });
  }

  /** @param {string} json a remote candidate */
  addCandidate(json) {
    this.next(() => this.pc.addIceCandidate(JSON.parse(json)), ONLY_A_CANDIDATE);
  }

  /** Ends everything, now: no report and no event after it returns. */
  close() {
    this.leave();
    this.pc.close();
  }

  /** Nothing is reported any more. */
  leave() {
    this.#life.abort();
  }

  /**
   * Have the connection describe itself, in one step where it can.
   * @param {number} round
   * @param {() => Promise<RTCLocalSessionDescriptionInit>} describe for WebRTC in Node, which cannot
   */
  async #setLocal(round, describe) {
    this.round = round; // candidates come at once
    const { pc } = this;
    // In Node reading localDescription while candidates come ends the process: what was made is told as it was.
    const made = pc.setLocalDescription.length ? await describe() : undefined;
    await pc.setLocalDescription(made);
    this.report(LINK_EVENT.LOCAL, round, (made ?? pc.localDescription)?.sdp);
  }

  /** @param {number | undefined} event undefined: on its way to one of them */
  pathIs(event) {
    if (event !== undefined && event !== this.#path) this.report(event);
    this.#path = event;
  }

  /**
   * @param {() => Promise<unknown>} step after those before it; a failure is reported, not thrown
   * @param {number} [refusal]
   */
  next(step, refusal = 0) {
    this.#order = this.#order
      .then(() => (this.life.aborted ? undefined : step()))
      .then(
        () => {},
        (cause) => this.report(LINK_EVENT.REFUSED, refusal, String(cause?.message ?? cause)),
      );
  }

  /** @type {Report} */
  report(event, arg, bytes) {
    if (!this.life.aborted) this.#report(event, arg, bytes);
  }

  /**
   * @param {EventTarget} target
   * @param {string} type
   * @param {(event: any) => void} handler any: by type
   */
  listen(target, type, handler) {
    const signal = this.life; // one abort removes all; WebRTC in Node knows no such option, so the flag counts too
    target.addEventListener(type, (event) => void (signal.aborted || handler(event)), { signal });
  }
}
