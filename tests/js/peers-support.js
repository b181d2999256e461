/** For tests of data-channel peers: real WebRTC whose paths can be cut, and waiting for what on() tells. */
import { RTCPeerConnection } from '../../js-glue/rtc-node.js';

const PATIENCE_MS = 20_000;

/** @typedef {{on: (type: any, listener: (...args: any[]) => void) => () => void}} Emits any: by class */

/**
 * The next time that listeners of on() are called, and what with.
 * @param {Emits} emitter
 * @param {string} type an event, or a pattern of a peer
 * @param {(...args: any[]) => boolean} [is] any: by event
 * @returns {Promise<any[]>} any: by event
 */
export function told(emitter, type, is = () => true) {
  return new Promise((resolve, reject) => {
    const late = new Error(`no "${type}" of ${emitter.constructor.name} within ${PATIENCE_MS} ms`);
    const timer = setTimeout(() => reject(late), PATIENCE_MS);
    const off = emitter.on(type, (...args) => {
      if (!is(...args)) return;
      clearTimeout(timer);
      queueMicrotask(() => off());
      resolve(args);
    });
  });
}

/**
 * Resolved as soon as `is` holds, which is asked now and each time that one of the events comes.
 * @param {Emits} emitter
 * @param {string[]} types
 * @param {() => unknown} is
 */
export function until(emitter, types, is) {
  return new Promise((/** @type {(done?: void) => void} */ resolve, reject) => {
    const late = new Error(`none of "${types.join()}" was enough within ${PATIENCE_MS} ms`);
    const timer = setTimeout(() => reject(late), PATIENCE_MS);
    const look = () => {
      if (!is()) return;
      clearTimeout(timer);
      queueMicrotask(() => ends.forEach((end) => end()));
      resolve();
    };
    const ends = types.map((type) => emitter.on(type, look));
    look();
  });
}

/** A network of its own for one side: as long as it is off, ICE finds no path; cutting it ends the paths there are. */
export class Network {
  isOff = false;
  /** @type {Set<RTCPeerConnection>} */ #connections = new Set();

  /** For the option `rtc`. */
  rtc = { RTCPeerConnection: this.#connectionClass() };

  #connectionClass() {
    const all = this.#connections;
    const isOff = () => this.isOff;
    return class extends RTCPeerConnection {
      /** @param {RTCConfiguration} [config] */
      constructor(config) {
        super({ ...config, iceServers: [] });
        all.add(this);
      }

      /** @override @param {any} description any: as the standard has it */
      setRemoteDescription(description) {
        const { type, sdp } = description;
        const known = isOff() ? sdp.replace(/^a=candidate:.*\r\n/gm, '') : sdp;
        return super.setRemoteDescription({ type, sdp: known });
      }

      /** @override @param {any} candidate any: as the standard has it */
      async addIceCandidate(candidate) {
        if (!isOff()) await super.addIceCandidate(candidate);
      }

      /** @override */
      close() {
        all.delete(this);
        super.close();
      }
    };
  }

  /** All paths end at once, without a word to whoever uses them, and none is found until plug(). */
  cut() {
    this.isOff = true;
    for (const connection of [...this.#connections]) connection.close();
  }

  plug() {
    this.isOff = false;
  }
}
