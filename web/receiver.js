import { Conference, uuid } from './conference.js';

/** @typedef {import('./conference.js').Peer} Peer */
/** @typedef {import('./error.js').ClaspError} ClaspError */

/**
 * @typedef {object} ReceiverOnly
 * @property {number} [pingInterval] seconds between looks for Senders, the longest wait; 30; 0: none
 * @property {number} [pingAttempts] looks after the last connection is gone; 10
 * @property {number} [queueSize] messages that may wait for each peer's channel; 10
 */

/** @typedef {import('./conference.js').ConferenceOptions & ReceiverOnly} ReceiverOptions */

/**
 * @typedef {object} ReceiverStart
 * @property {string} [room] 'default'
 * @property {any} [credentials] for the Sender's verify(); any: anything JSON can say
 * @property {AbortSignal} [signal] stops when it aborts
 */

/** @typedef {{id: string, peer: RTCPeerConnection, state: any}} ReceiverDetail any: the state that the Sender has told */

/**
 * @typedef {object} ReceiverEvents by name, what `detail` holds
 * @property {ReceiverDetail & {stream: MediaStream}} stream media arrive
 * @property {ReceiverDetail & {channel: RTCDataChannel}} channel the data channel is open
 * @property {ReceiverDetail & {message: string | ArrayBuffer}} message
 * @property {ReceiverDetail} sync the Sender's state has changed
 * @property {ReceiverDetail} connect the connection stands
 * @property {ReceiverDetail} recovering its path broke; another one is being looked for
 * @property {ReceiverDetail} recovered it stands again
 * @property {ReceiverDetail & {error?: ClaspError}} dispose it is over; without `error`: in order
 * @property {{id?: string, error: ClaspError}} error a fault that ends nothing
 */

/** @typedef {import('./conference.js').TypedConference<ReceiverEvents>} Base */

const Base = /** @type {Base} */ (/** @type {unknown} its listeners take any event */ (Conference));

/** Finds the Senders of a room and takes what they publish. */
export class Receiver extends Base {
  /**
   * @param {ReceiverOptions} options
   * @throws {ClaspError} BAD_OPTION
   */
  constructor(options) {
    super(options, {
      role: 'RECEIVER',
      newId: uuid,
      config: ({ credentials }) => ({ credentials }),
      detail: ({ id, peer, remoteState }) => ({ id, peer, state: remoteState }),
    });
  }

  /**
   * Begin.
   * @override
   * @param {ReceiverStart} [options]
   * @returns {Promise<void>} resolved when it listens. May be ignored: an `error` event says what it is rejected with
   */
  start(options) {
    return super.start(options ?? {});
  }
}
