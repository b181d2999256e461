/** Peers of other makes: plain RTCPeerConnections that speak one of the dialects over the relay, and nothing more. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import wrtc from '@roamhq/wrtc';
import { Clasp } from '../../web/index.js';
import { decode, encode, ready } from '../../web/codec.js';
import { LOCAL, hear, meeting, next } from './peers.js';

/**
 * A peer of another make: it answers what it is offered, or offers, by the signals of one dialect.
 * @param {import('node:test').TestContext} t
 * @param {string} url
 * @param {object} dialect
 * @param {(client: Clasp) => string} dialect.listen the pattern of its signals
 * @param {(client: Clasp, to: string) => string} dialect.address of the signals for another one
 * @param {'text' | 'object'} dialect.form
 * @param {(client: Clasp) => string} dialect.self as it calls itself
 */
async function stranger(t, url, { listen, address, form, self }) {
  const client = new Clasp(url);
  await client.connect();
  const pc = new wrtc.RTCPeerConnection(LOCAL);
  t.after(() => {
    pc.close();
    client.close();
  });
  /** @type {RTCIceCandidateInit[]} */ const early = [];
  /** @type {Record<string, RTCDataChannel>} */ const channels = {};
  /** @type {string[]} */ const types = [];
  let correlation = '';
  let partner = '';
  const target = new EventTarget();
  const sdpOf = (/** @type {any} */ sdp) => (typeof sdp === 'string' ? sdp : sdp.sdp);
  const emit = (/** @type {any} */ message) =>
    client.emit(address(client, partner), {
      from: self(client),
      ...(form === 'text' && { correlation_id: correlation }),
      ...message,
    });
  const describe = (/** @type {'offer' | 'answer'} */ type) =>
    emit({
      type,
      sdp: form === 'text' ? pc.localDescription?.sdp : { type, sdp: pc.localDescription?.sdp },
    });
  const adopt = (/** @type {RTCDataChannel} */ channel) => {
    channel.binaryType = 'arraybuffer';
    channels[channel.label] = channel;
    channel.onmessage = ({ data }) =>
      target.dispatchEvent(new CustomEvent('message', { detail: data }));
    const opened = () => target.dispatchEvent(new CustomEvent('open', { detail: channel.label }));
    if (channel.readyState === 'open') queueMicrotask(opened);
    else channel.onopen = opened;
  };
  pc.ondatachannel = ({ channel }) => adopt(channel);
  pc.onicecandidate = ({ candidate }) => {
    if (!candidate?.candidate) return;
    const { candidate: line, sdpMid, sdpMLineIndex } = candidate;
    const init = { candidate: line, sdpMid, sdpMLineIndex };
    if (form === 'text') emit({ type: 'ice_candidate', candidate: JSON.stringify(init) });
    else emit({ type: 'ice-candidate', candidate: init });
  };
  const add = async (/** @type {any} */ candidate) => {
    const init = typeof candidate === 'string' ? JSON.parse(candidate) : candidate;
    if (pc.remoteDescription) await pc.addIceCandidate(init);
    else early.push(init);
  };
  const accept = async (/** @type {any} */ description) => {
    await pc.setRemoteDescription(description);
    for (const init of early.splice(0)) await pc.addIceCandidate(init);
  };
  client.on(listen(client), async (signal) => {
    types.push(signal.type);
    target.dispatchEvent(new CustomEvent('signal', { detail: signal }));
    if (signal.type === 'offer') {
      partner = signal.from;
      correlation = signal.correlation_id;
      await accept({ type: 'offer', sdp: sdpOf(signal.sdp) });
      await pc.setLocalDescription(await pc.createAnswer());
      describe('answer');
    } else if (signal.type === 'answer' && signal.sdp) {
      await accept({ type: 'answer', sdp: sdpOf(signal.sdp) });
    } else if (signal.candidate) await add(signal.candidate);
  });
  const dial = async (/** @type {string} */ to) => {
    partner = to;
    correlation = `${self(client)}-${to}-0.123`;
    adopt(pc.createDataChannel('clasp-reliable'));
    adopt(pc.createDataChannel('clasp', { ordered: false, maxRetransmits: 0 }));
    await pc.setLocalDescription(await pc.createOffer());
    describe('offer');
  };
  return { client, channels, target, types, dial };
}

/** @type {(frame: ArrayBuffer) => any} any: a message of CLASP's */
const messageOf = (frame) => decode(new Uint8Array(frame));

await ready();

const SESSIONS = {
  listen: (/** @type {Clasp} */ client) => `/clasp/p2p/signal/${client.session}`,
  address: (/** @type {Clasp} */ _, /** @type {string} */ to) => `/clasp/p2p/signal/${to}`,
  form: /** @type {const} */ ('text'),
  self: (/** @type {Clasp} */ client) => String(client.session),
};

const NAMES = {
  listen: () => '/webrtc/signal/*/other',
  address: (/** @type {Clasp} */ _, /** @type {string} */ to) => `/webrtc/signal/other/${to}`,
  form: /** @type {const} */ ('object'),
  self: () => 'other',
};

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
