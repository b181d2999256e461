import { FRAME_MAX, SUBPROTOCOL } from './abi.gen.js';

/** Close code for a connection that was lost, or never came about. */
const CLOSE_ABNORMAL = 1006;
const CLOSE_NORMAL = 1000;
const OPEN = 1; // of readyState; closing and closed are above

/** @typedef {InstanceType<typeof globalThis.WebSocket>} Socket the page's, or one of `ws` with the same face */

/**
 * @param {string} url
 * @param {string[]} protocols
 * @returns {Promise<Socket>}
 */
async function connect(url, protocols) {
  const socket = globalThis.WebSocket
    ? new WebSocket(url, protocols)
    : await connectInNode(url, protocols);
  socket.binaryType = 'arraybuffer';
  socket.onerror = () => {}; // a close follows and says as much
  return socket;
}

/**
 * @param {string} url
 * @param {string[]} protocols
 */
async function connectInNode(url, protocols) {
  const name = 'ws'; // a variable: bundlers for the page must not look for it
  const { WebSocket: Class } = await import(/* @vite-ignore */ /* webpackIgnore: true */ name);
  return new Class(url, protocols, { perMessageDeflate: false, maxPayload: FRAME_MAX });
}

/**
 * `ws` writes every message by a system call of its own. Those of one turn leave together: hold the stream under a socket until
 * the turn is over.
 * @param {Socket & {_socket?: import('node:stream').Writable}} socket a page's has no such stream
 */
function holdBack({ _socket: stream }) {
  if (!stream || stream.writableCorked > 0) return;
  stream.cork();
  queueMicrotask(() => stream.uncork());
}

/** Connections that were begun before the core asked for them, by URL. @type {Map<string, Promise<Socket>>} */
const begun = new Map();

/**
 * Begin the connection that the core is going to ask for: the time of its handshake is that of loading the core. The first
 * socket that the core opens to that very URL takes it over.
 *
 * @param {string} url
 * @returns {() => void} to be called in the end: closes it, unless it was taken over
 */
export function preconnect(url) {
  if (begun.has(url)) return () => {};
  const connection = connect(url, [SUBPROTOCOL]);
  begun.set(url, connection);
  connection.catch(() => {}); // whoever takes it over is told
  const close = (/** @type {Socket} */ socket) => socket.close();
  return () => {
    if (begun.get(url) === connection && begun.delete(url)) connection.then(close, () => {});
  };
}

/** @param {string} url */
function takeOver(url) {
  const connection = begun.get(url);
  begun.delete(url);
  return connection;
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
      (takeOver(url) ?? connect(url, protocols)).then(
        (socket) => this.#adopt(socket),
        () => this.#tell('onclose', { code: CLOSE_ABNORMAL }),
      );
    }

    /** @param {Socket} socket */
    #adopt(socket) {
      this.#socket = socket;
      if (this.#isClosed) return socket.close();
      socket.onopen = () => this.#tell('onopen', {});
      socket.onmessage = ({ data }) => {
        if (data.byteLength <= FRAME_MAX) this.#tell('onmessage', { data }); // text has no byteLength
      };
      socket.onclose = ({ code }) => this.#tell('onclose', { code });
      // One that was begun earlier may be further. A relay says nothing before it was greeted, so no message is missed.
      if (socket.readyState === OPEN) this.#tell('onopen', {});
      if (socket.readyState > OPEN) this.#tell('onclose', { code: CLOSE_ABNORMAL });
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
      if (this.#socket?.readyState !== OPEN) return;
      holdBack(this.#socket);
      this.#socket.send(bytes.slice());
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
