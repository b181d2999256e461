/** What handlers of a client may do while they are called. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startRelay } from '../../relay/index.js';
import { Clasp } from '../../web/clasp.js';
import { next as nextOf } from './support.js';

/** @type {Awaited<ReturnType<typeof startRelay>>} */ let relay;
/** @type {Clasp[]} */ const clients = [];

before(async () => {
  relay = await startRelay({ port: 0, messagesPerSecond: 1e6 });
});

after(async () => {
  for (const client of clients) client.close();
  await relay.close();
});

async function connected() {
  const client = new Clasp(relay.url);
  clients.push(client);
  await client.connect();
  return client;
}

test('a handler that throws keeps no other one from being called, and its error surfaces', async () => {
  const client = await connected();
  const fault = new Error('of a handler');
  const surfaced = new Promise((resolve) => {
    process.setUncaughtExceptionCaptureCallback((error) => {
      process.setUncaughtExceptionCaptureCallback(null);
      resolve(error);
    });
  });
  /** @type {string[]} */ const heard = [];
  client.on('/throw/a', () => {
    heard.push('first');
    throw fault;
  });
  client.on('/throw/a', () => heard.push('second'));
  await client.set('/throw/a', 1);
  assert.equal(await surfaced, fault);
  assert.deepEqual(heard, ['first', 'second']);
});

test('a subscription that a handler makes gets nothing of the one that it has ended', async () => {
  const [client, writer] = await Promise.all([connected(), connected()]);
  /** @type {unknown[][]} */ const wrong = [];
  let calls = 0;
  const off = client.on('/reuse/a', () => {
    calls++;
    off();
    client.on('/reuse/other', (...heard) => wrong.push(heard));
  });
  const last = new Promise((resolve) =>
    client.on('/reuse/a', (value) => value === 4 && resolve(0)),
  );
  await client.query('/none'); // it is at the relay
  for (let i = 0; i < 5; i++) writer.emit('/reuse/a', i);
  await last;
  assert.equal(calls, 1);
  assert.deepEqual(wrong, []);
});

test('a handler that ends the next one, and takes a new one, calls neither', async () => {
  const client = await connected();
  /** @type {unknown[]} */ const wrong = [];
  client.on('/next/a', () => {
    next();
    client.on('/next/other', (value) => wrong.push(value));
  });
  const next = client.on('/next/a', (value) => wrong.push(value));
  await client.set('/next/a', 1);
  assert.deepEqual(wrong, []);
});

test('cached() tells a handler what was seen last, as it tells anybody', async () => {
  const client = await connected();
  await client.set('/cached/b', { deep: [5] });
  await client.set('/cached/n', 0.5);
  /** @type {unknown[]} */ const seen = [];
  client.on('/cached/a', () => {
    for (const name of ['b', 'n', 'none']) seen.push(client.cached(`/cached/${name}`));
  });
  await client.set('/cached/a', 1);
  assert.deepEqual(seen, [{ deep: [5] }, 0.5, undefined]);
});

test('what a handler writes, publishes and asks for leaves at once', async () => {
  const [client, other] = await Promise.all([connected(), connected()]);
  /** @type {Promise<unknown>[]} */ const asked = [];
  client.on('/act/go', () => {
    asked.push(client.set('/act/done', 1), client.get('/act/go'));
    client.emit('/act/event', 2);
  });
  const event = new Promise((resolve) => other.on('/act/event', resolve));
  await other.query('/none');
  await client.set('/act/go', 'go');
  assert.deepEqual(await Promise.all([...asked, event]), [1, 'go', 2]);
});

test('a handler may close the client: nothing that waits behind is delivered', async () => {
  const [client, writer] = await Promise.all([connected(), connected()]);
  /** @type {unknown[]} */ const heard = [];
  const closed = nextOf(client, 'close');
  client.on('/closing/a', (value) => {
    heard.push(value);
    client.close();
  });
  await client.query('/none');
  for (let i = 0; i < 5; i++) writer.emit('/closing/a', i);
  await closed;
  await writer.query('/none');
  assert.deepEqual(heard, [0]);
});
