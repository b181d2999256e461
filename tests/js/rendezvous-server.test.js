/** The rendezvous as a server: bounds in bytes, time and count; the relay's port; the command line. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { Rendezvous, startRelay, startRendezvous } from '../../relay/index.js';
import { hostOf } from '../../relay/address.js';
import {
  PLAIN,
  cleanUp,
  discover,
  post,
  raw,
  register,
  start,
  statusOf,
} from '../support/rendezvous.js';

/* ---- bodies, slow and large ---- */

const HEAD = 'POST /api/v1/register HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n';

test('a body that does not come in time is cut off with 408', async () => {
  const own = await start({ patience: 50 });
  const answer = await raw(own.url, `${HEAD}Content-Length: 100\r\n\r\n{"name":`);
  assert.equal(statusOf(answer), 408);
  assert.match(answer, /connection: close/i);
});

test('the body of any request is bounded in time', async () => {
  const own = await start({ patience: 50 });
  const answer = await raw(
    own.url,
    'POST /api/v1/refresh/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n',
  );
  assert.equal(statusOf(answer), 408);
});

test('a body is bounded while it comes, whether its length is told or not', async () => {
  const own = await start({ maxDocument: 100 });
  const large = JSON.stringify({ ...PLAIN, name: 'x'.repeat(1 << 20) });
  assert.equal((await post(own.url, large)).status, 413, 'told');
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(Buffer.from(large));
      controller.close();
    },
  });
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
  const options = /** @type {RequestInit} */ ({ ...init, duplex: 'half' }); // lib.dom does not know it
  const streamed = await fetch(`${own.url}/api/v1/register`, options);
  assert.equal(streamed.status, 413, 'chunked');
  assert.equal(own.stats().devices, 0);
});

test('a body without end is cut off', async () => {
  const own = await start();
  const { hostname, port } = new URL(own.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {}); // cut off while it writes
  const chunk = Buffer.from(`10000\r\n${'x'.repeat(65_536)}\r\n`);
  socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`);
  let written = 0;
  const more = () => {
    while (!socket.destroyed && socket.write(chunk)) written += chunk.length;
  };
  socket.on('drain', more);
  more();
  await new Promise((resolve) => socket.once('close', resolve));
  assert.ok(written < 64 << 20, `${written} bytes`);
});

test('a client that goes away leaves nothing behind', async () => {
  const own = await start();
  const { hostname, port } = new URL(own.url);
  const socket = connect(Number(port), hostname);
  socket.write(`${HEAD}Content-Length: 100\r\n\r\n{"name":`);
  await once(socket, 'connect');
  socket.destroy();
  await register(own.url);
  await own.close(); // ends only when all connections have
  assert.equal(own.stats().devices, 1);
});

test('a bound that is larger, or smaller, is the one that holds', async () => {
  const own = await start({ maxDocument: 200_000 });
  assert.equal((await post(own.url, { ...PLAIN, name: 'x'.repeat(150_000) })).status, 201);
  await assert.rejects(start({ maxDocument: 2 << 20 }), { code: 'BAD_OPTION' });
  await assert.rejects(start({ ttl: 0 }), { code: 'BAD_OPTION' });
  await assert.rejects(start({ maxDevices: 1.5 }), { code: 'BAD_OPTION' });
});

/* ---- limits ---- */

test('a source has ten devices, and is told 429 and when to come again', async () => {
  const own = await start({ maxPerSource: undefined });
  const ids = await Promise.all(Array.from({ length: 10 }, () => register(own.url)));
  const refused = await post(own.url, PLAIN);
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get('retry-after'), '300');
  await refused.text();
  await fetch(`${own.url}/api/v1/unregister/${ids[3]}`, { method: 'DELETE' });
  assert.equal((await post(own.url, PLAIN)).status, 201);
});

test('sources are what the option says', async () => {
  const own = await start({ maxPerSource: 1, source: (it) => String(it.headers['x-real-ip']) });
  const statuses = [];
  for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.1']) {
    statuses.push((await post(own.url, PLAIN, { 'x-real-ip': address })).status);
  }
  assert.deepEqual(statuses, [201, 201, 429]);
});

test('an address of IPv6 counts by its /64, one of IPv4 as itself', () => {
  for (const [one, other, isSame] of /** @type {const} */ ([
    ['192.0.2.7', '::ffff:192.0.2.7', true],
    ['192.0.2.7', '192.0.2.8', false],
    ['2001:db8:1:2:3:4:5:6', '2001:0DB8:1:2::9', true],
    ['2001:db8:1:2::9', '2001:db8:1:3::9', false],
    ['fe80::1%eth0', 'fe80::2', true],
    ['1:2:3:4:5:6:7::', '1:2:3:4::', true],
    ['::1', '127.0.0.1', false],
  ])) {
    assert.equal(String(hostOf(one)) === String(hostOf(other)), isSame, `${one} and ${other}`);
  }
});

test('when it is full the device seen longest ago goes', async () => {
  const own = await start({ maxDevices: 2 });
  const first = await register(own.url, { ...PLAIN, name: '1' });
  await register(own.url, { ...PLAIN, name: '2' });
  await fetch(`${own.url}/api/v1/refresh/${first}`, { method: 'POST' });
  await register(own.url, { ...PLAIN, name: '3' });
  const names = (await discover(own.url)).map(({ name }) => name);
  assert.deepEqual(names.sort(), ['1', '3']);
  assert.equal(own.stats().evictions_total, 1);
});

/* ---- servers ---- */

test('the relay’s own port has the same rendezvous, its metrics, and all it had before', async () => {
  const relay = await startRelay({ port: 0 });
  cleanUp.push(relay.close);
  const { rendezvous } = relay;
  const beside = await start({ rendezvous });
  const base = relay.url.replace('ws:', 'http:');
  const id = await register(base);
  assert.equal((await discover(beside.url))[0].id, id);
  assert.equal((await fetch(`${base}/discover`)).status, 200);
  assert.equal((await fetch(`${base}/api/v1/register/`, { method: 'POST' })).status, 404);
  assert.equal((await post(base, '')).status, 400);
  const metrics = await (await fetch(`${base}/metrics`)).text();
  assert.match(metrics, /^clasp_rendezvous_devices 1$/m);
  assert.match(metrics, /^# TYPE clasp_rendezvous_registrations_total counter$/m);
  assert.match(metrics, /^clasp_rendezvous_refusals_total 1$/m);
  assert.match(metrics, /^clasp_relay_sessions 0$/m);
  for (const path of ['/', '/api', '/apiary', '/discover/x']) {
    assert.equal(await (await fetch(base + path)).text(), 'ok\n', path);
  }
  await beside.close();
  assert.equal((await discover(base)).length, 1, 'who borrowed it has not closed it');
});

test('a relay without a rendezvous has none', async () => {
  const relay = await startRelay({ port: 0, rendezvous: false });
  cleanUp.push(relay.close);
  const base = relay.url.replace('ws:', 'http:');
  assert.equal(await (await fetch(`${base}/api/v1/health`)).text(), 'ok\n');
  assert.doesNotMatch(await (await fetch(`${base}/metrics`)).text(), /rendezvous/);
  assert.equal(relay.rendezvous, undefined);
});

test('it serves on any server of node:http', async () => {
  const rendezvous = await Rendezvous.open();
  const server = createServer(rendezvous.serve).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/api/v1/health`)).text(), 'OK');
  server.close();
  server.closeAllConnections();
  rendezvous.close();
});

test('close frees the port, ends what is under way, and may be called twice', async () => {
  const own = await startRendezvous({ port: 0 });
  const { hostname, port } = new URL(own.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {}); // cut off
  socket.write(`${HEAD}Content-Length: 100\r\n\r\n{`);
  await register(own.url);
  const gone = once(socket, 'close');
  await Promise.all([own.close(), own.close(), gone]);
  const again = await start({ port: own.port });
  await assert.rejects(startRendezvous({ port: again.port }), { code: 'EADDRINUSE' });
});

/* ---- the command line ---- */

const CLI = new URL('../../relay/cli.js', import.meta.url).pathname;

/** @param {...string} args */
async function run(...args) {
  const child = spawn(process.execPath, [CLI, 'relay', '--port', '0', ...args]);
  const ended = once(child, 'close');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const heard = [];
  for (let line; !line?.includes('metrics');) {
    ({ value: line } = await lines.next());
    if (line === undefined) break; // it has ended
    heard.push(line);
  }
  child.kill('SIGTERM');
  const [code] = await ended;
  return { code, text: heard.join('\n') };
}

test('the relay’s command runs a rendezvous beside it, or none', async () => {
  const { code, text } = await run('--rendezvous-port', '0');
  assert.equal(code, 0);
  assert.match(text, /^rendezvous on http:\/\/localhost:\d+$/m);
  const none = await run('--no-rendezvous');
  assert.equal(none.code, 0);
  assert.doesNotMatch(none.text, /rendezvous/);
});

test('a port for it that is none, or is taken, is said to be', async () => {
  const { port } = await start();
  assert.equal((await run('--rendezvous-port', 'http')).code, 2);
  assert.equal((await run('--rendezvous-port', String(port))).code, 1);
});
