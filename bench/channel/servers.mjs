/** What carries the contestants' signalling, all on the loopback interface and in this process. */
import { once } from 'node:events';

import { WebSocketServer } from 'ws';

import { startRelay } from '../../relay/index.js';

/** @typedef {{relay: string, forwarder: string, peerServer: string}} Urls ws://… of each */

/**
 * @param {(socket: import('ws').WebSocket, url: URL) => void} serve a socket that has just come
 * @returns {Promise<{url: string, close: () => void}>}
 */
async function listen(serve) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  server.on('connection', (socket, request) => {
    socket.on('error', () => {}); // a tab that is gone
    serve(socket, new URL(request.url ?? '/', 'ws://localhost'));
  });
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} of TCP */ (server.address());
  return {
    url: `ws://127.0.0.1:${port}`,
    close() {
      for (const socket of server.clients) socket.terminate();
      server.close();
    },
  };
}

/** The least that signalling can be: texts go, as they came, to everybody else on the same path. */
function startForwarder() {
  /** @type {Map<string, Set<import('ws').WebSocket>>} */
  const rooms = new Map();
  return listen((socket, { pathname }) => {
    const room = rooms.get(pathname) ?? new Set();
    rooms.set(pathname, room.add(socket));
    socket.on('close', () => room.delete(socket));
    socket.on('message', (data) => {
      for (const other of room) if (other !== socket) other.send(String(data));
    });
  });
}

/** What peerjs needs of a PeerServer: OPEN to whom has come, and each message to the peer that it names. */
function startPeerServer() {
  /** @type {Map<string, import('ws').WebSocket>} */
  const peers = new Map();
  return listen((socket, { searchParams }) => {
    const src = String(searchParams.get('id'));
    peers.set(src, socket);
    socket.on('close', () => peers.delete(src));
    socket.on('message', (data) => {
      const message = JSON.parse(String(data));
      peers.get(message.dst)?.send(JSON.stringify({ ...message, src }));
    });
    socket.send(JSON.stringify({ type: 'OPEN' }));
  });
}

/** @returns {Promise<{urls: Urls, close: () => Promise<void>}>} */
export async function startServers() {
  const relay = await startRelay({ port: 0, log: () => {}, messagesPerSecond: 1_000_000 });
  const [forwarder, peerServer] = await Promise.all([startForwarder(), startPeerServer()]);
  return {
    urls: { relay: relay.url, forwarder: forwarder.url, peerServer: peerServer.url },
    async close() {
      forwarder.close();
      peerServer.close();
      await relay.close();
    },
  };
}
