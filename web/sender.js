import { Conference, act, uuid } from './conference.js';

/** @typedef {import('./conference.js').Peer} Peer */
/** @typedef {import('./error.js').ClaspError} ClaspError */

/**
 * @typedef {object} SenderOnly
 * @property {(id: string, credentials: any) => boolean | Promise<boolean>} [verify] lets a Receiver in, or not; any: what it
 *   was started with. Everybody is let in without it
 * @property {number} [queueSize] messages that may wait for each peer's channel; 10
 * @property {number} [audioBitrate] at most, in kbit/s: a hint
 * @property {number} [videoBitrate] at most, in kbit/s: a hint
 * @property {{audio?: string[], video?: string[]}} [codecs] names, the preferred one first: a hint
 */

/** @typedef {import('./conference.js').ConferenceOptions & SenderOnly} SenderOptions */

/**
 * @typedef {object} SenderStart
 * @property {MediaStream} [stream] to publish; who made it stops its tracks
 * @property {string} [room] 'default'
 * @property {object} [state] anything JSON can say, told to every Receiver
 * @property {boolean} [dataChannel] a data channel for each Receiver; true when there is no stream
 * @property {AbortSignal} [signal] stops when it aborts
 */

/** @typedef {{id: string, peer: RTCPeerConnection}} SenderDetail */

/**
 * @typedef {object} SenderEvents by name, what `detail` holds
 * @property {SenderDetail} connect the connection stands
 * @property {SenderDetail} recovering its path broke; another one is being looked for
 * @property {SenderDetail} recovered it stands again
 * @property {SenderDetail & {error?: ClaspError}} dispose it is over; without `error`: in order
 * @property {SenderDetail & {channel: RTCDataChannel}} channel its data channel is open
 * @property {SenderDetail & {message: string | ArrayBuffer}} message
 * @property {{id?: string, error: ClaspError}} error a fault that ends nothing
 */

/** @typedef {import('./conference.js').TypedConference<SenderEvents>} Base */

const Base = /** @type {Base} */ (/** @type {unknown} its listeners take any event */ (Conference));

/** @param {MediaStream} [stream] */
const idOf = (stream) => stream?.id.replace(/^{(.*)}$/, '$1') || uuid(); // some browsers put braces around it

/** Publishes a stream, messages and a state to the Receivers of a room. */
export class Sender extends Base {
  /**
   * @param {SenderOptions} options
   * @throws {ClaspError} BAD_OPTION
   */
  constructor(options) {
    super(options, {
      role: 'SENDER',
      newId: ({ stream }) => idOf(stream),
      config: ({ stream, state, dataChannel }) => ({
        state,
        dataChannel: Boolean(dataChannel || !stream),
        verify: Boolean(options.verify),
      }),
      detail: ({ id, peer }) => ({ id, peer }),
    });
  }

  /**
   * Begin.
   * @override
   * @param {SenderStart} [options]
   * @returns {Promise<void>} resolved when it listens. May be ignored: an `error` event says what it is rejected with
   */
  start(options) {
    return super.start(options ?? {});
  }

  /**
   * Change the state and tell every Receiver.
   * @param {object} state
   * @param {boolean} [merge] its members replace those of the present one; else it replaces the whole
   * @throws {ClaspError} BAD_STATE while not started; BAD_OPTION, TOO_LARGE
   */
  sync(state, merge = false) {
    const later = act(this, (host, options) => {
      host.sync(state, merge);
      options.state = merge ? { ...options.state, ...state } : state;
    });
    // While it is still starting there is nobody to throw at.
    later?.catch((error) => {
      if (this.started) this.dispatchEvent(new CustomEvent('error', { detail: { error } }));
    });
  }

  /**
   * Send the tracks of another stream from now on, without a new negotiation. Who made the old one stops its tracks.
   * @param {MediaStream} stream
   * @returns {Promise<void>}
   * @throws {ClaspError} BAD_STATE; NEGOTIATION: it has a track of a kind that was not sent before, which only new
   *   connections will have
   */
  async replaceStream(stream) {
    await act(this, (host, options) => {
      options.stream = stream;
      return host.replaceStream(stream);
    });
  }
}
