/** ClaspP2P on the embedded relay, with real WebRTC: how peers come together, and what they say. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClaspP2P } from '../../web/peering.js';
import { LOCAL, countingRtc, hear, meeting, next, runPair, sendingRtc } from './peers.js';

test('a peer that is called by its client id is connected at both sides, and what it is told arrives', async (t) => {
  const { pair } = await meeting(t);
  const { one, two, peer, back } = await pair();
  assert.equal(peer.id, 'b');
  assert.equal(peer.state, 'connected');
  assert.equal(peer.session, two.session);
  assert.equal(back.id, 'a');
  assert.equal(one.peers.get('b'), peer);
  const heard = hear(back, '/local/**');
  await peer.set('/local/value', 42);
  assert.deepEqual(await heard, [['/local/value', 42]]);
  assert.deepEqual(one.explain('b').code, 'CONNECTED');
});

test('set, emit and stream bring every kind of value, in order on the reliable channel', async (t) => {
  const { pair } = await meeting(t);
  const { peer, back } = await pair();
  const values = [
    1,
    -0.5,
    'text é😀',
    true,
    null,
    [1, [2]],
    { a: { b: 'c' } },
    Uint8Array.of(1, 2, 3),
  ];
  const heard = hear(back, '/v/*', values.length * 2);
  values.forEach((value, i) => {
    peer.set(`/v/${i}`, value);
    peer.emit(`/v/${i}`, value);
  });
  const expected = values.flatMap((value, i) => [
    [`/v/${i}`, value],
    [`/v/${i}`, value],
  ]);
  assert.deepEqual(await heard, expected);
  const streamed = hear(back, '/fast');
  peer.stream('/fast', [1, 2]);
  assert.deepEqual(await streamed, [['/fast', [1, 2]]]);
});

test('an answer that is said after an await shares its message with the acknowledgement of what it answers', async (t) => {
  const { pair } = await meeting(t);
  const { counts, rtc } = sendingRtc();
  const { peer, back } = await pair({ rtc });
  back.on('/ping', (/** @type {number} */ value) => void back.set('/pong', value));
  let heard = (/** @type {number} */ _) => {};
  peer.on('/pong', (/** @type {number} */ value) => heard(value));
  const roundTrip = async (/** @type {number} */ value) => {
    const answer = new Promise((resolve) => (heard = resolve));
    void peer.set('/ping', value);
    return answer;
  };
  assert.equal(await roundTrip(0), 0);
  const before = counts.sent;
  for (let i = 1; i <= 50; i++) assert.equal(await roundTrip(i), i);
  assert.ok(counts.sent - before < 75, `${counts.sent - before} messages for 50`);
});

test('what is set before anybody listens is told to who listens later, and get() asks for it', async (t) => {
  const { pair } = await meeting(t);
  const { peer, back } = await pair();
  await peer.set('/x', { deep: [1] });
  await peer.set('/n', 7);
  assert.deepEqual(await hear(back, '/x'), [['/x', { deep: [1] }]]);
  assert.deepEqual(await back.get('/x'), { deep: [1] });
  assert.equal(await back.get('/n'), 7);
  await assert.rejects(back.get('/nothing'), { code: 'NOT_FOUND' });
  await assert.rejects(back.get('/n', { signal: AbortSignal.abort() }), { code: 'ABORTED' });
});

test('handlers end: by their function, by off() with one or all, and after once() has heard', async (t) => {
  const { pair } = await meeting(t);
  const { peer, back } = await pair();
  /** @type {string[]} */ const seen = [];
  const note = (/** @type {string} */ name) => () => void seen.push(name);
  const kept = note('kept');
  const gone = note('gone');
  back.on('/a', kept);
  back.on('/a', gone);
  const end = back.on('/a/**', note('ended'));
  end();
  end();
  back.off('/a', gone);
  back.once('/a', note('once'));
  await peer.set('/a', 1);
  await peer.set('/a', 2);
  back.off('/a');
  await peer.set('/a', 3);
  assert.deepEqual(seen, ['kept', 'once', 'kept']);
});

test('subscribe() gives what comes to for await, until its signal aborts', async (t) => {
  const { pair } = await meeting(t);
  const { peer, back } = await pair();
  const life = new AbortController();
  const inflow = back.subscribe('/s/*', { signal: life.signal });
  for (let i = 0; i < 3; i++) peer.set(`/s/${i}`, i);
  /** @type {any[]} */ const seen = [];
  for await (const { address, value } of inflow) {
    seen.push(`${address} ${value}`);
    if (seen.length === 3) life.abort();
  }
  assert.deepEqual(seen, ['/s/0 0', '/s/1 1', '/s/2 2']);
});

test('a handler that throws disturbs no other: its error surfaces, as of a program', async () => {
  const stdout = await runPair(`
    process.on('uncaughtException', (error) => console.log('uncaught ' + error.message));
    two.on('peer_connected', (peer) => {
      peer.on('/ping', () => {
        throw new Error('mine');
      });
      peer.on('/ping', (value) => void peer.set('/pong', value + 1));
    });
    const peer = await one.connectToPeer('b');
    const answered = new Promise((resolve) => peer.on('/pong', resolve));
    await peer.set('/ping', 1);
    console.log(await answered);
    one.close();
    two.close();
    await relay.close();
  `);
  assert.equal(stdout, 'uncaught mine\n2\n');
});

test('what is wrong is thrown at once, and an ignored promise of set() is no unhandled rejection', async (t) => {
  const { pair } = await meeting(t);
  const { one, peer } = await pair();
  assert.throws(() => peer.emit('no address', 1), { code: 'BAD_ADDRESS' });
  assert.throws(() => peer.emit('/a', () => {}), { code: 'BAD_VALUE_TYPE' });
  assert.throws(() => peer.on('/a//b', () => {}), { code: 'BAD_PATTERN' });
  assert.throws(() => peer.on('/a', /** @type {any} */ (undefined)), { code: 'BAD_OPTION' });
  assert.throws(() => peer.createDataChannel('/a', { maxRetransmits: -1 }), { code: 'BAD_OPTION' });
  assert.throws(() => peer.reject('too late'), { code: 'BAD_STATE' });
  peer.set('no address', 1);
  await assert.rejects(peer.set('no address', 1), { code: 'BAD_ADDRESS' });
  await assert.rejects(peer.set('/a', 1, { signal: AbortSignal.abort() }), { code: 'ABORTED' });
  await assert.rejects(one.connectToPeer('a'), { code: 'BAD_OPTION' });
  assert.throws(() => new ClaspP2P(/** @type {any} */ ({})), { code: 'BAD_OPTION' });
  assert.throws(() => new ClaspP2P({ signaling: 'http://x' }), { code: 'BAD_OPTION' });
  const unconnected = new ClaspP2P({ signaling: 'ws://127.0.0.1:1' });
  assert.throws(() => unconnected.broadcast('/a', 1), { code: 'NOT_CONNECTED' });
  await assert.rejects(unconnected.connectToPeer('b'), { code: 'NOT_CONNECTED' });
  await assert.rejects(unconnected.connect(), { code: 'RELAY_UNREACHABLE' });
});

test('peer_connecting decides: nothing is opened before its promise has settled, and a refusal comes with its words', async (t) => {
  const { join } = await meeting(t);
  const { counts, rtc } = countingRtc();
  const one = await join('a');
  const two = await join('b', { rtc });
  const before = counts.described;
  let seen = -1;
  two.on('peer_connecting', async (peer) => {
    assert.equal(peer.id, 'a');
    await next(one, 'probe');
    seen = counts.described + counts.candidates;
    peer.reject('Identity verification failed');
  });
  const asked = next(two, 'peer_connecting');
  const connecting = one.connectToPeer('b');
  const refused = assert.rejects(connecting, {
    code: 'REJECTED',
    message: 'Identity verification failed',
  });
  await asked;
  one.dispatchEvent(new CustomEvent('probe'));
  await refused;
  assert.equal(seen, before);
  assert.equal(counts.described, before);
  assert.equal(one.explain('b').code, 'REJECTED_BY_PEER');
  assert.equal(two.explain('a').code, 'REJECTED_HERE');
});

test('a peer_connecting listener that fails refuses, and is reported as VERIFY', async (t) => {
  const { join } = await meeting(t);
  const one = await join('a');
  const two = await join('b');
  two.on('peer_connecting', async () => {
    throw new Error('no database');
  });
  const reported = next(two, 'error');
  await assert.rejects(one.connectToPeer('b'), { code: 'REJECTED' });
  assert.equal((await reported).error.code, 'VERIFY');
});

test('who is called by both sides at once is connected once', async (t) => {
  const { join } = await meeting(t);
  const one = await join('a');
  const two = await join('b');
  let count = 0;
  for (const it of [one, two]) it.on('peer_connected', () => count++);
  const [b, a] = await Promise.all([one.connectToPeer('b'), two.connectToPeer('a')]);
  const heard = hear(a, '/x');
  await b.set('/x', 1);
  await heard;
  assert.equal(count, 2);
  assert.equal(one.peers.size, 1);
});

test('connectToPeer() ends by its signal and by its timeout, and explain() says why', async (t) => {
  const { join } = await meeting(t);
  const one = await join('a');
  const life = new AbortController();
  const waiting = one.connectToPeer('nobody', { signal: life.signal });
  life.abort();
  await assert.rejects(waiting, { code: 'ABORTED' });
  await assert.rejects(one.connectToPeer('nobody', { signal: AbortSignal.abort() }), {
    code: 'ABORTED',
  });
  await assert.rejects(one.connectToPeer('nobody', { timeout: 50 }), { code: 'TIMEOUT' });
  const { code, message, next: step, facts } = one.explain('nobody');
  assert.equal(code, 'NEVER_ANNOUNCED');
  assert.ok(message.length > 0 && step.length > 0 && facts.session);
});

test('close() of a peer is told to it, and connectToPeer() begins anew', async (t) => {
  const { pair } = await meeting(t);
  const { one, two, peer, back } = await pair();
  const gone = Promise.all([
    next(two, 'peer_disconnected'),
    next(back, 'disconnected'),
    next(back, 'closed'),
  ]);
  peer.close();
  await gone;
  assert.equal(peer.state, 'closed');
  assert.equal(one.peers.size, 0);
  await assert.rejects(peer.set('/x', 1), { code: 'NOT_CONNECTED' });
  const again = await one.connectToPeer('b');
  await again.set('/x', 2);
  assert.equal(again.state, 'connected');
});

test('what a peer subscribed to stays so over a close and a new connection', async (t) => {
  const { pair } = await meeting(t);
  const { one, peer, back } = await pair();
  const heard = hear(back, '/late');
  const closed = next(back, 'closed');
  peer.close();
  await closed;
  (await one.connectToPeer('b')).set('/late', 5);
  assert.deepEqual(await heard, [['/late', 5]]);
});

test('a peer without a client id is its session', async (t) => {
  const { join } = await meeting(t);
  const one = await join();
  const two = await join();
  assert.equal(one.clientId, one.session);
  const peer = await one.connectToPeer(two.session);
  assert.equal(peer.id, two.session);
});

test('the events of a peer tell how it goes, and the path is looked up', async (t) => {
  const { pair } = await meeting(t);
  const { peer } = await pair();
  const path = peer.path ?? (await next(peer, 'path')).path;
  assert.equal(path.type, 'host');
  assert.equal(path.protocol, 'udp');
  for (let i = 0; i < 50; i++) peer.set('/n', i);
  await peer.set('/n', 'last');
  const stats = await peer.stats();
  assert.equal(stats.path, 'host');
  assert.ok(stats.messagesSent >= 51 && stats.bytesSent > 0);
  assert.equal(stats.unacknowledgedBytes, 0);
  assert.equal(stats.retransmits, 0);
  assert.equal(typeof (await peer.stats()).outgoingBitrate, 'number');
});

test('relay-only without a TURN server fails, and explain() says that there are no candidates', async (t) => {
  const { join } = await meeting(t);
  const one = await join('a', { iceTransportPolicy: 'relay', cover: false });
  await join('b', { cover: false });
  await assert.rejects(
    one.connectToPeer('b', { timeout: 2000 }),
    /TIMEOUT|ICE_FAILED|no answer|no network/,
  );
  assert.equal(one.explain('b').code, 'NO_CANDIDATES');
});

test('a function of credentials is called for each connection', async (t) => {
  const { join } = await meeting(t);
  const { configurations, rtc } = countingRtc();
  let calls = 0;
  const rtcConfig = async () => {
    calls++;
    return { ...LOCAL, iceTransportPolicy: /** @type {const} */ ('all') };
  };
  const one = await join('a', { rtcConfig, rtc });
  await join('b');
  const peer = await one.connectToPeer('b');
  assert.equal(calls, 1);
  peer.close();
  await one.connectToPeer('b');
  assert.equal(calls, 2);
  assert.equal(configurations.length, 2);
});

test('connect() may be called again after close(), and while connected does nothing', async (t) => {
  const { pair } = await meeting(t);
  const { one, two } = await pair();
  await one.connect();
  const gone = next(two, 'peer_disconnected');
  one.close();
  await gone;
  assert.equal(one.connected, false);
  assert.equal(one.session, '');
  one.close();
  assert.equal(await one.connect(), one);
  assert.equal((await one.connectToPeer('b')).state, 'connected');
});

test('every connection that was made is closed in the end', async (t) => {
  const { join } = await meeting(t);
  const { counts, allClosed, rtc } = countingRtc();
  const one = await join('a', { rtc });
  const two = await join('b', { rtc });
  for (let i = 0; i < 3; i++) {
    const connected = next(two, 'peer_connected');
    const peer = await one.connectToPeer('b');
    const { peer: back } = await connected;
    const closed = next(back, 'closed');
    peer.close();
    await closed;
  }
  one.close();
  two.close();
  assert.ok(counts.made >= 6);
  await allClosed();
});
