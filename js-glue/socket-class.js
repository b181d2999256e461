import { FRAME_MAX } from './abi.gen.js';

/** Close code for a connection that was lost, or never came about. */
const CLOSE_ABNORMAL = 1006;
const CLOSE_NORMAL = 1000;

/** @typedef {InstanceType<typeof globalThis.WebSocket>} Socket the page's, or one of `ws` with the same face */

/**
 * @param {string} url
 * @param {string[]} protocols
 * @returns {Promise<Socket>}
 */
async function connect(url, protocols) {
  if (globalThis.WebSocket) return new WebSocket(url, protocols);
  const name = 'ws'; // a variable: bundlers for the page must not look for it
  const { WebSocket: Class } = await import(/* @vite-ignore */ /* webpackIgnore: true */ name);
  return new Class(url, protocols, { perMessageDeflate: false, maxPayload: FRAME_MAX });
}

/**
 * The WebSocket class that is handed to Emscripten's glue: what it needs of one, no more.
 *
 * Never throws and never calls back inside a call of the glue, so the core is not re-entered. Messages that no frame can
 * fill are dropped before the glue copies them.
 *
 * @param {() => void} arrived called after each event that the glue has taken
 */
export function socketClass(arrived) {
  return class {
    binaryType = 'arraybuffer';
    /** @type {((event: unknown) => void) | null} */ onopen = null;
    /** @type {((event: unknown) => void) | null} */ onmessage = null;
    /** @type {((event: unknown) => void) | null} */ onclose = null;
    onerror = null;
    /** @type {Socket | undefined} */ #socket;
    #isClosed = false;

    /**
     * @param {string} url
     * @param {string[]} protocols
     */
    constructor(url, protocols) {
      connect(url, protocols).then(
        (socket) => this.#adopt(socket),
        () => this.#tell('onclose', { code: CLOSE_ABNORMAL }),
      );
    }

    /** @param {Socket} socket */
    #adopt(socket) {
      this.#socket = socket;
      socket.binaryType = 'arraybuffer';
      socket.onerror = () => {}; // a close follows and says as much
      if (this.#isClosed) return socket.close();
      socket.onopen = () => this.#tell('onopen', {});
      socket.onmessage = ({ data }) => {
        if (data.byteLength <= FRAME_MAX) this.#tell('onmessage', { data }); // text has no byteLength
      };
      socket.onclose = ({ code }) => this.#tell('onclose', { code });
    }

    /**
     * @param {'onopen' | 'onmessage' | 'onclose'} name
     * @param {object} event
     */
    #tell(name, event) {
      this[name]?.({ wasClean: false, reason: '', ...event });
      arrived();
    }

    /** @param {Uint8Array} bytes in the core's memory: copied, since `ws` may keep what it is given */
    send(bytes) {
      if (this.#socket?.readyState === 1) this.#socket.send(bytes.slice());
    }

    /** @param {number} [code] */
    close(code = CLOSE_NORMAL) {
      this.#isClosed = true;
      // Others than these are not for an application to send.
      this.#socket?.close(code >= 3000 && code < 5000 ? code : CLOSE_NORMAL);
      this.#socket = undefined;
    }
  };
}
