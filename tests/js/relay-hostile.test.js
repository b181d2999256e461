/** Bad input at the relay, over real sockets: each message gets the answer that the wire names, and the session goes on. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import { decode, encode, ready } from '../../web/codec.js';
import { startRelay } from '../../relay/index.js';
import {
  Client,
  PATIENCE_MS,
  PING,
  TYPE,
  errorCode,
  hello,
  publish,
  subscribe,
} from './relay-client.js';

const FRAME_CLASSES = [
  'frame-truncated',
  'bad-magic',
  'reserved-qos',
  'unsupported-flag',
  'empty-payload',
];
const ACK = 0x50;
const UNLIMITED = { messagesPerSecond: 1_000_000 };
const SECRET = '000102030405060708090a0b0c0d0e0f';

/** @type {{ name: string, class: string, frame_hex: string }[]} */
const MALFORMED = JSON.parse(
  readFileSync(new URL('../vectors/malformed.json', import.meta.url), 'utf8'),
).vectors;

await ready();

/** @type {import('../../relay/index.js').Relay[]} */
const relays = [];

/** @param {import('../../relay/index.js').RelayOptions} [options] */
async function relay(options = {}) {
  const running = await startRelay({ port: 0, host: '127.0.0.1', ...options });
  relays.push(running);
  return running;
}

after(() => Promise.all(relays.map((running) => running.close())));

/** A client of ours: the relay takes several of its frames in one message. @param {string} url @param {string} [secret] */
async function claimed(url, secret = SECRET) {
  const client = await Client.join(url);
  client.ws.send(encode({ type: 'GET', address: `/clasp/session/${secret}` }));
  await client.next(TYPE.SNAPSHOT);
  return client;
}

/** The frames of one message. @param {Uint8Array} message */
function framesOf(message) {
  const frames = [];
  for (let at = 0; at < message.length;) {
    const length = 4 + ((message[at + 2] << 8) | message[at + 3]);
    frames.push(message.subarray(at, at + length));
    at += length;
  }
  return frames;
}

/**
 * Frames that come, whatever messages they share, until there are so many of a type.
 * @param {Client} client
 * @param {number} type
 * @param {number} count
 * @returns {Promise<Uint8Array[]>}
 */
function frames(client, type, count) {
  return new Promise((resolve, reject) => {
    /** @type {Uint8Array[]} */ const all = [];
    let left = count;
    const late = () => reject(new Error(`${left} of ${count} frames of type ${type} are missing`));
    const timer = setTimeout(late, PATIENCE_MS);
    const heard = (/** @type {Buffer} */ data) => {
      for (const frame of framesOf(data)) {
        all.push(frame);
        if (frame[4] === type) left--;
      }
      if (left > 0) return;
      client.ws.off('message', heard);
      clearTimeout(timer);
      resolve(all);
    };
    client.ws.on('message', heard);
  });
}

/** The session takes a PING and a SET as ever. @param {Client} client */
async function goesOn(client) {
  const got = frames(client, ACK, 1);
  client.ws.send(PING);
  client.ws.send(encode({ type: 'SET', address: '/still/here', value: 1 }));
  assert.ok((await got).some((frame) => frame[4] === TYPE.PONG));
}

/* ---- malformed messages ---- */

test('every malformed frame is answered by 100 or 101, as its class is, and the session goes on', async () => {
  const { url, stats } = await relay(UNLIMITED);
  const client = await Client.join(url);
  for (const { name, class: kind, frame_hex: hex } of MALFORMED) {
    client.ws.send(Buffer.from(hex, 'hex'));
    const expected = FRAME_CLASSES.includes(kind) ? 100 : 101;
    assert.equal(errorCode(await client.next(TYPE.ERROR)), expected, `${name} (${kind})`);
    client.ws.send(PING);
    await client.next(TYPE.PONG);
  }
  await goesOn(client);
  assert.equal(stats().malformed_total, MALFORMED.length);
});

test('a malformed frame before HELLO is closed with 1008, whatever its class', async () => {
  const { url } = await relay();
  const kinds = new Map(MALFORMED.map((vector) => [vector.class, vector.frame_hex]));
  assert.ok(kinds.size > 10);
  for (const [kind, hex] of kinds) {
    const client = new Client(url);
    await once(client.ws, 'open');
    client.ws.send(Buffer.from(hex, 'hex'));
    assert.equal(await client.closed, 1008, kind);
  }
});

test('text messages are ignored, before HELLO and after it', async () => {
  const { url, stats } = await relay();
  const client = new Client(url);
  await once(client.ws, 'open');
  client.ws.send('HELLO?');
  client.ws.send(hello(''));
  await client.next(TYPE.WELCOME);
  for (let i = 0; i < 100; i++) client.ws.send(`text ${i}`);
  await goesOn(client);
  assert.equal(stats().messages_received_total, 3, 'HELLO, PING and SET');
});

test('a message longer than a frame is judged by its frame; beyond 256 KiB it ends the connection with 1009', async () => {
  const { url } = await relay();
  const client = await Client.join(url);
  client.ws.send(Buffer.concat([PING, Buffer.alloc(250_000)])); // what follows a frame has no meaning
  await client.next(TYPE.PONG);
  client.ws.send(Buffer.alloc(250_000, 0x20));
  assert.equal(errorCode(await client.next(TYPE.ERROR)), 100);
  await goesOn(client);
  client.ws.send(Buffer.alloc((256 << 10) + 1));
  assert.equal(await client.closed, 1009);
});

test('a message in thousands of fragments ends its connection alone', async () => {
  const { url } = await relay();
  const [attacker, other] = await Promise.all([Client.join(url), Client.join(url)]);
  for (let i = 0; i < 1000; i++) attacker.ws.send(Buffer.from([0]), { fin: false });
  assert.equal(await attacker.closed, 1008);
  await goesOn(other);
});

test('bytes that are no WebSocket after the upgrade end that connection alone', async () => {
  const { url, port } = await relay();
  const other = await Client.join(url);
  const socket = connect(port, '127.0.0.1');
  socket.write(
    'GET / HTTP/1.1\r\nHost: relay\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  );
  await once(socket, 'data');
  socket.write(Buffer.alloc(1000, 0xff));
  socket.resume();
  await once(socket, 'close');
  await goesOn(other);
});

/* ---- joined frames ---- */

test('every malformed frame among joined ones is answered, and what follows it is taken if anybody knows where it begins', async () => {
  const { url } = await relay(UNLIMITED);
  const client = await claimed(url);
  for (const { name, class: kind, frame_hex: hex } of MALFORMED.filter((it) => it.frame_hex)) {
    const bad = Buffer.from(hex, 'hex');
    const isFrame = !FRAME_CLASSES.includes(kind);
    const got = frames(client, isFrame ? TYPE.PONG : TYPE.ERROR, isFrame ? 2 : 1);
    client.ws.send(Buffer.concat([PING, bad, ...(isFrame ? [PING] : [])]));
    const types = (await got.catch((cause) => assert.fail(`${name}: ${cause.message}`))).map(
      (frame) => frame[4],
    );
    const expected = isFrame ? [TYPE.PONG, TYPE.ERROR, TYPE.PONG] : [TYPE.PONG, TYPE.ERROR];
    assert.deepEqual(types, expected, `${name} (${kind})`);
  }
  await goesOn(client);
});

test('joined frames that are cut anywhere are answered up to the cut, and nothing is read past it', async () => {
  const { url } = await relay(UNLIMITED);
  const client = await claimed(url);
  const set = encode({ type: 'SET', address: '/cut', value: 'abcdefgh' });
  for (let cut = 1; cut < set.length; cut++) {
    const got = frames(client, TYPE.ERROR, 1);
    client.ws.send(Buffer.concat([PING, set.subarray(0, cut)]));
    const [pong, error] = await got;
    assert.equal(pong[4], TYPE.PONG);
    assert.equal(errorCode(Buffer.from(error)), 100);
  }
  await goesOn(client);
});

test('a message full of frames is answered frame by frame and in order, and others come in between', async () => {
  const { url } = await relay(UNLIMITED);
  const [client, other] = [await claimed(url), await Client.join(url)];
  const count = 3000;
  const sets = Array.from({ length: count }, (_, i) =>
    encode({ type: 'SET', address: `/r/${i % 7}`, value: i }),
  );
  const got = frames(client, ACK, count);
  let isDone = false;
  void got.then(() => (isDone = true));
  client.ws.send(Buffer.concat(sets));
  for (let i = 0; i < 5; i++) await goesOn(other);
  const acks = (await got).filter((frame) => frame[4] === ACK).map((frame) => decode(frame));
  assert.ok(isDone);
  assert.deepEqual(
    acks.map((ack) => ('address' in ack ? ack.address : '')),
    sets.map((_, i) => `/r/${i % 7}`),
  );
});

test('each joined frame over the rate is answered by 429, and the session goes on', async () => {
  const { url, stats } = await relay({ messagesPerSecond: 50 });
  const client = await claimed(url, 'f'.repeat(32));
  const got = frames(client, TYPE.ERROR, 100);
  client.ws.send(Buffer.alloc(PING.length * 300, PING));
  const errors = (await got).filter((frame) => frame[4] === TYPE.ERROR);
  assert.ok(errors.every((frame) => errorCode(Buffer.from(frame)) === 429));
  assert.ok(stats().rate_limited_total >= 100);
  for (let answer; answer !== ACK;) {
    const next = once(client.ws, 'message'); // the rate lets it through again in a moment
    client.ws.send(encode({ type: 'SET', address: '/late', value: 1 }));
    answer = framesOf((await next)[0]).at(-1)?.[4];
  }
});

test('without a claim only the first frame of a message is taken', async () => {
  const { url, stats } = await relay();
  const client = await Client.join(url);
  client.ws.send(Buffer.alloc(PING.length * 1000, PING));
  await goesOn(client);
  assert.equal(stats().messages_received_total, 4, 'HELLO, the first PING, and the two after it');
});

/* ---- scopes ---- */

test('a token with too little scope is refused by 301 for each type of message, and its session goes on', async () => {
  const { url } = await relay({ tokens: { poor: ['read:/mine/*', 'write:/still/*'] } });
  const client = await Client.join(url, 'poor');
  const bundle = (/** @type {import('../../web/codec.js').Message} */ member) =>
    encode({ type: 'BUNDLE', messages: [member] });
  for (const [message, code] of /** @type {[Uint8Array, number][]} */ ([
    [encode({ type: 'SET', address: '/mine/a', value: 1 }), 301],
    [encode({ type: 'SET', address: '/clasp/restore/3/mine/a', value: 1 }), 301],
    [publish('/mine/a', Buffer.alloc(1)), 301],
    [publish('/clasp/p2p/signal/x', Buffer.alloc(1)), 301],
    [encode({ type: 'GET', address: '/other' }), 301],
    [subscribe('/**'), 301],
    [subscribe('/mine/**'), 301],
    [encode({ type: 'REPLAY', pattern: '/**' }), 301],
    [bundle({ type: 'SET', address: '/mine/a', value: 1 }), 403],
    [bundle({ type: 'PUBLISH', address: '/mine/a', value: 1 }), 403],
    [encode({ type: 'ANNOUNCE', namespace: '/mine', signals: [] }), 301],
  ])) {
    client.ws.send(message);
    assert.equal(errorCode(await client.next(TYPE.ERROR)), code, decode(message).type);
  }
  await goesOn(client);
});

/* ---- floods of subscriptions ---- */

test('subscriptions beyond the limit are refused by 429, and UNSUBSCRIBE makes room', async () => {
  const { url, stats } = await relay({ ...UNLIMITED, maxSubscriptions: 100 });
  const client = await Client.join(url);
  const ask = (/** @type {number} */ id) =>
    client.ws.send(encode({ type: 'SUBSCRIBE', id, pattern: `/flood/${id}/*`, types: ['param'] }));
  for (let id = 0; id < 1100; id++) ask(id);
  for (let id = 100; id < 1100; id++) assert.equal(errorCode(await client.next(TYPE.ERROR)), 429);
  assert.equal(stats().subscriptions, 100);
  client.ws.send(encode({ type: 'UNSUBSCRIBE', id: 7 }));
  ask(2000);
  await goesOn(client);
  assert.equal(stats().subscriptions, 100);
  client.ws.close();
  await client.closed;
  const other = await Client.join(url);
  await goesOn(other);
  assert.equal(stats().subscriptions, 0);
});
