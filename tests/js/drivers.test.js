import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BroadcastDriver, MemoryDriver, Receiver, RelayDriver, Sender } from '../../web/index.js';
import { next, startHub } from './support.js';

/** @typedef {import('node:test').TestContext} TestContext */

/**
 * A driver that knows what it was told.
 * @param {MemoryDriver} driver
 * @param {string[]} namespace
 */
function heard(driver, namespace) {
  /** @type {any[]} any: messages */
  const messages = [];
  const waiting = new EventTarget();
  const handler = (/** @type {any} a message */ message) => {
    messages.push(message);
    waiting.dispatchEvent(new CustomEvent('message', { detail: message }));
  };
  driver.on(namespace, handler);
  return { messages, handler, next: () => next(waiting, 'message') };
}

/**
 * @param {TestContext} t
 * @param {string} url
 * @param {object} [options]
 */
function relayDriver(t, url, options) {
  const driver = new RelayDriver({ url, backoff: 50, ...options });
  t.after(() => driver.close());
  return driver;
}

/** @type {Record<string, (t: TestContext) => Promise<[MemoryDriver, MemoryDriver]>>} two that hear each other */
const PAIRS = {
  async memory() {
    const driver = new MemoryDriver();
    return [driver, driver];
  },
  async broadcast(t) {
    const name = t.name;
    const drivers = [new BroadcastDriver({ name }), new BroadcastDriver({ name })];
    t.after(() => drivers.forEach((it) => it.close()));
    return [drivers[0], drivers[1]];
  },
  async relay(t) {
    const hub = await startHub();
    t.after(() => hub.stop());
    return [relayDriver(t, hub.url), relayDriver(t, hub.url)];
  },
};

for (const [kind, make] of Object.entries(PAIRS)) {
  test(`${kind}: what one emits, the other hears at exactly that namespace, in order`, async (t) => {
    const [a, b] = await make(t);
    const room = heard(b, ['sender', 'room/1 *%']);
    const other = heard(b, ['sender', 'room']);
    const own = heard(b, ['sender', 'room/1 *%', 'id']);
    a.on(['warm'], () => {});
    if (a instanceof RelayDriver && b instanceof RelayDriver) await Promise.all([a.ready, b.ready]);
    for (let i = 0; i < 5; i++)
      a.emit(['sender', 'room/1 *%'], { i, text: 'aé😀', list: [1, null, { x: true }] });
    a.emit(['sender', 'room/1 *%', 'id'], { last: true });
    while (own.messages.length === 0) await own.next();
    assert.deepEqual(own.messages, [{ last: true }]);
    assert.deepEqual(
      room.messages.map(({ i }) => i),
      [0, 1, 2, 3, 4],
    );
    assert.deepEqual(room.messages[0], { i: 0, text: 'aé😀', list: [1, null, { x: true }] });
    assert.equal(other.messages.length, 0);
  });

  test(`${kind}: an emitter’s own handlers hear it, too, and those taken off hear nothing`, async (t) => {
    const [a] = await make(t);
    const kept = heard(a, ['x']);
    const taken = heard(a, ['x']);
    a.off(['x'], taken.handler);
    const arrives = kept.next();
    a.emit(['x'], { a: 1 });
    assert.deepEqual(await arrives, { a: 1 });
    assert.equal(taken.messages.length, 0);
    assert.equal(kept.messages.length, 1);
  });

  test(`${kind}: a Sender and a Receiver meet through it`, async (t) => {
    const [a, b] = await make(t);
    const sender = new Sender({ driver: a, iceServers: [] });
    const receiver = new Receiver({ driver: b, iceServers: [] });
    t.after(() => [sender, receiver].forEach((it) => it.stop()));
    const open = next(receiver, 'channel');
    sender.start({ room: 'a:b/c' });
    receiver.start({ room: 'a:b/c' });
    await open;
    const message = next(receiver, 'message');
    sender.send('through');
    assert.equal((await message).message, 'through');
    const gone = next(sender, 'dispose');
    receiver.stop();
    assert.equal((await gone).error, undefined);
  });
}

test('namespaces are told apart however they are cut', () => {
  const driver = new MemoryDriver();
  const one = heard(driver, ['a:b']);
  const two = heard(driver, ['a', 'b']);
  driver.publish(['a', 'b'], {});
  assert.deepEqual([one.messages.length, two.messages.length], [0, 1]);
});

test('relay: what was emitted before there is a session waits for it', async (t) => {
  const hub = await startHub();
  t.after(() => hub.stop());
  const listener = relayDriver(t, hub.url);
  const room = heard(listener, ['early']);
  await listener.ready;
  const speaker = relayDriver(t, hub.url);
  const arrives = room.next();
  speaker.emit(['early'], { a: 1 });
  assert.equal(speaker.state, 'connecting');
  assert.deepEqual(await arrives, { a: 1 });
  assert.equal(speaker.state, 'open');
});

test('relay: a lost session is an event, comes back by itself, and subscribes again', async (t) => {
  const hub = await startHub();
  const driver = relayDriver(t, hub.url);
  const room = heard(driver, ['room']);
  const { session } = await next(driver, 'open');
  assert.match(session, /./);
  const lost = next(driver, 'close');
  await hub.stop();
  assert.ok((await lost).error instanceof Error);
  assert.equal(driver.state, 'waiting');
  const back = next(driver, 'open');
  const again = await startHub(hub.port);
  t.after(() => again.stop());
  await back;
  const other = relayDriver(t, again.url);
  const arrives = room.next();
  other.emit(['room'], { again: true });
  assert.deepEqual(await arrives, { again: true });
});

test('relay: nobody there is an error event, and with reconnect: false the end', async (t) => {
  const hub = await startHub();
  await hub.stop();
  const driver = relayDriver(t, hub.url, { reconnect: false });
  const failed = next(driver, 'error');
  driver.emit(['x'], {});
  assert.equal((await failed).error.code, 'RELAY_UNREACHABLE');
  await assert.rejects(driver.ready);
  assert.equal(driver.state, 'closed');
  assert.throws(() => driver.emit(['x'], {}), { code: 'BAD_STATE' });
});

test('relay: a malformed or oversized message from the relay harms nothing', async (t) => {
  const hub = await startHub();
  t.after(() => hub.stop());
  const driver = relayDriver(t, hub.url);
  const room = heard(driver, ['x']);
  await driver.ready;
  const failed = next(driver, 'error');
  hub.shout(Uint8Array.of(0x53, 0x01, 0, 2, 0xee, 0xee));
  assert.match((await failed).error.message, /./);
  const other = relayDriver(t, hub.url);
  const arrives = room.next();
  other.emit(['x'], { fine: 1 });
  assert.deepEqual(await arrives, { fine: 1 });
  assert.equal(driver.state, 'open');
});

test('relay: a message that no frame can carry is refused to the caller', async (t) => {
  const hub = await startHub();
  t.after(() => hub.stop());
  const driver = relayDriver(t, hub.url);
  driver.emit(['x'], {});
  await driver.ready;
  assert.throws(() => driver.emit(['x'], { text: 'x'.repeat(70_000) }), { code: 'TOO_LARGE' });
  assert.throws(() => new RelayDriver({ url: 'http://localhost' }), { code: 'BAD_OPTION' });
});

test('a driver that was closed says so, and closing again is fine', async (t) => {
  const broadcast = new BroadcastDriver({ name: t.name });
  broadcast.close();
  broadcast.close();
  assert.throws(() => broadcast.emit(['x'], {}), { code: 'BAD_STATE' });
  const relay = new RelayDriver();
  relay.close();
  relay.close();
  assert.equal(relay.state, 'closed');
  await assert.rejects(relay.ready, { code: 'ABORTED' });
});
