/** WebRTC in Node: the package @roamhq/wrtc, and what it needs beside it. */
import wrtc from '@roamhq/wrtc';

const LOOK_MS = 250;

/** What can change without an event. */
const STATES = /** @type {const} */ (['connectionState', 'iceConnectionState']);

/**
 * @roamhq/wrtc 0.10 crashes when Node takes it down at the end of a process that has nothing left to do; process.exit()
 * spares it that. Other listeners of `beforeExit` have a turn first: what they begin is waited for.
 */
process.once('beforeExit', () => {
  setImmediate(() => process.once('beforeExit', () => process.exit()));
});

const refuse = () => {
  throw new DOMException('the connection is closed', 'InvalidStateError');
};

/**
 * A connection whose changes of state are all told, and which may be closed before a channel's send(): @roamhq/wrtc 0.10
 * leaves out changes that ICE has no part in, and some others, and crashes when it sends as its channel is taken down.
 */
export const RTCPeerConnection = /** @type {typeof globalThis.RTCPeerConnection} */ (
  /** @type {unknown} */ (
    class extends wrtc.RTCPeerConnection {
      /** @type {Record<string, string>} what was told last */ #told = {};
      #timer = setInterval(() => this.#look(), LOOK_MS).unref();
      /** Those that have not closed. @type {Set<RTCDataChannel>} */ #channels = new Set();

      /** @param {RTCConfiguration} [config] */
      constructor(config) {
        super(config);
        for (const name of STATES) {
          this.#told[name] = this[name];
          this.addEventListener(`${name.toLowerCase()}change`, () => this.#heard(name));
        }
        this.addEventListener('datachannel', ({ channel }) => this.#keep(channel));
      }

      /** @override @param {string} label @param {RTCDataChannelInit} [options] */
      createDataChannel(label, options) {
        return this.#keep(super.createDataChannel(label, options));
      }

      /** @override */
      close() {
        clearInterval(this.#timer);
        for (const channel of this.#channels) channel.send = refuse;
        this.#channels.clear();
        super.close();
      }

      /** @param {RTCDataChannel} channel */
      #keep(channel) {
        this.#channels.add(channel);
        channel.addEventListener('close', () => this.#channels.delete(channel));
        return channel;
      }

      /** @param {typeof STATES[number]} name */
      #heard(name) {
        this.#told[name] = this[name];
        if (this.connectionState === 'closed') clearInterval(this.#timer);
      }

      #look() {
        for (const name of STATES) {
          const type = `${name.toLowerCase()}change`;
          if (this[name] !== this.#told[name])
            this.dispatchEvent(/** @type {any} */ ({ type, target: this }));
        }
      }
    }
  )
);
