/**
 * The least that a relay can be: every message as it came to everybody else, by `ws` and nothing more. HELLO is welcomed, so that
 * clients of CLASP take it for a relay; it knows no params, no subscriptions, no ACK.
 */
import { WebSocketServer } from 'ws';

import { encode, ready } from '../../web/codec.js';
import { serveParent } from './child.mjs';

const TYPE_AT = 4; // of a frame without a timestamp
const HELLO = 0x01;
const PUBLISH = 0x20;
const SET = 0x21;

await ready();
const SESSION = '00000000-0000-4000-8000-000000000000';
const features = ['param', 'event', 'stream'];
const name = 'bare';
const welcome = encode({ type: 'WELCOME', version: 1, session: SESSION, name, features, time: 0 });
const snapshot = encode({ type: 'SNAPSHOT', params: [] });

/** @type {Set<import('ws').WebSocket>} */
const sockets = new Set();

const server = new WebSocketServer({
  port: 0,
  host: '127.0.0.1',
  perMessageDeflate: false,
  clientTracking: false,
  handleProtocols: () => 'clasp',
});

server.on('connection', (socket) => {
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
  socket.on('message', (/** @type {Buffer} */ message) => {
    const type = message[TYPE_AT];
    if (type === SET || type === PUBLISH) {
      for (const other of sockets) if (other !== socket) other.send(message);
    } else if (type === HELLO) {
      socket.send(welcome);
      socket.send(snapshot);
    }
  });
});

server.on('listening', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  serveParent(`ws://127.0.0.1:${port}`);
});
