import { once } from 'node:events';
import { WebSocketServer } from 'ws';
import { Hub } from '../../js-glue/hub.js';

const PATIENCE_MS = 20_000;

/**
 * The next event of a type that satisfies `is`; says what it waited for when none comes.
 * @param {EventTarget} target
 * @param {string} type
 * @param {(detail: any) => boolean} [is]
 * @returns {Promise<any>} its detail; any: by event
 */
export function next(target, type, is = () => true) {
  return new Promise((resolve, reject) => {
    const life = new AbortController();
    const late = new Error(`no "${type}" of ${target.constructor.name} within ${PATIENCE_MS} ms`);
    const timer = setTimeout(() => {
      life.abort();
      reject(late);
    }, PATIENCE_MS);
    const heard = (/** @type {any} */ { detail }) => {
      if (!is(detail)) return;
      clearTimeout(timer);
      life.abort();
      resolve(detail);
    };
    target.addEventListener(type, heard, { signal: life.signal });
  });
}

/**
 * A relay on a free port: the hub's module behind `ws`, nothing else.
 * @param {number} [port]
 */
export async function startHub(port = 0) {
  const server = new WebSocketServer({ host: '127.0.0.1', port, handleProtocols: () => 'clasp' });
  await once(server, 'listening');
  /** @type {Map<number, import('ws').WebSocket>} */
  const sockets = new Map();
  const hub = await Hub.open(
    'test',
    {},
    {
      send: (sessions, frame) => sessions.forEach((it) => sockets.get(it)?.send(frame.slice())),
      close: (session, code) => sockets.get(session)?.close(code),
      tell: () => {},
    },
  );
  server.on('connection', (socket) => {
    const session = hub.connected();
    sockets.set(session, socket);
    socket.on('message', (data) => {
      /** @type {Uint8Array | undefined} */ let rest = /** @type {Buffer} */ (data);
      while (rest) rest = hub.received(session, rest);
    });
    socket.on('close', () => {
      sockets.delete(session);
      hub.disconnected(session);
    });
  });
  const { port: chosen } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `ws://127.0.0.1:${chosen}`,
    port: chosen,
    /** Sends these bytes to every client, as a relay of another mind would. @param {Uint8Array} bytes */
    shout: (bytes) => sockets.forEach((socket) => socket.send(bytes)),
    async stop() {
      for (const socket of sockets.values()) socket.terminate();
      server.close();
      await once(server, 'close');
      hub.close();
    },
  };
}
