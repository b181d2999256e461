/** What the relay does beyond passing messages on, over real sockets: journal, gestures, options of subscriptions, bundles. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { WebSocket } from 'ws';
import { startRelay } from '../../relay/index.js';
import { decodeFrame, encode, ready } from '../../web/codec.js';

const PATIENCE_MS = 10_000;

await ready();

/** @typedef {ReturnType<typeof decodeFrame>} Frame */

/** One client that speaks in messages. */
class Client {
  /** @type {Frame[]} */ #frames = [];
  /** @type {(() => void) | undefined} */ #arrived;

  /** @param {string} url */
  constructor(url) {
    this.ws = new WebSocket(url, 'clasp');
    this.ws.on('message', (data) => {
      this.#frames.push(decodeFrame(/** @type {Buffer} */ (data)));
      this.#arrived?.();
    });
  }

  /** @param {string} url */
  static async join(url) {
    const client = new Client(url);
    await once(client.ws, 'open');
    client.say({ type: 'HELLO', version: 1, name: 'test', features: [] });
    await client.settled();
    return client;
  }

  /** @param {object} message */
  say(message) {
    this.ws.send(encode(message));
  }

  /** @returns {Promise<Frame>} the next frame, whatever it is */
  async next() {
    const deadline = AbortSignal.timeout(PATIENCE_MS);
    while (this.#frames.length === 0) {
      await new Promise((resolve, reject) => {
        this.#arrived = () => resolve(undefined);
        deadline.onabort = () => reject(new Error(`no message within ${PATIENCE_MS} ms`));
      });
    }
    return /** @type {Frame} */ (this.#frames.shift());
  }

  /**
   * What comes of all that was said so far: everything before the answer to a PING.
   * @returns {Promise<Frame[]>}
   */
  async settled() {
    this.say({ type: 'PING' });
    const frames = [];
    for (;;) {
      const frame = await this.next();
      if (frame.message.type === 'PONG') return frames;
      frames.push(frame);
    }
  }
}

/** @type {import('../../relay/index.js').Relay[]} */
const relays = [];

/** @param {import('../../relay/index.js').RelayOptions} [options] */
async function relay(options = {}) {
  const running = await startRelay({ port: 0, ...options });
  relays.push(running);
  const [sender, receiver] = await Promise.all([
    Client.join(running.url),
    Client.join(running.url),
  ]);
  return { ...running, sender, receiver };
}

after(() => Promise.all(relays.map((running) => running.close())));

/** @param {Frame[]} frames */
const values = (frames) =>
  frames
    .filter(({ message }) => message.type === 'SET' || message.type === 'PUBLISH')
    .map(({ message }) => message.value);

/**
 * @param {string} signal
 * @param {number} value
 * @param {object} [more]
 */
const publish = (signal, value, more) => ({
  type: 'PUBLISH',
  address: '/pad/1',
  signal,
  value,
  ...more,
});

test('REPLAY gives what was written, with its times, and page after page', async () => {
  const { sender, receiver, stats } = await relay();
  for (let i = 0; i < 4; i++) sender.say(publish('event', i));
  sender.say({ type: 'SET', address: '/pad/2', value: 4 });
  await sender.settled();
  receiver.say({ type: 'REPLAY', pattern: '/pad/**', limit: 3 });
  const first = await receiver.settled();
  assert.deepEqual(values(first), [0, 1, 2]);
  const from = Number(first[2].timestamp) + 1;
  receiver.say({ type: 'REPLAY', pattern: '/pad/**', from });
  const second = await receiver.settled();
  assert.deepEqual(values(second), [3, 4]);
  assert.equal(second[1].message.revision, 1);
  assert.ok(Math.abs(Number(second[1].timestamp) / 1000 - Date.now()) < 60_000);
  const { replays_total: replays, journal_entries: entries, journal_bytes: bytes } = stats();
  assert.deepEqual([replays, entries], [2, 5]);
  assert.ok(bytes > 50);
});

test('a relay without a journal answers REPLAY with 501', async () => {
  const { sender, receiver } = await relay({ journalBytes: 0 });
  sender.say(publish('event', 1));
  await sender.settled();
  receiver.say({ type: 'REPLAY', pattern: '/**' });
  const [{ message }] = await receiver.settled();
  assert.equal(message.type, 'ERROR');
  assert.equal(message.code, 501);
});

test('the options of the journal reach it', async () => {
  const { sender, stats } = await relay({ journalEntries: 2 });
  for (let i = 0; i < 4; i++) sender.say(publish('event', i));
  await sender.settled();
  assert.equal(stats().journal_entries, 2);
});

test('a new subscription gets the history that it asks for', async () => {
  const { sender, receiver } = await relay();
  for (let i = 0; i < 4; i++) sender.say(publish('stream', i));
  await sender.settled();
  receiver.say({ type: 'SUBSCRIBE', id: 1, pattern: '/pad/*', options: { history: 2 } });
  assert.deepEqual(values(await receiver.settled()), [2, 3]);
  receiver.say({ type: 'SUBSCRIBE', id: 2, pattern: '/pad/*', options: { window: 60_000 } });
  assert.deepEqual(values(await receiver.settled()), [0, 1, 2, 3]);
});

test('of the moves of a gesture the newest one comes, and before the end', async () => {
  const { sender, receiver, stats } = await relay();
  receiver.say({ type: 'SUBSCRIBE', id: 1, pattern: '/pad/*' });
  await receiver.settled();
  sender.say(publish('gesture', 0, { phase: 'start', id: 7 }));
  for (let i = 1; i <= 5; i++) sender.say(publish('gesture', i, { phase: 'move', id: 7 }));
  const start = await receiver.next();
  assert.equal(start.message.phase, 'start');
  const moves = [];
  do
    moves.push(await receiver.next()); // nobody says more: the last one comes by itself
  while (moves.at(-1)?.message.value !== 5);
  assert.ok(moves.length < 5, `${moves.length} of 5 moves`);
  assert.equal(moves.at(-1)?.message.phase, 'move');
  sender.say(publish('gesture', 6, { phase: 'move', id: 7 }));
  sender.say(publish('gesture', 7, { phase: 'end', id: 7 }));
  assert.deepEqual(values([await receiver.next(), await receiver.next()]), [6, 7]);
  assert.equal(stats().moves_held_total, 6);
});

test('a subscription with a max rate gets the newest value when its time has come', async () => {
  const { sender, receiver, stats } = await relay();
  receiver.say({ type: 'SUBSCRIBE', id: 1, pattern: '/pad/*', options: { maxRate: 2 } });
  await receiver.settled();
  for (let i = 0; i < 5; i++) sender.say(publish('stream', i));
  await sender.settled();
  assert.deepEqual(values([await receiver.next(), await receiver.next()]), [0, 4]);
  assert.equal(stats().values_skipped_total, 3);
});

test('a subscription with an epsilon gets what differs by so much', async () => {
  const { sender, receiver } = await relay();
  receiver.say({ type: 'SUBSCRIBE', id: 1, pattern: '/pad/*', options: { epsilon: 1 } });
  await receiver.settled();
  for (const value of [0, 0.5, 0.9, 1.5, 1]) sender.say(publish('stream', value));
  await sender.settled();
  assert.deepEqual(values(await receiver.settled()), [0, 1.5]);
});

test('members of a bundle carry its time', async () => {
  const { sender, receiver } = await relay();
  receiver.say({ type: 'SUBSCRIBE', id: 1, pattern: '/pad/*' });
  await receiver.settled();
  const timestamp = 1_800_000_000_000_000;
  sender.say({ type: 'BUNDLE', timestamp, messages: [publish('event', 1), publish('event', 2)] });
  await sender.settled();
  const frames = await receiver.settled();
  assert.deepEqual(values(frames), [1, 2]);
  for (const frame of frames) assert.equal(Number(frame.timestamp), timestamp);
});
