import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { WebSocketServer } from 'ws';
import { preconnect, socketClass } from '../../js-glue/socket-class.js';

/** @typedef {import('node:test').TestContext} TestContext */

/**
 * A server that keeps count.
 * @param {TestContext} t
 */
async function listen(t) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  t.after(() => server.close());
  let count = 0;
  server.on('connection', () => count++);
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { server, url: `ws://127.0.0.1:${port}`, count: () => count };
}

/**
 * A socket of the class, as Emscripten's glue makes it, and the next time that it tells something.
 * @param {TestContext} t
 * @param {string} url
 */
function open(t, url) {
  const socket = new (socketClass(() => {}))(url, ['clasp']);
  t.after(() => socket.close());
  return {
    socket,
    /** @param {'onopen' | 'onclose'} name @returns {Promise<any>} any: the event */
    told: (name) => new Promise((resolve) => (socket[name] = resolve)),
  };
}

test('a connection that was begun early is the one that the core gets, even when it is open already', async (t) => {
  const { server, url, count } = await listen(t);
  const settle = preconnect(url);
  const [peer] = await once(server, 'connection');
  const { socket, told } = open(t, url);
  settle();
  await told('onopen');
  socket.send(Uint8Array.of(1, 2, 3));
  const [message] = await once(peer, 'message');
  assert.deepEqual([...message], [1, 2, 3]);
  assert.equal(count(), 1);
});

test('one that nobody takes over is closed, and the next socket has its own', async (t) => {
  const { server, url, count } = await listen(t);
  const settle = preconnect(url);
  const [peer] = await once(server, 'connection');
  settle();
  await once(peer, 'close');
  await open(t, url).told('onopen');
  assert.equal(count(), 2);
});

test('one that was lost before it is taken over is lost to the core as well', async (t) => {
  const { server, url } = await listen(t);
  const settle = preconnect(url);
  const [peer] = await once(server, 'connection');
  peer.terminate();
  await once(peer, 'close');
  const closed = open(t, url).told('onclose');
  settle();
  assert.equal((await closed).code, 1006);
});

test('two that begin at once to the same place end up with a connection each', async (t) => {
  const { url, count } = await listen(t);
  const settle = [preconnect(url), preconnect(url)];
  const sockets = [open(t, url), open(t, url)];
  await Promise.all(sockets.map(({ told }) => told('onopen')));
  for (const it of settle) it();
  assert.equal(count(), 2);
});

test('a URL that no socket takes is nobody’s unhandled rejection', async () => {
  const settle = preconnect('ws://[');
  await new Promise((resolve) => setImmediate(resolve)); // the runner fails a test that leaves one
  settle();
});
