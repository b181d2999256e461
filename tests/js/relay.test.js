/** The relay as strangers meet it: real module, real sockets, a real process. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { startRelay } from '../../relay/index.js';
import {
  Client,
  PATIENCE_MS,
  PING,
  TYPE,
  errorCode,
  frame,
  hello,
  publish,
  run,
  string,
  subscribe,
} from './relay-client.js';

const HELLO = hello('');

/** @type {import('../../relay/index.js').Relay[]} */
const relays = [];

/** @param {import('../../relay/index.js').RelayOptions} [options] */
async function relay(options = {}) {
  const running = await startRelay({ port: 0, ...options });
  relays.push(running);
  return running;
}

after(() => Promise.all(relays.map((running) => running.close())));

/* ---- the handshake ---- */

test('a client is welcomed, whatever path it takes', async () => {
  const { url } = await relay({ name: 'attic' });
  for (const path of ['', '/clasp', '/any/where?x=1']) {
    const client = new Client(url + path);
    await once(client.ws, 'open');
    client.ws.send(HELLO);
    const welcome = await client.next(TYPE.WELCOME);
    assert.match(
      welcome.toString('latin1'),
      /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/,
    );
    assert.ok(welcome.includes('attic'));
    const time_us = Number(welcome.readBigUInt64BE(7));
    assert.ok(Math.abs(time_us / 1000 - Date.now()) < 60_000, 'WELCOME carries the time of day');
    client.ws.close();
  }
});

test('the subprotocol is echoed when asked for, and not needed', async () => {
  const { url } = await relay();
  for (const [asked, answered] of [
    [['clasp'], 'clasp'],
    [['chat', 'clasp'], 'clasp'],
    [[], ''],
  ]) {
    const client = new Client(url, /** @type {string[]} */ (asked));
    await once(client.ws, 'open');
    assert.equal(client.ws.protocol, answered);
    assert.equal(client.ws.extensions, '', 'and no compression');
    client.ws.close();
  }
});

test('localhost is every loopback address of the machine, and no other one', async () => {
  const { port, host } = await relay();
  assert.equal(host, 'localhost');
  const { status } = await fetch(`http://127.0.0.1:${port}/healthz`);
  assert.equal(status, 200);
  const hasIPv6 = await new Promise((resolve) => {
    const probe = createServer().once('error', () => resolve(false));
    probe.listen(0, '::1', () => probe.close(() => resolve(true)));
  });
  if (hasIPv6) assert.equal((await fetch(`http://[::1]:${port}/healthz`)).status, 200);
  await assert.rejects(fetch(`http://127.0.0.2:${port}/healthz`));
});

test('a connection that says no HELLO first is closed with 1008', async () => {
  const { url } = await relay();
  const client = new Client(url);
  await once(client.ws, 'open');
  client.ws.send(PING);
  assert.equal(await client.closed, 1008);
});

test('one client too many is closed with 1008, and the others stay', async () => {
  const { url } = await relay({ maxSessions: 1 });
  const first = await Client.join(url);
  const second = new Client(url);
  assert.equal(await second.closed, 1008);
  first.ws.send(PING);
  await first.next(TYPE.PONG);
  first.ws.close();
  await first.closed;
});

/* ---- messages ---- */

test('a PUBLISH reaches the subscriber byte for byte', async () => {
  const { url, stats } = await relay();
  const [sender, receiver] = await Promise.all([Client.join(url), Client.join(url)]);
  receiver.ws.send(subscribe('/lamp/*'));
  receiver.ws.send(PING);
  await receiver.next(TYPE.PONG); // the subscription is known
  const message = publish('/lamp/1', Buffer.from('on'));
  sender.ws.send(message);
  const received = await receiver.next(TYPE.PUBLISH);
  assert.deepEqual(received.subarray(2), message.subarray(2)); // but for the QoS bits, which are the relay's
  const counters = stats();
  assert.equal(counters.sessions, 2);
  assert.equal(counters.subscriptions, 1);
  assert.equal(counters.publishes_total, 1);
});

test('many messages of one turn arrive complete and in order', async () => {
  const { url } = await relay();
  const [sender, receiver] = await Promise.all([Client.join(url), Client.join(url)]);
  receiver.ws.send(subscribe('/n'));
  receiver.ws.send(PING);
  await receiver.next(TYPE.PONG);
  for (let i = 0; i < 500; i++) sender.ws.send(publish('/n', Buffer.from(String(i))));
  for (let i = 0; i < 500; i++) {
    const message = await receiver.next(TYPE.PUBLISH);
    assert.equal(message.subarray(-String(i).length).toString(), String(i));
  }
});

test('malformed messages are answered with ERROR and the session goes on', async () => {
  const { url, stats } = await relay();
  const client = await Client.join(url);
  const tooLong = Buffer.alloc(70_000, 0x20);
  for (const [bytes, code] of /** @type {[Buffer, number][]} */ ([
    [Buffer.from('{}'), 100],
    [Buffer.alloc(0), 100],
    [frame(0x7f), 101],
    [tooLong, 100],
  ])) {
    client.ws.send(bytes);
    assert.equal(errorCode(await client.next(TYPE.ERROR)), code);
  }
  client.ws.send('a text message is ignored');
  client.ws.send(Buffer.concat([PING, tooLong])); // what follows a frame has no meaning
  await client.next(TYPE.PONG);
  assert.equal(stats().malformed_total, 4);
});

test('a message beyond all measure ends its connection alone', async () => {
  const { url } = await relay();
  const [greedy, other] = await Promise.all([Client.join(url), Client.join(url)]);
  greedy.ws.send(Buffer.alloc(1 << 20));
  assert.equal(await greedy.closed, 1009);
  other.ws.send(PING);
  await other.next(TYPE.PONG);
});

test('a client that does not keep up loses messages, is told so, and slows nobody', async () => {
  const { url, stats } = await relay({ maxBuffered: 1 << 20 });
  const [sender, slow, quick] = await Promise.all([
    Client.join(url),
    Client.join(url),
    Client.join(url),
  ]);
  for (const client of [slow, quick]) {
    client.ws.send(subscribe('/film'));
    client.ws.send(PING);
    await client.next(TYPE.PONG);
  }
  slow.ws.pause();
  const scene = publish('/film', Buffer.alloc(60_000));
  for (let i = 0; i < 600; i++) {
    sender.ws.send(scene); // 36 MB in all: more than the kernel and the relay hold
    await quick.next(TYPE.PUBLISH);
  }
  slow.ws.resume();
  assert.equal(errorCode(await slow.next(TYPE.ERROR)), 503);
  const { left_out_total: leftOut, deliveries_total: deliveries } = stats();
  assert.ok(leftOut > 0 && leftOut < 600, `${leftOut} left out`);
  assert.equal(deliveries, 1200);
  slow.ws.send(PING);
  await slow.next(TYPE.PONG);
});

/* ---- HTTP ---- */

test('plain HTTP is answered: ok, health, metrics', async () => {
  const { port } = await relay();
  const base = `http://127.0.0.1:${port}`;
  for (const [path, method] of [
    ['/', 'GET'],
    ['/healthz', 'GET'],
    ['/anything', 'POST'],
    ['/', 'OPTIONS'],
  ]) {
    const response = await fetch(base + path, { method });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/plain');
    assert.equal(await response.text(), 'ok\n');
  }
  const client = await Client.join(`ws://127.0.0.1:${port}`);
  const text = await (await fetch(`${base}/metrics`)).text();
  assert.match(text, /^# HELP clasp_relay_sessions sessions open now$/m);
  assert.match(text, /^# TYPE clasp_relay_sessions gauge$/m);
  assert.match(text, /^clasp_relay_sessions 1$/m);
  assert.match(text, /^# TYPE clasp_relay_messages_received_total counter$/m);
  assert.match(text, /^clasp_relay_messages_received_total 1$/m);
  client.ws.close();
});

/* ---- life ---- */

test('close says goodbye with 1001, frees the port, and may be called twice', async () => {
  const running = await startRelay({ port: 0 });
  const client = await Client.join(running.url);
  await Promise.all([running.close(), running.close()]);
  assert.equal(await client.closed, 1001);
  const again = await startRelay({ port: running.port });
  await again.close();
});

test('a port that is taken is said to be', async () => {
  const { port } = await relay();
  await assert.rejects(startRelay({ port }), {
    code: 'EADDRINUSE',
    message: /port \d+ on .* is taken/,
  });
});

test('the log tells who comes and goes', async () => {
  /** @type {string[]} */
  const lines = [];
  const log = new EventEmitter();
  log.on('line', (line) => lines.push(line));
  const { url } = await relay({ log: (line) => log.emit('line', line) });
  const client = await Client.join(url);
  const next = once(log, 'line', { signal: AbortSignal.timeout(PATIENCE_MS) });
  client.ws.close();
  assert.match((await next)[0], /^session \d+ closed$/);
  assert.match(lines[0], /^session \d+ opened "test" from (127\.0\.0\.1|::1)$/);
});

/* ---- the command line ---- */

test('--help and --version say it and exit 0', async () => {
  const help = await run('--help').ended;
  assert.equal(help.code, 0);
  assert.match(help.out, /^ {2}relay +run a CLASP relay$/m);
  const relayHelp = await run('relay', '--help').ended;
  assert.equal(relayHelp.code, 0);
  for (const option of [
    '--port',
    '--host',
    '--tokens',
    '--rendezvous-port',
    '--no-rendezvous',
    '--quiet',
  ]) {
    assert.ok(relayHelp.out.includes(option));
  }
  for (const { out } of [help, relayHelp]) {
    const lines = out.split('\n');
    assert.ok(lines.length <= 30 && lines.every((line) => line.length <= 80), 'it fits a screen');
  }
  const { version } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  const told = await run('--version').ended;
  assert.deepEqual(told, { code: 0, signal: null, out: `${version}\n`, err: '' });
});

test('a command line that makes no sense exits 2 and says why', async () => {
  for (const [args, why] of /** @type {[string[], RegExp][]} */ ([
    [[], /no command/],
    [['serve'], /no command "serve"/],
    [['--port', '0'], /no command/],
    [['relay', 'twice'], /twice/],
    [['relay', '--loud'], /--loud/],
    [['relay', '--port'], /--port/],
    [['relay', '--port', 'http'], /0 to 65535/],
    [['relay', '--port', '65536'], /0 to 65535/],
  ])) {
    const { code, err, out } = await run(...args).ended;
    assert.equal(code, 2, args.join(' '));
    assert.match(err, why);
    assert.equal(out, '');
  }
});

test('a taken port exits 1 and says so', async () => {
  const { port } = await relay();
  const { code, err } = await run('relay', '--port', String(port)).ended;
  assert.equal(code, 1);
  assert.match(err, new RegExp(`^clasp-p2p: port ${port} on .* is taken$`, 'm'));
});

for (const signal of /** @type {NodeJS.Signals[]} */ (['SIGTERM', 'SIGINT'])) {
  test(`${signal} closes every socket with 1001 and exits 0`, async () => {
    const { child, ended } = run('relay', '--port', '0');
    const lines = createInterface(/** @type {import('node:stream').Readable} */ (child.stdout));
    const [line] = await once(lines, 'line', { signal: AbortSignal.timeout(PATIENCE_MS) });
    const url = /listening on (ws:\/\/localhost:\d+)$/.exec(line)?.[1];
    assert.ok(url, line);
    const client = await Client.join(url);
    client.ws.send(frame(0x21, 0x07, string('/kept'), Buffer.alloc(8))); // a param waits for its end
    client.ws.send(PING);
    await client.next(TYPE.PONG);
    child.kill(signal);
    assert.equal(await client.closed, 1001);
    const { code, err } = await ended;
    assert.equal(code, 0);
    assert.equal(err, '');
  });
}
