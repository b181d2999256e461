/** `@clasp-to/core` of npm as a client: of the relay of this package, and of the router of crates.io. */
import assert from 'node:assert/strict';
import { Clasp } from '@clasp-to/core';
import { after, before, describe, test } from 'node:test';
import { PATIENCE_MS, within } from '../browser/support/wait.js';
import { connect, hear, Heard, inside, settle } from './core-client.js';
import { RawPeer } from './raw-peer.js';
import { publish, set, subscribe } from './scene.js';
import { RELAYS, endAll } from './support.js';

/** @type {import('@clasp-to/core').Value[]} */
const VALUES = [
  null,
  true,
  false,
  0,
  -1.5,
  2 ** 53,
  '',
  'Grüße, 世界 🎶',
  new Uint8Array([0, 1, 255]),
  [],
  [1, 'two', [null]],
  {},
  { x: 1, nested: { list: [true] } },
];

const TIMELINE = { keyframes: [{ time: 0, value: 1, easing: 'linear' }], loop: false };

after(endAll);

for (const relay of RELAYS) {
  describe(`@clasp-to/core with ${relay.name}`, { skip: relay.skip }, () => claimsOf(relay));
}

/** @param {import('./support.js').Relay} relay */
function claimsOf(relay) {
  /** @type {string} */
  let url;
  /** Two clients, and what sees their frames. @type {Clasp} */
  let ann;
  /** @type {Clasp} */
  let ben;
  /** @type {RawPeer} */
  let raw;
  let claims = 0;

  /** A prefix of addresses for one claim, with ears on all of it. */
  async function scene() {
    const at = `/core/${++claims}`;
    await raw.ask(subscribe(claims, `${at}/**`));
    const [ofAnn, ofBen] = [await hear(ann, raw, `${at}/**`), await hear(ben, raw, `${at}/**`)];
    return { at, x: `${at}/x`, ann: ofAnn.heard, ben: ofBen.heard };
  }

  before(async () => {
    ({ url } = await relay.start());
    [ann, ben, raw] = await Promise.all([connect(url), connect(url), RawPeer.join(url)]);
  });

  after(() => {
    ann.close();
    ben.close();
  });

  test('connect() ends in a session that the relay routes to', async () => {
    assert.ok(ann.connected);
    const address = `/clasp/p2p/signal/${ann.session}`;
    const heard = new Heard();
    const unsubscribe = ann.subscribe(address, heard.note);
    raw.send(publish(address, { from: raw.session, text: 'psst' }));
    assert.equal((await heard.next()).value.text, 'psst');
    unsubscribe();
  });

  test('a client made by the builder connects', async () => {
    const built = await Clasp.builder(url)
      .withName('built')
      .withFeatures(['param', 'event', 'gesture'])
      .withToken('anything')
      .withReconnect(false)
      .connect();
    assert.ok(built.connected);
    assert.notEqual(built.session, ann.session);
    built.close();
  });

  test('time() is the clock that WELCOME told', () => {
    assert.ok(Math.abs(ann.time() / 1000 - Date.now()) < PATIENCE_MS);
  });

  test('set() reaches the other client, its own callback, and everybody else with a revision', async () => {
    const { x, ...heard } = await scene();
    ann.set(x, 0.5);
    ann.set(x, 0.75);
    for (const value of [0.5, 0.75]) {
      assert.equal((await heard.ben.next()).value, value);
      assert.equal((await heard.ann.next()).value, value);
    }
    const [first, second] = [await raw.next('SET'), await raw.next('SET')];
    assert.deepEqual([first.value, first.revision], [0.5, 1]);
    assert.deepEqual([second.value, second.revision], [0.75, 2]);
    assert.equal(ann.cached(x), 0.75);
    assert.equal(ben.cached(x), 0.75);
  });

  test('a SET of another make reaches it, with lock, ttl and an integer', async () => {
    const { x, ...heard } = await scene();
    const ttl = { mode: 'absolute', seconds: 600 };
    await raw.ask(set(x, 42n, { lock: true, ttl }));
    assert.equal((await heard.ann.next()).value, 42);
  });

  test('values of every kind survive set() and emit(), there and as frames', async () => {
    const { x, ...heard } = await scene();
    for (const value of VALUES) {
      ann.set(x, value);
      assert.deepEqual((await heard.ben.next()).value, value);
      assert.deepEqual((await raw.next('SET')).value, value);
      ann.emit(x, value);
      assert.deepEqual((await heard.ben.next()).value, value);
      assert.deepEqual((await raw.next('PUBLISH')).value, value);
    }
  });

  test('values of every kind sent by another make survive', async () => {
    const { x, ...heard } = await scene();
    for (const value of VALUES) {
      raw.send(set(x, value));
      assert.deepEqual((await heard.ann.next()).value, value);
      raw.send(publish(x, value));
      assert.deepEqual((await heard.ann.next()).value, value);
    }
  });

  test('a new subscription is told what is set, with its revision', async () => {
    const at = `/core/${++claims}`;
    await raw.ask(set(`${at}/known`, 1), set(`${at}/known`, 2));
    const { heard } = await hear(ann, raw, `${at}/*`);
    const { address, value, meta } = await heard.next();
    assert.deepEqual([address, value, meta.revision], [`${at}/known`, 2, 2]);
    assert.equal(meta.writer, raw.session);
  });

  test('get() asks for what it does not know yet', async () => {
    const at = `/core/${++claims}`;
    await raw.ask(set(at, 'there'));
    assert.equal(ann.cached(at), undefined);
    assert.equal(await ann.get(at), 'there');
    assert.equal(ann.cached(at), 'there');
  });

  test('a client that comes later knows at once what was set', async () => {
    const at = `/core/${++claims}`;
    await raw.ask(set(at, 7));
    const late = await connect(url);
    await settle(late, raw);
    assert.equal(late.cached(at), 7);
    late.close();
  });

  test('emit() reaches the others with its timestamp, and not itself', async () => {
    const { x, ...heard } = await scene();
    ann.emit(x, { cue: 'intro' });
    assert.deepEqual((await heard.ben.next()).value, { cue: 'intro' });
    const { signal, timestamp } = await raw.next('PUBLISH');
    assert.equal(signal, 'event');
    assert.ok(Math.abs(Number(timestamp) / 1000 - Date.now()) < PATIENCE_MS);
    await settle(ann, raw);
    assert.deepEqual(heard.ann.rest(), []);
  });

  test('stream() reaches the others in order', async () => {
    const { x, ...heard } = await scene();
    for (let i = 0; i < 50; i++) ann.stream(x, i);
    for (let i = 0; i < 50; i++) assert.equal((await heard.ben.next()).value, i);
    assert.equal((await raw.next('PUBLISH')).signal, 'stream');
  });

  test('gesture() carries phase and id from its start to its end', async () => {
    const { x, ...heard } = await scene();
    ann.gesture(x, 9, 'start', { x: 0 });
    ann.gesture(x, 9, 'move', { x: 1 });
    ann.gesture(x, 9, 'end', { x: 2 });
    const seen = [];
    for (let last; last?.phase !== 'end';) seen.push((last = (await heard.ben.next()).value));
    assert.deepEqual(seen, [
      { x: 0, phase: 'start', gestureId: 9 },
      { x: 1, phase: 'move', gestureId: 9 },
      { x: 2, phase: 'end', gestureId: 9 },
    ]);
  });

  test('timeline() arrives without its keyframes: its codec writes none', async () => {
    const { x, ...heard } = await scene();
    ann.timeline(x, [{ time: 0, value: 1 }], { startTime: 5 });
    assert.equal((await heard.ben.next()).value, null);
    const { signal, timestamp, value } = await raw.next('PUBLISH');
    assert.deepEqual([signal, Number(timestamp), value], ['timeline', 5, undefined]);
  });

  test('a timeline as we write it arrives as a map', async () => {
    const { x, ...heard } = await scene();
    raw.send(publish(x, TIMELINE, { signal: 'timeline' }));
    assert.deepEqual((await heard.ann.next()).value, TIMELINE);
  });

  test('bundle() arrives member by member, SETs first, whatever its time', async () => {
    const { at, x, ...heard } = await scene();
    const at_us = Math.round(ann.time()) + 3_600_000_000;
    ann.bundle([{ emit: [x, 'go'] }, { set: [`${at}/y`, 1] }], { at: at_us });
    assert.deepEqual(await heard.ben.next(), { value: 1, address: `${at}/y`, meta: undefined });
    assert.equal((await heard.ben.next()).value, 'go');
    await raw.next('SET');
    await raw.next('PUBLISH');
  });

  test('a BUNDLE of another make arrives member by member', async () => {
    const { at, x, ...heard } = await scene();
    raw.send({ type: 'BUNDLE', messages: [set(x, 1), publish(`${at}/y`, 2)] });
    assert.equal((await heard.ann.next()).value, 1);
    assert.equal((await heard.ann.next()).value, 2);
  });

  test('`*` hears one segment, `**` any number, and each subscription once', async () => {
    const at = `/core/${++claims}`;
    const [one, any] = [await hear(ann, raw, `${at}/*/z`), await hear(ann, raw, `${at}/**`)];
    await raw.ask(publish(`${at}/a/z`, 1), publish(`${at}/a/b/z`, 2), publish(`${at}/z`, 3));
    await settle(ann, raw);
    assert.deepEqual(one.heard.rest(), [1]);
    assert.deepEqual(any.heard.rest(), [1, 2, 3]);
  });

  test('after its unsubscribe function the relay sends nothing more', async () => {
    const at = `/core/${++claims}`;
    const { heard, unsubscribe } = await hear(ann, raw, at);
    await raw.ask(publish(at, 1));
    await settle(ann, raw);
    unsubscribe();
    await settle(ann, raw);
    let frames = 0;
    inside(ann).ws.addEventListener('message', () => frames++);
    await raw.ask(publish(at, 2));
    await settle(ann, raw);
    assert.deepEqual(heard.rest(), [1]);
    assert.equal(frames, 1, 'the answer to GET alone');
  });

  test('what others announced is in getSignals() and querySignals() once it asked', async () => {
    const at = `/core/${++claims}`;
    const signals = [{ address: `${at}/gain`, type: 'param', datatype: 'f64', access: 'rw' }];
    await raw.ask({ type: 'ANNOUNCE', namespace: at, signals });
    inside(ann).send({ type: 'QUERY', pattern: `${at}/*` }); // it has no method for it
    await settle(ann, raw);
    assert.deepEqual(ann.querySignals(`${at}/*`), signals);
    assert.deepEqual(
      ann.getSignals().filter(({ address }) => address.startsWith(at)),
      signals,
    );
  });

  test('a refused subscription is in getLastError(), until clearError()', async () => {
    ann.subscribe('no/slash', () => {});
    await settle(ann, raw);
    assert.equal(ann.getLastError()?.code, 202);
    ann.clearError();
    assert.equal(ann.getLastError(), null);
  });

  test("a set() of another one's locked param is refused, and nobody hears it", async () => {
    const { x, ...heard } = await scene();
    await raw.ask(set(x, 1, { lock: true }));
    ann.set(x, 2);
    await settle(ann, raw);
    assert.ok([400, 401].includes(ann.getLastError()?.code ?? 0), String(ann.getLastError()?.code));
    assert.deepEqual(heard.ann.rest(), [1]);
    ann.clearError();
  });

  test('close() ends the session for good', async () => {
    const client = await connect(url, { reconnect: true, reconnectInterval: 1 });
    const { session } = client;
    const reason = new Promise((resolve) => client.onDisconnect(resolve));
    client.close();
    await within(PATIENCE_MS, 'onDisconnect', reason);
    assert.equal(client.connected, false);
    const signal = publish(`/clasp/p2p/signal/${session}`, {});
    const gone = async () => {
      for (;;) if ((await raw.ask(signal)).some(({ code }) => code === 404)) return;
    };
    await within(PATIENCE_MS, 'the session to be gone', gone());
  });

  test('it comes back when the relay does, with its subscriptions', async () => {
    const first = await relay.start();
    const client = await connect(first.url, { reconnect: true, reconnectInterval: 100 });
    const heard = new Heard();
    client.on('/core/back', heard.note);
    const told = { lost: 0, tries: 0 };
    client.onDisconnect(() => told.lost++);
    client.onReconnect(() => told.tries++);
    await first.close();
    const back = new Promise((resolve) => client.onConnect(() => resolve(client.session)));
    const { url: again } = await relay.start(first.port);
    const session = await within(PATIENCE_MS, 'it to be back', back);
    assert.ok(told.lost > 0 && told.tries > 0, JSON.stringify(told));
    assert.equal(session, client.session);
    const other = await RawPeer.join(again);
    const spoken = async () => {
      for (let i = 0; ; i++) {
        await other.ask(publish('/core/back', i));
        await settle(client, other);
        if (heard.rest().length > 0) return;
      }
    };
    await within(PATIENCE_MS, 'an event of its old subscription', spoken());
    client.close();
  });

  test('connect() is rejected, and onError called, where nothing listens', async () => {
    const gone = await relay.start();
    await gone.close();
    const client = new Clasp(gone.url, { reconnect: false });
    const told = new Promise((resolve) => client.onError(resolve));
    await assert.rejects(client.connect());
    await within(PATIENCE_MS, 'onError', told);
  });
}
