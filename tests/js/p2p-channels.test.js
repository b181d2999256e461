/** What two peers have between them beside the reliable channel: channels, raw messages, streams of bytes, large values. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hear, meeting, next } from './peers.js';

test('a channel for an address has the options it was made with, and the peer is told of it', async (t) => {
  const { pair } = await meeting(t);
  const { two, peer, back } = await pair();
  const told = next(back, 'channel');
  const toldToo = next(two, 'channel');
  const control = peer.createDataChannel('/control', {
    ordered: true,
    maxRetransmits: null,
    priority: 'high',
  });
  assert.equal(control.label, '/control');
  assert.equal(control.maxRetransmits, null);
  assert.equal(control.maxPacketLifeTime, null);
  assert.equal(control.priority, 'high');
  const { channel, address } = await told;
  assert.equal((await toldToo).channel, channel);
  assert.equal(address, '/control');
  assert.equal(channel.ordered, true);
  assert.equal(channel.maxRetransmits, null);
  assert.equal(peer.createDataChannel('/control'), control);
});

for (const [name, options] of /** @type {const} */ ([
  ['reliable', { ordered: true }],
  ['unreliable', { ordered: false, maxRetransmits: 0 }],
  ['partially reliable', { ordered: true, maxRetransmits: 3 }],
  ['bounded in time', { ordered: false, maxPacketLifeTime: 500 }],
])) {
  test(`a ${name} channel carries CLASP of its subtree and raw messages, both ways`, async (t) => {
    const { pair } = await meeting(t);
    const { peer, back } = await pair();
    const told = next(back, 'channel');
    const one = peer.createDataChannel('/media', options);
    if (one.readyState !== 'open') await next(one, 'open');
    const { channel: two } = await told;
    assert.equal(two.ordered, options.ordered);
    assert.equal(two.maxRetransmits, 'maxRetransmits' in options ? options.maxRetransmits : null);
    const heard = hear(back, '/media/**');
    peer.set('/media/x', 5);
    assert.deepEqual(await heard, [['/media/x', 5]]);
    const answered = hear(peer, '/media');
    back.emit('/media', 'é');
    assert.deepEqual(await answered, [['/media', 'é']]);
    for (const [from, to] of [
      [one, two],
      [two, one],
    ]) {
      for (const data of [
        'text',
        Uint8Array.of(1, 2),
        Uint8Array.of(0x53, 1),
        Uint8Array.of(0x45, 2, 3),
      ]) {
        const came = next(to, 'message');
        await from.send(data);
        const got = (await came).data;
        if (typeof data === 'string') assert.equal(got, data);
        else assert.deepEqual(new Uint8Array(got), data);
      }
    }
  });
}

test('send() of a channel refuses what it cannot send, and may be ignored', async (t) => {
  const { pair } = await meeting(t);
  const { peer } = await pair();
  const channel = peer.createDataChannel('/raw');
  if (channel.readyState !== 'open') await next(channel, 'open');
  await assert.rejects(channel.send(/** @type {any} */ ({})), { code: 'BAD_OPTION' });
  channel.close();
  channel.send('too late');
  await assert.rejects(channel.send('too late'), { code: 'NOT_CONNECTED' });
});

test('a channel that is closed ends at both sides, and its address goes by the peer’s own channels', async (t) => {
  const { pair } = await meeting(t);
  const { peer, back } = await pair();
  const told = next(back, 'channel');
  const one = peer.createDataChannel('/c');
  const { channel: two } = await told;
  const closed = [next(one, 'close'), next(two, 'close')];
  one.close();
  await Promise.all(closed);
  assert.equal(two.readyState, 'closed');
  const heard = hear(back, '/c/**');
  await peer.set('/c/x', 1);
  assert.deepEqual(await heard, [['/c/x', 1]]);
});

test('large values arrive whole, with small traffic between, and set() resolves when they have', async (t) => {
  const { pair } = await meeting(t);
  const { peer, back } = await pair();
  const bytes = new Uint8Array(1_500_000);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 7) & 0xff;
  const text = 'é'.repeat(100_000);
  /** @type {string[]} */ const order = [];
  const heard = hear(back, '/large/*', 3);
  back.on('/small', () => order.push('small'));
  back.on('/large/*', (/** @type {any} */ _, /** @type {string} */ address) => order.push(address));
  const map = { list: Array.from({ length: 20_000 }, (_, i) => i), text };
  const sets = [
    peer.set('/large/bytes', bytes),
    peer.set('/large/text', text),
    peer.set('/large/map', map),
  ];
  peer.emit('/small', 1);
  const values = Object.fromEntries(await heard);
  await Promise.all(sets);
  assert.deepEqual(values['/large/bytes'], bytes);
  assert.equal(values['/large/text'], text);
  assert.deepEqual(values['/large/map'], map);
  assert.equal(order[0], 'small');
  assert.throws(() => peer.emit('/huge', new Uint8Array(40 << 20)), { code: 'TOO_LARGE' });
});

test('bytes() carries what no memory should hold, both ways, and ends in order', async (t) => {
  const { pair } = await meeting(t);
  const { peer, back } = await pair();
  const told = next(back, 'bytes');
  const here = peer.bytes('/file');
  const { streams: there, address } = await told;
  assert.equal(address, '/file');
  const total = 3_000_000;
  const sent = (async () => {
    const writer = here.writable.getWriter();
    for (let at = 0; at < total; at += 100_000) {
      await writer.write(new Uint8Array(100_000).fill(at / 100_000));
    }
    await writer.close();
  })();
  let count = 0;
  for await (const chunk of there.readable) {
    for (const byte of chunk) {
      if (byte !== Math.floor(count / 100_000)) assert.fail(`byte ${count}`);
      count++;
    }
  }
  await sent;
  assert.equal(count, total);
  const writer = there.writable.getWriter();
  writer.write(Uint8Array.of(7));
  writer.close();
  const answer = await new Response(here.readable).arrayBuffer();
  assert.deepEqual([...new Uint8Array(answer)], [7]);
});

test('a reader that cancels ends the writer, and a peer that goes ends both', async (t) => {
  const { pair } = await meeting(t);
  const { peer, back } = await pair();
  const first = next(back, 'bytes');
  const one = peer.bytes('/one').writable.getWriter();
  await (await first).streams.readable.cancel('enough');
  await assert.rejects(one.closed);
  const second = next(back, 'bytes');
  const two = peer.bytes('/two', { priority: 'low' });
  const reader = (await second).streams.readable.getReader();
  peer.close();
  await assert.rejects(reader.read());
  await assert.rejects(two.writable.getWriter().closed);
  await assert.rejects(two.readable.getReader().read());
});

test('a queue that is full says so, and ready resolves when there is room', async (t) => {
  const { pair } = await meeting(t);
  const { peer, back } = await pair();
  const part = new Uint8Array(7000);
  let count = 0;
  assert.throws(
    () => {
      for (; count < 10_000; count++) peer.emit('/flood', part);
    },
    { code: 'QUEUE_FULL' },
  );
  assert.ok(peer.bufferedAmount > 1_000_000);
  const heard = hear(back, '/flood', count + 1);
  await peer.ready;
  peer.emit('/flood', 'room');
  assert.deepEqual((await heard).at(-1), ['/flood', 'room']);
});
