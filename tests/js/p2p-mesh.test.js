/** Several peers, and what happens when the relay goes: meshes, broadcasts, sessions that change. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRelay } from '../../relay/index.js';
import { Clasp } from '../../web/index.js';
import { hear, meeting, next, runPair } from './peers.js';

/** Until so many are connected. @param {import('../../web/p2p.js').ClaspP2P} it @param {number} count */
async function until(it, count) {
  const connected = () =>
    [...it.peers.values()].filter(({ state }) => state === 'connected').length;
  while (connected() < count) await next(it, 'peer_connected');
}

test('a mesh connects all that are there, and a late joiner; a broadcast reaches each once', async (t) => {
  const { join } = await meeting(t);
  const mesh = { mesh: true };
  const first = await Promise.all(['a', 'b', 'c'].map((id) => join(id, mesh)));
  await Promise.all(first.map((it) => until(it, 2)));
  const late = await join('late', mesh);
  const all = [...first, late];
  await Promise.all(all.map((it) => until(it, 3)));
  const heard = first.map((it) => next(it, 'broadcast'));
  const handled = hear(/** @type {any} */ (first[0].peers.get('late')), '/news');
  late.broadcast('/news', { message: 'Hello everyone!' });
  for (const { value, peer, address } of await Promise.all(heard)) {
    assert.deepEqual(value, { message: 'Hello everyone!' });
    assert.equal(peer.id, 'late');
    assert.equal(address, '/news');
  }
  assert.deepEqual(await handled, [['/news', { message: 'Hello everyone!' }]]);
});

test('a broadcast before anybody is connected is kept for the first peers, up to 64', async (t) => {
  const { join } = await meeting(t);
  const one = await join('a', { mesh: true });
  one.broadcast('/announcement', { message: 'early' });
  for (let i = 1; i < 64; i++) one.broadcast('/more', i);
  assert.throws(() => one.broadcast('/more', 64), { code: 'QUEUE_FULL' });
  const two = await join('b', { mesh: true });
  const heard = await next(two, 'broadcast');
  assert.deepEqual([heard.value, heard.peer.id], [{ message: 'early' }, 'a']);
});

test('signals go by the connection of a client, where there is one', async (t) => {
  const { relay, join } = await meeting(t);
  const client = new Clasp(relay.url);
  await client.connect();
  t.after(() => client.close());
  const one = await join('a', { signaling: client.signalling() });
  assert.equal(one.session, client.session);
  await join('b');
  const peer = await one.connectToPeer('b');
  await peer.set('/x', 1);
  one.close();
  assert.ok(client.connected);
});

test('a relay that is killed and comes back takes nothing from peers, who find others again', async (t) => {
  const first = await startRelay({ port: 0, rendezvous: false });
  const { port, url } = first;
  const { make } = await meeting(t);
  const [one, two] = ['a', 'b'].map((id) => make(id, { signaling: url }));
  await Promise.all([one.connect(), two.connect()]);
  const connected = next(two, 'peer_connected');
  const peer = await one.connectToPeer('b');
  const { peer: back } = await connected;
  const before = one.session;
  const lost = Promise.all([one, two].map((it) => next(it, 'session', ({ session }) => !session)));
  await first.close();
  await lost;
  assert.equal(one.explain('nobody').code, 'SIGNALLING_DOWN');
  const heard = hear(back, '/meanwhile');
  await peer.set('/meanwhile', 1);
  await heard;
  const again = Promise.all([one, two].map((it) => next(it, 'session', ({ session }) => session)));
  const second = await startRelay({ port, rendezvous: false });
  t.after(() => second.close());
  await again;
  assert.notEqual(one.session, before);
  assert.equal(peer.state, 'connected');
  const three = make('c', { signaling: url });
  await three.connect();
  assert.equal((await one.connectToPeer('c')).state, 'connected');
  await peer.set('/after', 2);
  for (const it of [one, two, three]) it.close();
});

test('a program that has closed its peers ends by itself', async () => {
  const stdout = await runPair(`
    await (await one.connectToPeer('b')).set('/x', 1);
    await one[Symbol.asyncDispose]();
    two.close();
    await relay.close();
    console.log('over');
  `);
  assert.equal(stdout, 'over\n');
});
