/** Who takes part at the clients' side: each opens a receiver and a sender on a relay, and says what sending one SET is. */
import { once } from 'node:events';

import { Clasp as TheirClasp } from '@clasp-to/core';
import { WebSocket } from 'ws';

import { encode } from '../../web/codec.js';
import { Clasp } from '../../web/clasp.js';

/** @typedef {{send: (i: number) => void, close: () => void}} Pair */
/** @typedef {(url: string, arrived: () => void, subscriptions: number) => Promise<Pair>} Contestant */

const ADDRESSES = 64;

/** @param {number} i */
const addressOf = (i) => `/bench/device/${i % ADDRESSES}/level`;

const VALUES = Float64Array.from({ length: 1024 }, () => Math.random());

/** @param {number} i */
const valueOf = (i) => VALUES[i & 1023];

/** What a receiver subscribes to: the one pattern that counts, then as many others of the same kind. @param {number} count */
const patternsOf = (count) =>
  Array.from({ length: count }, (_, i) => (i === 0 ? '/bench/device/**' : `/other/${i}/*`));

/**
 * A socket that has greeted, and subscribed to some patterns.
 * @param {string} url
 * @param {string[]} patterns
 */
export async function rawClient(url, patterns) {
  const socket = new WebSocket(url, 'clasp', { perMessageDeflate: false });
  await once(socket, 'open');
  const welcomed = once(socket, 'message');
  socket.send(encode({ type: 'HELLO', version: 1, name: 'raw', features: ['param'] }));
  await welcomed;
  patterns.forEach((pattern, i) =>
    socket.send(encode({ type: 'SUBSCRIBE', id: i + 1, pattern, types: ['param'] })),
  );
  return socket;
}

/** Raw sockets whose messages were encoded before. @type {Contestant} */
export async function raw(url, arrived, subscriptions) {
  const receiver = await rawClient(url, patternsOf(subscriptions));
  const sender = await rawClient(url, []);
  const frames = Array.from({ length: 1024 }, (_, i) =>
    encode({ type: 'SET', address: addressOf(i), value: valueOf(i) }),
  );
  await settled(url);
  receiver.on('message', (/** @type {Buffer} */ data) => {
    if (data[4] === 0x21) arrived(); // a SET
  });
  return {
    send: (i) => sender.send(frames[i & 1023]),
    close() {
      sender.terminate();
      receiver.terminate();
    },
  };
}

/** @type {Contestant} */
export async function ours(url, arrived, subscriptions) {
  const receiver = new Clasp(url);
  const sender = new Clasp(url);
  await Promise.all([receiver.connect(), sender.connect()]);
  for (const pattern of patternsOf(subscriptions)) receiver.on(pattern, arrived);
  await settled(url);
  return {
    send: (i) => void sender.set(addressOf(i), valueOf(i)),
    close() {
      sender.close();
      receiver.close();
    },
  };
}

/** @type {Contestant} */
export async function theirs(url, arrived, subscriptions) {
  globalThis.WebSocket ??= /** @type {any} Node 20 has none of its own */ (WebSocket);
  console.debug = () => {}; // it writes a line for every ACK
  const receiver = new TheirClasp(url);
  const sender = new TheirClasp(url);
  await Promise.all([receiver.connect(), sender.connect()]);
  for (const pattern of patternsOf(subscriptions)) receiver.on(pattern, arrived);
  await settled(url);
  return {
    send: (i) => sender.set(addressOf(i), valueOf(i)),
    close() {
      sender.close();
      receiver.close();
    },
  };
}

/** A connection comes and goes: what was sent before on others has been taken. @param {string} url */
async function settled(url) {
  const socket = await rawClient(url, []);
  socket.terminate();
  await once(socket, 'close');
}
