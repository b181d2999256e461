/** Sockets that have greeted, for the well-behaved pair and for its attackers. */
import { once } from 'node:events';

import { WebSocket } from 'ws';

import { encode } from '../../web/codec.js';

/** What each token may do. */
export const TOKENS = { pair: ['write:/**'], flood: ['write:/**'], narrow: ['read:/nothing'] };

/**
 * @param {string} url
 * @param {keyof typeof TOKENS} token
 */
export async function join(url, token) {
  const socket = new WebSocket(url, 'clasp', { perMessageDeflate: false });
  socket.on('error', () => {}); // 'close' follows
  await once(socket, 'open');
  const welcomed = once(socket, 'message');
  socket.send(encode({ type: 'HELLO', version: 1, name: token, features: ['param'], token }));
  await welcomed;
  return socket;
}

/** Take what comes in, and forget it. @param {WebSocket} socket */
export const deafen = (socket) => socket.on('message', () => {});
