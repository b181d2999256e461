/** One kind of attack on a relay, in a process of its own: `attacker.mjs KIND URL`. It says when it has begun, and ends with its parent. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { constants, setPriority } from 'node:os';
import { setImmediate as turn } from 'node:timers/promises';

import { WebSocket } from 'ws';

import { encode, ready } from '../../web/codec.js';
import { deafen, join } from './clients.mjs';

const SOCKETS = 4; // of a flood
const BURST = 64; // messages of one turn
const HALF_OPEN = 300; // connections: more than one address may have
const VECTORS = new URL('../../tests/vectors/malformed.json', import.meta.url);

/** @typedef {import('../../web/codec.js').Message} Message */

/**
 * As fast as the relay takes it, until the socket is gone; without a turn of the processor while it takes nothing.
 * @param {WebSocket} socket
 * @param {(i: number, left: () => void) => void} send `left` is called when the message has left this process, or never will
 */
async function pour(socket, send) {
  for (let i = 0; socket.readyState === WebSocket.OPEN; await turn()) {
    await new Promise((resolve) => {
      const left = () => {
        if (--waiting === 0) resolve(undefined);
      };
      let waiting = BURST;
      for (let n = BURST; n > 0; n--) send(i++, left);
    });
  }
}

/**
 * Some sockets that pour all the time; one that the relay has closed comes back.
 * @param {string} url
 * @param {(i: number) => Uint8Array | string} message
 * @param {'flood' | 'narrow'} [token]
 */
function flood(url, message, token = 'flood') {
  return Promise.all(
    Array.from({ length: SOCKETS }, async () => {
      let begun = await join(url, token);
      deafen(begun);
      const again = async () => {
        for (;;) {
          await pour(begun, (i, left) => begun.send(message(i), left));
          begun = await join(url, token).catch(() => begun);
          deafen(begun);
        }
      };
      void again();
    }),
  );
}

/** @param {string} url */
function malformed(url) {
  const { vectors } = JSON.parse(readFileSync(VECTORS, 'utf8'));
  const frames = vectors.map((/** @type {{ frame_hex: string }} */ { frame_hex }) =>
    Buffer.from(frame_hex, 'hex'),
  );
  return flood(url, (i) => frames[i % frames.length]);
}

/** @param {string} url messages that are longer than any frame, and some that end their connection */
function oversized(url) {
  const long = Buffer.alloc(200 << 10, 0x53);
  const tooLong = Buffer.alloc(300 << 10, 0x53);
  return flood(url, (i) => (i % 64 === 63 ? tooLong : long));
}

/** @param {string} url subscribers that do not read, and who publishes for them */
async function slowReaders(url) {
  const subscribe = encode({ type: 'SUBSCRIBE', id: 1, pattern: '/slow/**', types: ['event'] });
  for (let i = 0; i < 16; i++) {
    const reader = await join(url, 'flood');
    reader.send(subscribe);
    reader.pause();
  }
  const value = new Uint8Array(1000);
  await flood(url, (i) => encode({ type: 'PUBLISH', address: `/slow/${i % 64}`, value }));
}

/** @param {string} url */
function subscriptions(url) {
  return flood(url, (i) =>
    i % 3 === 2
      ? encode({ type: 'UNSUBSCRIBE', id: i - 1 })
      : encode({ type: 'SUBSCRIBE', id: i, pattern: `/flood/${i}/*`, types: ['param', 'event'] }),
  );
}

/** @param {string} url */
function addresses(url) {
  return flood(url, (i) =>
    encode({ type: i % 2 ? 'SET' : 'PUBLISH', address: `/flood/${i}`, value: i }),
  );
}

/** @param {string} url every type of message that the scopes of its sender do not cover */
function scope(url) {
  /** @type {Message[]} */
  const messages = [
    { type: 'SET', address: '/flood', value: 1 },
    { type: 'PUBLISH', address: '/flood', value: 1 },
    { type: 'GET', address: '/flood' },
    { type: 'SUBSCRIBE', id: 1, pattern: '/**' },
    { type: 'REPLAY', pattern: '/**' },
    { type: 'BUNDLE', messages: [{ type: 'SET', address: '/flood', value: 1 }] },
  ];
  const frames = messages.map((message) => encode(message));
  return flood(url, (i) => frames[i % frames.length], 'narrow');
}

/** What half a handshake may be. */
const HALVES = [
  '',
  'GET / HTTP/1.1\r\nHost: relay\r\nUpgrade: websocket\r\n',
  'GET / HTTP/1.1\r\nHost: relay\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
];

/** @param {string} url connections that come to nothing; a new one for each that is ended */
async function handshakes(url) {
  const { hostname, port } = new URL(url);
  const open = (/** @type {number} */ i) => {
    const socket = connect(Number(port), hostname, () => socket.write(HALVES[i % HALVES.length]));
    socket.on('error', () => {}).resume();
    socket.on('close', () => setTimeout(open, 10, i));
    return socket;
  };
  const first = Array.from({ length: HALF_OPEN }, (_, i) => open(i));
  await once(first[0], 'connect');
}

/** @param {string} url runs of frames in one message, as a client of this package may send them */
async function joined(url) {
  const ping = encode({ type: 'PING' });
  const run = Buffer.alloc(65_000, ping);
  const broken = Buffer.concat([Buffer.alloc(30_000, ping), Buffer.from([0x53, 1, 0xff])]);
  let clients = 0;
  await flood(url, (i) => {
    if (i % 1024) return i % 2 ? run : broken;
    const secret = (++clients).toString(16).padStart(32, '0');
    return encode({ type: 'GET', address: `/clasp/session/${secret}` });
  });
}

/** @param {string} url WebSocket PINGs, whose answers nobody reads */
async function pings(url) {
  for (let i = 0; i < SOCKETS; i++) {
    const socket = await join(url, 'flood');
    socket.pause();
    const payload = Buffer.alloc(125);
    void pour(socket, (_, left) => socket.ping(payload, undefined, left));
  }
}

/** @type {Record<string, (url: string) => Promise<unknown>>} */
const KINDS = {
  malformed,
  text: (url) => flood(url, () => 'neither here nor there'),
  oversized,
  'slow-readers': slowReaders,
  subscriptions,
  addresses,
  scope,
  handshakes,
  joined,
  pings,
};

setPriority(constants.priority.PRIORITY_LOW);
process.on('disconnect', () => process.exit(0));
const [, , kind, url] = process.argv;
await ready();
await KINDS[kind](url);
process.send?.('begun');
