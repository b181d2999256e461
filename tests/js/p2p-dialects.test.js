/** Peers of other makes: plain RTCPeerConnections that speak one of the dialects over the relay, and nothing more. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, encode, ready } from '../../web/codec.js';
import { hear, meeting, next } from './peers.js';
import { NAMES, SESSIONS, stranger } from './stranger.js';

/** @type {(frame: ArrayBuffer) => any} any: a message of CLASP's */
const messageOf = (frame) => decode(new Uint8Array(frame));

await ready();

/** What both say must be plain frames, one a message. @param {any} other @param {any} peer any: of two makes */
async function speak(other, peer) {
  const came = next(other.target, 'message');
  await peer.set('/to/other', 5);
  const message = messageOf((await came).valueOf());
  assert.equal(message.type, 'SET');
  assert.equal(message.address, '/to/other');
  assert.equal(message.value, 5);
  const heard = hear(peer, '/from/**');
  other.channels['clasp-reliable'].send(
    encode({ type: 'SET', address: '/from/other', value: 'hi' }),
  );
  assert.deepEqual(await heard, [['/from/other', 'hi']]);
  assert.throws(() => peer.emit('/large', new Uint8Array(100_000)), { code: 'TOO_LARGE' });
  assert.throws(() => peer.bytes('/pipe'), { code: 'NOT_CONNECTED' });
  const raw = next(peer, 'message');
  other.channels['clasp-reliable'].send('plain text');
  assert.equal((await raw).data, 'plain text');
}

for (const [name, dialect] of /** @type {const} */ ([
  ['sessions', SESSIONS],
  ['names', NAMES],
])) {
  test(`a peer of another make that is called answers, in the dialect of ${name}`, async (t) => {
    const { relay, join } = await meeting(t);
    const other = await stranger(t, relay.url, dialect);
    const one = await join('a');
    const peer = await one.connectToPeer(dialect.self(other.client), {
      named: dialect === NAMES,
    });
    assert.equal(peer.state, 'connected');
    if (!other.types.includes('connected'))
      await next(other.target, 'signal', ({ type }) => type === 'connected');
    await speak(other, peer);
  });

  test(`a peer of another make that calls is answered, in the dialect of ${name}`, async (t) => {
    const { relay, join } = await meeting(t);
    const one = await join('a');
    const other = await stranger(t, relay.url, dialect);
    const connected = next(one, 'peer_connected');
    other.dial(dialect === SESSIONS ? one.session : 'a');
    const { peer } = await connected;
    assert.equal(peer.id, dialect.self(other.client));
    await speak(other, peer);
    const told = next(other.target, 'signal', ({ type }) => type === 'disconnected');
    peer.close();
    await told;
  });
}

test('in a room the higher session offers media to the lower one, with objects for descriptions', async (t) => {
  const { relay, join } = await meeting(t);
  const one = await join('a', { room: 'hall' });
  const other = await stranger(t, relay.url, {
    listen: (client) => `/video/room/hall/signal/${client.session}`,
    address: (_, to) => `/video/room/hall/signal/${to}`,
    form: 'object',
    self: (client) => String(client.session),
  });
  const answered = next(other.target, 'signal', ({ type }) => type === 'answer');
  other.dial(one.session);
  const { sdp, correlation_id } = await answered;
  assert.equal(sdp.type, 'answer');
  assert.equal(correlation_id, undefined);
});

test('signals by name reach their peer through a forwarder as well', async (t) => {
  const { join } = await meeting(t);
  await join('helper', { forward: true });
  const one = await join('a');
  const two = await join('b');
  const peer = await one.connectToPeer('b');
  const heard = next(two, 'peer_connected', ({ peer: { id } }) => id === 'a');
  assert.equal(peer.state, 'connected');
  if (!two.peers.has('a')) await heard;
  else heard.catch(() => {});
});

test('a track without a stream, and more channels than anybody needs, do no harm', async (t) => {
  const { relay, join } = await meeting(t);
  const one = await join('a');
  const other = await stranger(t, relay.url, SESSIONS);
  other.pc.addTransceiver('audio');
  const connected = next(one, 'peer_connected');
  other.dial(one.session);
  const { peer } = await connected;
  const channels = Array.from({ length: 200 }, (_, i) => other.pc.createDataChannel(`own ${i}`));
  const closed = channels.map(
    (channel) => new Promise((resolve) => channel.addEventListener('close', resolve)),
  );
  await Promise.race(closed);
  const raw = next(peer, 'message');
  channels[0].send('still heard');
  assert.equal((await raw).data, 'still heard');
});
