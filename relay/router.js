import { WebSocketServer } from 'ws';
import { ClaspError } from '../js-glue/error.js';
import { HUB_METRICS, Hub } from '../js-glue/hub.js';
import { addressOf, hostOf } from './address.js';
import { Backlogs } from './backlog.js';
import { Connection, Corks } from './connection.js';
import { RELAY_METRICS, makeCounters } from './counters.js';
import { Gate } from './gate.js';
import { makeServer } from './http.js';
import { Intake, Turns } from './intake.js';
import { makeLog } from './log.js';

/** @typedef {import('ws').WebSocket} WebSocket */
/** @typedef {import('./index.js').RelayOptions} RelayOptions */

const MAX_BUFFERED = 8 << 20;
const SLOW_MS = 30_000; // a client that takes nothing for so long is cut off

/** Bytes of one message. Longer ones than a frame are looked at, so that they get an answer; these end the connection. */
const MAX_MESSAGE = 256 << 10;

/** What one message may come in: frames of WebSocket, and reads of its socket. Each has its price in memory, however short. */
const MAX_FRAGMENTS = 256;
const MAX_CHUNKS = 8192;

const SUBPROTOCOL = 'clasp';
const GOING_AWAY = 1001;
const POLICY = 1008; // close codes

/** How each event of the hub is told: at which level, and in which words. */
const EVENTS = /** @type {const} */ ({
  opened: { level: 'info', field: 'name' },
  closed: { level: 'info', field: 'name' },
  'given-up': { level: 'warn', field: 'reason' },
});

/** @typedef {{ connection: Connection, intake: Intake, socket: import('node:net').Socket, address: string }} Client */

/** @param {string} text @throws {ClaspError} BAD_OPTION: it is no origin */
function originOf(text) {
  if (text === 'null') return text;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isBare = url && url.host && /^[^:]+:\/\/[^/]*\/?$/.test(text);
  if (!isBare)
    throw new ClaspError('BAD_OPTION', `"${text}" is no origin such as https://example.org`);
  return `${url.protocol}//${url.host}`;
}

/** Connections on one side, the hub's sessions on the other. */
export class Router {
  /** @type {Map<number, Client>} by session */ #clients = new Map();
  #backlogs = new Backlogs();
  #corks = new Corks();
  #turns = new Turns();
  #counters = makeCounters();
  #gate;
  #hub;
  #isOpen;
  #maxBuffered;
  #slowTimeout;
  #origins;
  #tls;
  #trustProxy;
  #sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false, // small frames: it costs more than it saves
    maxPayload: MAX_MESSAGE,
    maxFragments: MAX_FRAGMENTS,
    maxBufferedChunks: MAX_CHUNKS,
    autoPong: false, // see Connection.pong()
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  });

  /** @param {RelayOptions} options */
  static async open(options) {
    const hub = await Hub.open(options.name ?? '', options, {
      send: (sessions, frame) => router.#send(sessions, frame),
      joins: (session) => router.#clients.get(session)?.connection.join(),
      slow: (session) => router.#clients.get(session)?.intake.slow(),
      close: (session, code, reason) => router.#forget(session)?.close(code, reason),
      tell: (session, event, text) => router.#told(session, event, text),
    });
    const router = new Router(hub, options);
    if (options.tokens) router.setTokens(options.tokens);
    return router;
  }

  /**
   * @param {Hub} hub
   * @param {RelayOptions} options
   */
  constructor(hub, options) {
    this.#hub = hub;
    this.#isOpen = !options.tokens;
    this.#gate = new Gate(options, this.#counters);
    this.#maxBuffered = options.maxBuffered ?? MAX_BUFFERED;
    this.#slowTimeout = options.slowTimeout ?? SLOW_MS;
    this.#origins = options.origins?.length ? new Set(options.origins.map(originOf)) : undefined;
    this.#tls = options.tls;
    this.#trustProxy = options.trustProxy ?? false;
    this.log = makeLog(options);
  }

  stats = () => ({ ...this.#hub.stats(), ...this.#counters });

  /** @param {import('../js-glue/hub-tokens.js').Tokens} tokens in place of those of before */
  setTokens(tokens) {
    this.#hub.setTokens(tokens);
    this.#isOpen = false;
  }

  /**
   * @param {import('./rendezvous.js').Rendezvous} [rendezvous] that it serves, too
   * @returns a server whose WebSockets, on any path, are clients
   */
  makeServer(rendezvous) {
    const server = makeServer({
      gate: this.#gate,
      counters: this.#counters,
      metrics: [...HUB_METRICS, ...RELAY_METRICS],
      stats: this.stats,
      isOpen: () => this.#isOpen,
      isAdmin: (token) => this.#hub.isAdmin(token),
      tls: this.#tls,
      rendezvous,
    });
    return server.on('upgrade', (request, duplex, head) => {
      const socket = /** @type {import('node:net').Socket} */ (duplex);
      this.#gate.asked(socket);
      const address = addressOf(request, this.#trustProxy);
      if (!this.#isAllowed(request.headers.origin)) {
        this.#counters.origin_refused_total++;
        this.log(
          'warn',
          'origin-refused',
          `the origin ${JSON.stringify(request.headers.origin)} was refused, from ${address}`,
          { address },
        );
        return socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
      }
      this.#sockets.handleUpgrade(request, socket, head, (ws) => this.#accept(ws, socket, address));
    });
  }

  /** @param {string | undefined} origin none: not a browser */
  #isAllowed(origin) {
    return origin === undefined || !this.#origins || this.#origins.has(origin.toLowerCase());
  }

  /**
   * @param {number} session
   * @param {keyof typeof EVENTS} event
   * @param {string} text
   */
  #told(session, event, text) {
    const { level, field } = EVENTS[event];
    const client = this.#clients.get(session);
    if (event === 'opened' && client) this.#gate.greeted(client.socket);
    const address = client?.address;
    const from = event !== 'closed' && address ? ` from ${address}` : '';
    const quoted = text && ` ${JSON.stringify(text)}`;
    this.log(level, `session-${event}`, `session ${session} ${event}${quoted}${from}`, {
      session,
      ...(address && { address }),
      ...(text && { [field]: text }),
    });
  }

  /**
   * @param {WebSocket} ws
   * @param {import('node:net').Socket} socket
   * @param {string} address
   */
  #accept(ws, socket, address) {
    const connection = new Connection(ws, socket, {
      corks: this.#corks,
      backlogs: this.#backlogs,
      maxBuffered: this.#maxBuffered,
      slowTimeout: this.#slowTimeout,
      caughtUp: (count) => this.#guard(() => this.#hub.leftOut(session, count)),
    });
    ws.on('error', ({ message }) => {
      this.log('info', 'connection-failed', `a connection failed: ${message}`, { address });
      connection.cutSoon();
    });
    let session = 0;
    try {
      session = this.#hub.connected(hostOf(address));
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      this.log(
        'warn',
        'connection-refused',
        `a connection was refused from ${address}: ${message}`,
        {
          address,
        },
      );
      return connection.close(POLICY, message);
    }
    ws.on('ping', (data) => connection.pong(data));
    const intake = new Intake(ws, socket, this.#turns, (message) => {
      if (!this.#clients.has(session))
        intake.slow(); // it was closed
      else return this.#take(session, message);
    });
    this.#clients.set(session, { connection, intake, socket, address });
    ws.on('close', () => {
      this.#guard(() => this.#hub.disconnected(session));
      this.#forget(session);
    });
  }

  /**
   * @param {number} session
   * @param {Uint8Array} message
   * @returns {Uint8Array | undefined} what is left of it for another turn
   */
  #take(session, message) {
    let rest;
    this.#guard(() => (rest = this.#hub.received(session, message)));
    return rest;
  }

  /**
   * @param {Uint32Array} sessions
   * @param {Uint8Array} frame
   */
  #send(sessions, frame) {
    for (const session of sessions) this.#clients.get(session)?.connection.send(frame);
  }

  /** @param {number} session */
  #forget(session) {
    const client = this.#clients.get(session);
    this.#clients.delete(session);
    return client?.connection;
  }

  /**
   * What a call into the hub could not do (no memory is left, say) is the log's to know, and no reason to end.
   * @param {() => void} call
   */
  #guard(call) {
    try {
      call();
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      this.log('error', 'hub-failed', `the hub could not do its work: ${message}`);
    }
  }

  close() {
    for (const { connection } of this.#clients.values()) {
      connection.close(GOING_AWAY, 'the relay is closing');
    }
    this.#hub.close();
  }
}
