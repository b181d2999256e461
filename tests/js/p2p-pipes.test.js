/** Streams of bytes between two peers: how they end, and what is left of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meeting, next } from './peers.js';

/** @typedef {import('../../web/peer.js').Peer} Peer */

/** All bytes of a stream. @param {ReadableStream<Uint8Array>} readable */
const bytesOf = async (readable) => [...new Uint8Array(await new Response(readable).arrayBuffer())];

/** Send so many bytes by a pipe of their own. @param {Peer} peer @param {string} address @param {number[]} bytes */
async function send(peer, address, ...bytes) {
  const writer = peer.bytes(address).writable.getWriter();
  if (bytes.length > 0) await writer.write(Uint8Array.from(bytes));
  await writer.close();
}

test('one small pipe after the other: each is over when it was read, so there is always room for the next', async (t) => {
  const { pair } = await meeting(t);
  const { peer, back } = await pair();
  for (let i = 0; i < 40; i++) {
    const opened = next(back, 'bytes');
    await send(peer, '/small', i);
    const { readable } = (await opened).streams;
    await peer.set('/behind', i); // all of it is there before it is read
    assert.deepEqual(await bytesOf(readable), [i]);
    await back.set('/read', i);
  }
});

test('abort() of a writer that waits for its reader settles, and the reader is told why', async (t) => {
  const { pair } = await meeting(t);
  const { peer, back } = await pair();
  const opened = next(back, 'bytes');
  const writer = peer.bytes('/blocked').writable.getWriter();
  const writing = assert.rejects(writer.write(new Uint8Array(1 << 20)));
  const { streams } = await opened;
  const reader = streams.readable.getReader();
  await reader.read(); // the rest waits for credit
  await writer.abort('x'.repeat(1000));
  await writing;
  const rest = (async () => {
    while (!(await reader.read()).done);
  })();
  await assert.rejects(rest, { code: 'REJECTED', message: 'x'.repeat(256) });
});

test('a chunk that is no bytes is refused, and ends the pipe for both sides', async (t) => {
  const { pair } = await meeting(t);
  const { peer, back } = await pair();
  for (const chunk of ['text', 5, [1, 2]]) {
    const opened = next(back, 'bytes');
    const writer = peer.bytes('/wrong').writable.getWriter();
    const { streams } = await opened;
    await assert.rejects(writer.write(/** @type {any} */ (chunk)), { code: 'BAD_OPTION' });
    await assert.rejects(streams.readable.getReader().read(), { code: 'REJECTED' });
  }
});

test('a reader that is cancelled before its pipe was opened takes none from the others', async (t) => {
  const { pair } = await meeting(t);
  const { peer, back } = await pair();
  await back.bytes('/late').readable.cancel();
  const opened = next(back, 'bytes', ({ address }) => address === '/late');
  await send(peer, '/late', 7);
  const { streams } = await opened;
  assert.deepEqual(await bytesOf(streams.readable), [7]);
});

test('pipes that nobody takes are forgotten, but for the last ones', async (t) => {
  const { pair } = await meeting(t);
  const { peer, back } = await pair();
  for (let i = 0; i < 100; i++) {
    const opened = next(back, 'bytes');
    await send(peer, `/empty/${i}`);
    await opened;
    await back.set('/heard', i);
  }
  assert.deepEqual(await bytesOf(back.bytes('/empty/99').readable), []);
  const { readable } = back.bytes('/empty/0');
  await send(peer, '/empty/0', 1);
  assert.deepEqual(await bytesOf(readable), [1]);
});

test('who writes again and again and reads nothing keeps 64 readers, the oldest fail', async (t) => {
  const { pair } = await meeting(t);
  const { peer, back } = await pair();
  const { readable: oldest, writable: first } = peer.bytes('/up');
  const { readable: read, writable: other } = peer.bytes('/up/read');
  await Promise.all([first.close(), other.close()]);
  const reading = bytesOf(read);
  for (let i = 0; i < 63; i++) {
    const opened = next(back, 'bytes', ({ address }) => address === `/up/${i}`);
    await send(peer, `/up/${i}`);
    await opened;
    await back.set('/heard', i);
  }
  await assert.rejects(oldest.getReader().read(), { code: 'LIMIT' });
  await send(back, '/up/read', 5);
  assert.deepEqual(await reading, [5], 'one that is read stays');
});

test('what has come whole can be read although the peer has gone', async (t) => {
  const { pair } = await meeting(t);
  const { peer, back } = await pair();
  const opened = next(back, 'bytes');
  const gone = next(back, 'closed');
  await send(peer, '/file', 1, 2, 3);
  const { streams } = await opened;
  const { readable } = streams;
  await peer.set('/behind', 1);
  peer.close();
  await gone;
  assert.deepEqual(await bytesOf(readable), [1, 2, 3]);
});
