/** A client from connect() to close(): whichever call comes in whichever moment. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { startRelay } from '../../relay/index.js';
import { Clasp } from '../../web/clasp.js';
import { next } from './support.js';

/** @type {Awaited<ReturnType<typeof startRelay>>} */ let relay;
/** @type {Clasp[]} */ const clients = [];

before(async () => {
  relay = await startRelay({ port: 0, messagesPerSecond: 1e6 });
});

after(async () => {
  for (const client of clients) client.close();
  await relay.close();
});

/** @param {import('../../web/clasp.js').ClaspOptions} [options] @param {string} [url] */
function clientOf(options, url = relay.url) {
  const client = new Clasp(url, options);
  clients.push(client);
  return client;
}

/** A host that takes connections and never says a word. */
async function startMute() {
  const server = createServer(() => {}).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { url: `ws://127.0.0.1:${port}`, close: () => server.close() };
}

test('of two calls of connect(), the one that is aborted does not end what the other waits for', async () => {
  const client = clientOf();
  const end = new AbortController();
  const one = client.connect({ signal: end.signal });
  const other = client.connect();
  end.abort();
  await assert.rejects(one, { code: 'ABORTED' });
  await other;
  assert.equal(client.connected, true);
});

test('two calls of connect() that cannot succeed both say why, and one error is raised', async () => {
  const client = clientOf({}, 'ws://127.0.0.1:1');
  /** @type {string[]} */ const errors = [];
  client.onError(({ code }) => errors.push(code));
  const calls = [client.connect(), client.connect()];
  for (const call of calls) await assert.rejects(call, { code: 'RELAY_UNREACHABLE' });
  assert.deepEqual(errors, ['RELAY_UNREACHABLE']);
});

test('a connected client stays so when connect() is called with a signal that has aborted', async () => {
  const client = clientOf();
  await client.connect();
  await assert.rejects(client.connect({ signal: AbortSignal.abort('why') }), {
    code: 'ABORTED',
    cause: 'why',
  });
  assert.equal(client.connected, true);
});

test('close() while connecting, then connect() at once: one session, and the first call is told', async () => {
  const client = clientOf();
  const before = relay.stats().sessions;
  const first = client.connect();
  client.close();
  const second = client.connect();
  await assert.rejects(first, { code: 'ABORTED' });
  await second;
  await client.query('/none');
  assert.equal(relay.stats().sessions, before + 1);
});

test('close() in any handler of events leaves the client closed, and able to begin anew', async () => {
  for (const type of ['connect', 'disconnect', 'reconnect']) {
    const own = await startRelay({ port: 0 });
    const client = clientOf({ reconnectInterval: 5 }, own.url);
    const seen = next(client, type);
    client.addEventListener(type, () => client.close(), { once: true });
    await client.connect();
    await own.close();
    await seen;
    assert.equal(client.connected, false, type);
    const back = await startRelay({ port: own.port });
    /** @type {unknown[]} */ const attempts = [];
    client.onReconnect((attempt) => attempts.push(attempt));
    await client.connect();
    assert.deepEqual(attempts, [], type);
    client.close();
    await back.close();
  }
});

test('a client that does not come back ends: `close` is raised, and for await with it', async () => {
  const own = await startRelay({ port: 0 });
  const client = clientOf({ reconnect: false }, own.url);
  await client.connect();
  /** @type {string[]} */ const raised = [];
  for (const type of ['disconnect', 'error', 'close'])
    client.addEventListener(type, () => raised.push(type));
  const waiting = client.subscribe('/never').next();
  await own.close();
  assert.deepEqual(await waiting, { value: undefined, done: true });
  assert.deepEqual(raised, ['disconnect', 'error', 'close']);
});

test('close() before connect() ends for await, too', async () => {
  const client = clientOf();
  const waiting = client.subscribe('/never').next();
  client.close();
  assert.equal((await waiting).done, true);
});

test('a refusal is raised once, and forgotten with its connection', async () => {
  const own = await startRelay({ port: 0, tokens: { good: { scopes: ['admin:/**'] } } });
  const client = clientOf({ token: 'bad' }, own.url);
  /** @type {string[]} */ const errors = [];
  client.onError(({ code }) => errors.push(code));
  await assert.rejects(client.connect(), { code: 'UNAUTHORIZED' });
  assert.deepEqual(errors, ['UNAUTHORIZED']);
  await own.close();
  await assert.rejects(client.connect(), { code: 'RELAY_UNREACHABLE' });
  assert.deepEqual(errors, ['UNAUTHORIZED', 'RELAY_UNREACHABLE']);
});

test('a token that is taken back ends the client with the word of the relay', async () => {
  const own = await startRelay({ port: 0, tokens: { good: { scopes: ['admin:/**'] } } });
  const client = clientOf({ token: 'good' }, own.url);
  await client.connect();
  const [error] = await Promise.all([
    next(client, 'error'),
    next(client, 'close'),
    own.setTokens({}),
  ]);
  assert.equal(error.error.code, 'UNAUTHORIZED');
  assert.equal(client.connected, false);
  await own.close();
});

test('what has ended leaves no listener at a signal, nor at the client', async () => {
  const client = clientOf();
  await client.connect();
  const { signal } = new AbortController();
  for (let i = 0; i < 20; i++) {
    client.on('/leak/a', () => {}, { signal })();
    client.on('/leak/b', () => {}, { signal });
    client.off('/leak/b');
    await client.subscribe('/leak/c', { signal }).return();
    await client.query('/none', { signal });
  }
  assert.equal(getEventListeners(signal, 'abort').length, 0);
  assert.equal(getEventListeners(client, 'close').length, 0);
});

const run = promisify(execFile);

/** @type {Record<string, string>} what a process does last, with a client of a host that says nothing, or of a relay */
const LAST = {
  'an aborted connect()': `const end = new AbortController();
    const waiting = client.connect({ signal: end.signal, timeout: 60_000 });
    setTimeout(() => end.abort(), 20);
    await waiting.catch(() => {});`,
  'close() while connecting': `const waiting = client.connect(60_000);
    setTimeout(() => client.close(), 20);
    await waiting.catch(() => {});`,
  'connect() that timed out': `await client.connect(20).catch(() => {});`,
};

for (const [what, code] of Object.entries(LAST))
  test(`${what} leaves nothing behind that keeps the process`, async (t) => {
    const mute = await startMute();
    t.after(mute.close);
    const module = JSON.stringify(new URL('../../web/clasp.js', import.meta.url).href);
    const program = `import { Clasp } from ${module};
      const client = new Clasp('${mute.url}');\n${code}\nconsole.log('done');`;
    const { stdout } = await run(
      process.execPath,
      ['--unhandled-rejections=strict', '--input-type=module', '-e', program],
      { timeout: 9_000 }, // less than the 10 s and 60 s of what might be left
    );
    assert.equal(stdout, 'done\n');
  });

test('Clasp.ready() loads the core from where it is told, once', async () => {
  const module = JSON.stringify(new URL('../../web/clasp.js', import.meta.url).href);
  const program = `import { Clasp } from ${module};
    const failed = await Clasp.ready({ bytes: new Uint8Array(4) }).catch(({ code }) => code);
    await Clasp.ready();
    await Clasp.ready({ bytes: new Uint8Array(4) });
    console.log(failed);`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program]);
  assert.equal(stdout, 'LOAD\n');
});
