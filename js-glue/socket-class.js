import { FRAME_MAX, SUBPROTOCOL } from './abi.gen.js';

/** Close code for a connection that was lost, or never came about. */
const CLOSE_ABNORMAL = 1006;
const CLOSE_NORMAL = 1000;
const LENGTH = 4; // bytes of the length before a message
const GATHER_MAX = 256 << 10; // bytes of messages that come together
const OPEN = 1; // of readyState; closing and closed are above

/** @typedef {InstanceType<typeof globalThis.WebSocket>} Socket the page's, or one of `ws` with the same face */

/** True of one of `ws`. @param {object} socket @returns {socket is import('ws').WebSocket} */
const isOfNode = (socket) => 'on' in socket;

/**
 * @param {string} url
 * @param {string[]} protocols
 * @returns {Promise<Socket>}
 */
async function connect(url, protocols) {
  const socket = globalThis.WebSocket
    ? new WebSocket(url, protocols)
    : await connectInNode(url, protocols);
  socket.binaryType = isOfNode(socket)
    ? /** @type {any} its own views, not copies */ ('nodebuffer')
    : 'arraybuffer';
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
 * Messages, each behind its length.
 * @param {Uint8Array[]} messages
 * @param {number} len bytes of all, with their lengths
 */
function joined(messages, len) {
  const all = new Uint8Array(len);
  const view = new DataView(all.buffer);
  let at = 0;
  for (const message of messages) {
    view.setUint32(at, message.length);
    all.set(message, at + LENGTH);
    at += LENGTH + message.length;
  }
  return all;
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
 * @param {(isMany: boolean) => void} arrived called after each event that the glue has taken; `isMany`: it was several messages,
 *   each behind its length
 * @param {boolean} [gathers] messages of one turn may come together
 */
export function socketClass(arrived, gathers = false) {
  return class {
    binaryType = 'arraybuffer';
    /** @type {((event: unknown) => void) | null} */ onopen = null;
    /** @type {((event: unknown) => void) | null} */ onmessage = null;
    /** @type {((event: unknown) => void) | null} */ onclose = null;
    onerror = null;
    /** @type {Socket | undefined} */ #socket;
    #isClosed = false;
    /** @type {Uint8Array[]} */ #gathered = [];
    #gatheredLen = 0;

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
      if (isOfNode(socket))
        socket.on('message', (data, isBinary) => isBinary && this.#receive(data));
      else socket.onmessage = ({ data }) => this.#receive(data);
      socket.onclose = ({ code }) => this.#tell('onclose', { code });
      // One that was begun earlier may be further. A relay says nothing before it was greeted, so no message is missed.
      if (socket.readyState === OPEN) this.#tell('onopen', {});
      if (socket.readyState > OPEN) this.#tell('onclose', { code: CLOSE_ABNORMAL });
    }

    /** @param {any} data any: text has no byteLength, and means nothing */
    #receive(data) {
      if (!(data.byteLength <= FRAME_MAX)) return;
      if (!gathers) return this.#tell('onmessage', { data });
      if (this.#gatheredLen + data.byteLength > GATHER_MAX) this.#handOver();
      if (this.#gathered.length === 0) queueMicrotask(() => this.#handOver());
      this.#gathered.push(data instanceof ArrayBuffer ? new Uint8Array(data) : data);
      this.#gatheredLen += data.byteLength + LENGTH;
    }

    /** What was gathered: one message as it is, several behind their lengths. */
    #handOver() {
      const messages = this.#gathered;
      if (messages.length === 0) return;
      const data = messages.length === 1 ? messages[0] : joined(messages, this.#gatheredLen);
      this.#gathered = [];
      this.#gatheredLen = 0;
      this.#tell('onmessage', { data }, messages.length > 1);
    }

    /**
     * @param {'onopen' | 'onmessage' | 'onclose'} name
     * @param {object} event
     * @param {boolean} [isMany]
     */
    #tell(name, event, isMany = false) {
      if (name === 'onclose') this.#handOver();
      this[name]?.({ wasClean: false, reason: '', ...event });
      arrived(isMany);
    }

    /** @param {Uint8Array} bytes in the core's memory: copied by a page's socket, and for `ws`, which may keep what it is given */
    send(bytes) {
      if (this.#socket?.readyState === OPEN)
        this.#socket.send(isOfNode(this.#socket) ? Buffer.from(bytes) : bytes);
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
