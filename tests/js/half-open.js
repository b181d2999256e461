/** Connections that come to nothing, held by a process of their own: `half-open.js PORT COUNT`. Not a test: started by one. */
import { once } from 'node:events';
import { connect } from 'node:net';

const KINDS = [
  '', // nothing at all
  'GET / HTTP/1.1\r\nHost: relay\r\nUpgrade: websocket\r\nX-Half: ',
  'GET / HTTP/1.1\r\nHost: relay\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n', // a WebSocket without HELLO
];
const AT_ONCE = 200;
const PER_ADDRESS = 250; // below what one address may have, so that the bound of all is met

const port = Number(process.argv[2]);
const count = Number(process.argv[3]);
/** @type {Set<import('node:net').Socket>} */ const held = new Set();

/** @param {number} i */
async function open(i) {
  const address = Math.floor(i / PER_ADDRESS);
  const localAddress = `127.1.${address >> 8}.${(address & 0xff) + 1}`;
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  socket.on('error', () => {}).resume();
  socket.on('close', () => held.delete(socket));
  held.add(socket);
  await once(socket, 'connect').catch(() => {});
  socket.write(KINDS[i % KINDS.length]);
}

process.on('message', () => process.send?.({ held: held.size }));
process.on('disconnect', () => process.exit(0));
for (let i = 0; i < count; i += AT_ONCE)
  await Promise.all(Array.from({ length: AT_ONCE }, (_, j) => open(i + j)));
process.send?.({ held: held.size });
