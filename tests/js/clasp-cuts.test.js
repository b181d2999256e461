/** Connections that are cut in the middle of a run, and relays that are killed: nothing is lost, nothing is written twice. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startRelay } from '../../relay/index.js';
import { Clasp } from '../../web/clasp.js';
import { next } from './support.js';

/**
 * A way to the relay that can be cut: whatever is under way is lost, in both directions.
 * @param {number} target port of the relay
 */
async function startProxy(target) {
  /** @type {Set<import('node:net').Socket>} */ const sockets = new Set();
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      sockets.add(one);
      one.on('error', () => {}); // 'close' follows
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.on('data', (data) => other.write(data));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `ws://127.0.0.1:${port}`,
    /** @param {boolean} isRude by RST, so that what waits at the other side is lost, too */
    cut(isRude) {
      for (const socket of sockets) isRude ? socket.resetAndDestroy() : socket.destroy();
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

const CUTS = 50;
const ADDRESSES = 5;

test(`${CUTS} cuts in a run of confirmed SETs: each is applied once, in order, and none is lost`, async () => {
  const relay = await startRelay({ port: 0, host: '127.0.0.1', messagesPerSecond: 1e6 });
  const proxy = await startProxy(relay.port);
  const observer = new Clasp(relay.url);
  await observer.connect();
  /** @type {Map<string, number[]>} */ const applied = new Map();
  observer.on('/run/*', (value, address) => {
    applied.set(address, [...(applied.get(address) ?? []), value]);
  });
  const writer = new Clasp(proxy.url, { reconnectInterval: 5 });
  await writer.connect();

  /** @type {Promise<number>[]} */ const acknowledged = [];
  let n = 0;
  let cuts = 0;
  for (; cuts < CUTS; cuts++) {
    for (let i = 0; i < 40; i++, n++)
      acknowledged.push(writer.set(`/run/${n % ADDRESSES}`, Math.floor(n / ADDRESSES)));
    if (cuts % 3) await acknowledged[acknowledged.length - 1 - (cuts % 40)]; // some of it is through
    if (!writer.connected) await next(writer, 'connect');
    const lost = next(writer, 'disconnect');
    proxy.cut(cuts % 2 === 0);
    await lost;
    if (cuts % 5) await next(writer, 'connect'); // else the next ones are written while away
  }
  const revisions = await Promise.all(acknowledged);
  await observer.set('/barrier', null); // all that was told before has arrived
  assert.equal(cuts, CUTS);
  for (let i = 0; i < ADDRESSES; i++) {
    const values = applied.get(`/run/${i}`);
    assert.deepEqual(
      values,
      Array.from({ length: n / ADDRESSES }, (_, k) => k),
      `/run/${i}`,
    );
    assert.equal(observer.cached(`/run/${i}`), n / ADDRESSES - 1);
  }
  revisions.forEach((revision, k) => assert.equal(revision, Math.floor(k / ADDRESSES) + 1));
  writer.close();
  observer.close();
  proxy.close();
  await relay.close();
});

/** @param {number} port */
async function forkRelay(port) {
  const child = fork(fileURLToPath(new URL('relay-process.js', import.meta.url)), [String(port)]);
  const [{ port: chosen }] = /** @type {[{port: number}]} */ (await once(child, 'message'));
  return {
    port: chosen,
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

test('a relay is killed and started again: the clients put back what they set last, and nothing older', async () => {
  const first = await forkRelay(0);
  const url = `ws://127.0.0.1:${first.port}`;
  const clients = Array.from({ length: 3 }, () => new Clasp(url, { reconnectInterval: 10 }));
  const [one, two, reader] = clients;
  await Promise.all(clients.map((client) => client.connect()));
  await one.set('/mine', 'one');
  await two.set('/theirs', 'two');
  await one.set('/both', 'first one');
  await two.set('/both', 'then two'); // one does not know
  const lost = clients.map((client) => next(client, 'disconnect'));
  await first.kill();
  await Promise.all(lost);
  const queued = two.set('/queued', 'while away');
  const back = clients.map((client) => next(client, 'connect'));
  const second = await forkRelay(first.port);
  await Promise.all([...back, queued]);
  for (const client of [one, two]) await client.set(`/after/${client.session}`, true); // what it put back went before
  assert.deepEqual(
    await Promise.all(['/mine', '/theirs', '/both', '/queued'].map((it) => reader.get(it))),
    ['one', 'two', 'then two', 'while away'],
  );
  for (const client of clients) client.close();
  await second.kill();
});

test('what somebody else has set after the relay came back is not overwritten', async () => {
  const first = await forkRelay(0);
  const url = `ws://127.0.0.1:${first.port}`;
  const away = new Clasp(url, { reconnectInterval: 300 });
  await away.connect();
  await away.set('/a', 'old');
  const lost = next(away, 'disconnect');
  await first.kill();
  await lost;
  const back = next(away, 'connect');
  const second = await forkRelay(first.port);
  const other = new Clasp(url);
  await other.connect();
  await other.set('/a', 'new');
  await back;
  await away.set('/after', true);
  assert.equal(await other.get('/a'), 'new');
  away.close();
  other.close();
  await second.kill();
});
