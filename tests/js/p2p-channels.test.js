/** What two peers have between them beside the reliable channel: channels, raw messages, streams of bytes, large values. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RTCPeerConnection } from '../../js-glue/rtc-node.js';
import { Network, until } from './peers-support.js';
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

/** Each message that comes on a channel, until there are so many. @param {any} channel any: PeerChannel @param {number} count @returns {Promise<any[]>} any: what was sent */
const messages = (channel, count) =>
  new Promise((resolve) => {
    /** @type {any[]} */ const got = [];
    channel.on('message', (/** @type {any} any: as sent */ data) => {
      if (got.push(data) === count) resolve(got);
    });
  });

/** A reliable channel, open at both sides. @param {any} peer any: Peer @param {any} back the other side's */
async function channelAt(peer, back) {
  const told = next(back, 'channel');
  const one = peer.createDataChannel('/raw');
  if (one.readyState !== 'open') await next(one, 'open');
  const { channel: two } = await told;
  return { one, two };
}

test('raw messages on a reliable channel outlive the connection: none lost, none twice, in order', async (t) => {
  const { pair } = await meeting(t);
  const networks = [new Network(), new Network()];
  const { peer, back } = await pair(...networks.map(({ rtc }) => ({ rtc })));
  const { one, two } = await channelAt(peer, back);
  const [there, here] = [messages(two, 300), messages(one, 300)];
  const send = (/** @type {number} */ from, /** @type {number} */ to) => {
    for (let i = from; i < to; i++) {
      one.send(`${i}`);
      two.send(Uint8Array.of(i >> 8, i));
    }
  };
  send(0, 100);
  for (const network of networks) network.cut();
  assert.equal(one.readyState, 'open');
  send(100, 200);
  await until(peer, ['path'], () => peer.path?.type === 'router');
  for (const network of networks) network.plug();
  send(200, 300);
  const numbers = Array.from({ length: 300 }, (_, i) => i);
  assert.deepEqual((await there).map(Number), numbers);
  assert.deepEqual(
    (await here).map((data) => new DataView(data).getUint16(0)),
    numbers,
  );
  await until(peer, ['path', 'connected'], () => peer.path?.type === 'host');
});

test('a reliable channel opens where the router alone carries, and tells of itself by its first message', async (t) => {
  const { pair } = await meeting(t);
  const relayed = { iceTransportPolicy: /** @type {const} */ ('relay') };
  const { peer, back } = await pair(relayed, relayed);
  assert.equal(peer.path?.type, 'router');
  const told = next(back, 'channel');
  const one = peer.createDataChannel('/raw');
  if (one.readyState !== 'open') await next(one, 'open');
  const answered = messages(one, 1);
  back.on('channel', (/** @type {any} any: PeerChannel */ channel) => {
    channel.on('message', (/** @type {string} */ data) => void channel.send(`got ${data}`));
  });
  await one.send('hello');
  assert.equal((await told).address, '/raw');
  assert.deepEqual(await answered, ['got hello']);
});

/** Connections whose channels for addresses open as Chromium's may: a message is told of first. */
class LateOpening extends RTCPeerConnection {
  /** @override @param {string} label @param {RTCDataChannelInit} [options] */
  createDataChannel(label, options) {
    const channel = super.createDataChannel(label, options);
    if (!label.startsWith('/')) return channel;
    /** @type {(() => void) | null} */ let opened = null;
    /** @type {RTCDataChannelState} */ let readyState = 'connecting';
    const onmessage = (/** @type {((event: MessageEvent) => void) | null} */ handler) =>
      channel.addEventListener('message', (event) => {
        handler?.(event);
        if (readyState === 'open') return;
        readyState = 'open';
        opened?.();
      });
    Object.defineProperties(channel, {
      readyState: { get: () => readyState },
      onmessage: { set: onmessage },
      onopen: {
        set(handler) {
          opened = handler;
        },
      },
    });
    return channel;
  }
}

test('what comes on a channel before it is said to be open is heard when it is', async (t) => {
  const { pair } = await meeting(t);
  const rtc = { RTCPeerConnection: /** @type {any} */ (LateOpening) };
  const { one, peer, back } = await pair({ rtc });
  /** @type {unknown[]} */ const errors = [];
  one.on('error', (error) => errors.push(error));
  back.on('/late/x', (/** @type {number} */ value) => void back.set('/back/late/x', value));
  const channel = peer.createDataChannel('/late');
  const toldBack = next(back, 'channel');
  await next(channel, 'open');
  const { channel: far } = await toldBack;
  const came = messages(channel, 1);
  far.send('raw');
  assert.deepEqual(await came, ['raw']);
  const heard = hear(peer, '/back/late/x');
  await peer.set('/late/x', 1);
  assert.deepEqual(await heard, [['/back/late/x', 1]]);
  assert.deepEqual(errors, []);
});

test('what a peer says on a channel at an old one’s address is heard when it connects again by the router alone', async (t) => {
  const { pair } = await meeting(t);
  const relayed = { iceTransportPolicy: /** @type {const} */ ('relay') };
  const { one, two, peer, back } = await pair(relayed, relayed);
  const first = next(back, 'channel');
  const old = peer.createDataChannel('/raw');
  if (old.readyState !== 'open') await next(old, 'open');
  await old.send('first');
  const { channel: far } = await first;
  const gone = next(far, 'close');
  peer.close();
  await gone;
  far.close(); // it is over already
  const again = next(two, 'peer_connected');
  const anew = await one.connectToPeer('b');
  const { peer: backAnew } = await again;
  const told = next(backAnew, 'channel');
  const channel = anew.createDataChannel('/raw');
  if (channel.readyState !== 'open') await next(channel, 'open');
  await channel.send('second');
  assert.equal((await told).address, '/raw');
});

test('raw messages of any size arrive whole and in their order, those of a Blob too', async (t) => {
  const { pair } = await meeting(t);
  const { peer, back } = await pair();
  const { one, two } = await channelAt(peer, back);
  const came = messages(two, 6);
  const large = Uint8Array.from({ length: 1_500_000 }, (_, i) => i * 7);
  const text = 'é'.repeat(100_000);
  const sends = [
    one.send('first'),
    one.send(new Blob([large])),
    one.send(text),
    one.send(new Uint16Array([1, 2]).subarray(1)),
    one.send(''),
    one.send(new ArrayBuffer(0)),
  ];
  await Promise.all(sends);
  const [first, blob, string, view, empty, none] = await came;
  assert.deepEqual([first, string, empty], ['first', text, '']);
  assert.ok(blob instanceof ArrayBuffer && view instanceof ArrayBuffer);
  assert.deepEqual(new Uint8Array(blob), large);
  assert.deepEqual(new Uint8Array(view), Uint8Array.of(2, 0));
  assert.equal(none.byteLength, 0);
  await assert.rejects(one.send(new Uint8Array(17 << 20)), { code: 'TOO_LARGE' });
});

test('a channel that is closed at once delivers what was sent before, and hears nothing more', async (t) => {
  const { pair } = await meeting(t);
  const { peer, back } = await pair();
  const { one, two } = await channelAt(peer, back);
  const came = messages(two, 200);
  const closed = [next(one, 'close'), next(two, 'close')];
  for (let i = 0; i < 200; i++) one.send(`${i}`);
  one.close();
  assert.equal(one.readyState, 'closing');
  await assert.rejects(one.send('too late'), { code: 'NOT_CONNECTED' });
  two.send('into the end');
  await Promise.all(closed);
  assert.equal((await came).length, 200);
  assert.equal(one.readyState, 'closed');
  const again = next(back, 'channel');
  peer.createDataChannel('/raw');
  assert.equal((await again).channel.readyState, 'open');
});

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
