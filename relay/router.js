import { WebSocketServer } from 'ws';
import { Hub } from '../js-glue/hub.js';
import { Connection, Corks } from './connection.js';

/** @typedef {import('ws').WebSocket} WebSocket */
/** @typedef {import('./index.js').RelayOptions} RelayOptions */

const MAX_BUFFERED = 8 << 20;

/** Bytes of one message. Longer ones than a frame are looked at, so that they get an answer; these end the connection. */
const MAX_MESSAGE = 256 << 10;

const SUBPROTOCOL = 'clasp';
const GOING_AWAY = 1001;
const POLICY = 1008; // close codes

/** Connections on one side, the hub's sessions on the other. */
export class Router {
  /** @type {Map<number, Connection>} by session */ #connections = new Map();
  #corks = new Corks();
  #hub;
  #log;
  #maxBuffered;
  #sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false, // small frames: it costs more than it saves
    maxPayload: MAX_MESSAGE,
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  });

  /** @param {RelayOptions} options */
  static async open(options) {
    const hub = await Hub.open(options.name ?? '', options, {
      send: (sessions, frame) => router.#send(sessions, frame),
      joins: (session) => router.#connections.get(session)?.join(),
      close: (session, code, reason) => router.#forget(session)?.close(code, reason),
      tell: (session, event, text) =>
        router.#log(`session ${session} ${event}${text && ` ${JSON.stringify(text)}`}`),
    });
    const router = new Router(hub, options);
    return router;
  }

  /**
   * @param {Hub} hub
   * @param {RelayOptions} options
   */
  constructor(hub, { log = () => {}, maxBuffered = MAX_BUFFERED }) {
    this.#hub = hub;
    this.#log = log;
    this.#maxBuffered = maxBuffered;
  }

  stats = () => this.#hub.stats();

  /**
   * @param {import('node:http').Server} server whose WebSockets, on any path, are clients
   * @returns the same
   */
  serve(server) {
    return server.on('upgrade', (request, socket, head) => {
      this.#sockets.handleUpgrade(request, socket, head, (ws) =>
        this.#accept(ws, /** @type {import('node:net').Socket} */ (socket)),
      );
    });
  }

  /**
   * @param {WebSocket} ws
   * @param {import('node:net').Socket} socket
   */
  #accept(ws, socket) {
    ws.on('error', (error) => this.#log(`a connection failed: ${error.message}`)); // 'close' follows
    const connection = new Connection(ws, socket, {
      corks: this.#corks,
      maxBuffered: this.#maxBuffered,
      caughtUp: (count) => this.#guard(() => this.#hub.leftOut(session, count)),
    });
    let session = 0;
    try {
      session = this.#hub.connected();
    } catch (error) {
      return connection.close(POLICY, /** @type {Error} */ (error).message);
    }
    this.#connections.set(session, connection);
    ws.on('message', (data, isBinary) => {
      if (isBinary && this.#connections.has(session)) {
        this.#guard(() => this.#hub.received(session, /** @type {Buffer} */ (data)));
      }
    });
    ws.on('close', () => {
      this.#forget(session);
      this.#guard(() => this.#hub.disconnected(session));
    });
  }

  /**
   * @param {Uint32Array} sessions
   * @param {Uint8Array} frame
   */
  #send(sessions, frame) {
    for (const session of sessions) this.#connections.get(session)?.send(frame);
  }

  /** @param {number} session */
  #forget(session) {
    const connection = this.#connections.get(session);
    this.#connections.delete(session);
    return connection;
  }

  /**
   * What a call into the hub could not do (no memory is left, say) is the log's to know, and no reason to end.
   * @param {() => void} call
   */
  #guard(call) {
    try {
      call();
    } catch (error) {
      this.#log(`the hub could not do its work: ${/** @type {Error} */ (error).message}`);
    }
  }

  close() {
    for (const connection of this.#connections.values()) {
      connection.close(GOING_AWAY, 'the relay is closing');
    }
    this.#hub.close();
  }
}
