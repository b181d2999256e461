/** The relay as its operator runs it for others: tokens, scopes, origins, TLS, caps, logs. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { addressOf, hostOf } from '../../relay/address.js';
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

const FOLDER = mkdtempSync(join(tmpdir(), 'clasp-relay-'));
/** @type {import('../../relay/index.js').Relay[]} */
const relays = [];
/** @type {import('node:child_process').ChildProcess[]} */
const children = [];

after(async () => {
  await Promise.all(relays.map((running) => running.close()));
  for (const child of children) child.kill('SIGKILL'); // those of tests that have failed
  rmSync(FOLDER, { recursive: true });
});

/** @param {import('../../relay/index.js').RelayOptions} options */
async function relay(options) {
  const running = await startRelay({ port: 0, ...options });
  relays.push(running);
  return running;
}

/** @param {string} name @param {string} text */
function file(name, text) {
  const path = join(FOLDER, name);
  writeFileSync(path, text);
  return path;
}

const STAGE = {
  viewer: ['read:/stage/**'],
  desk: ['write:/stage/*/level', 'r:/stage/**'],
  root: ['admin:/**'],
  old: { scopes: ['*:/**'], expires: '2020-01-01' },
};

/** @param {string} address */
const get = (address) => frame(0x22, string(address));
/** @param {string} address */
const set = (address) => frame(0x21, 0x01, string(address), 1);
/** @param {string} address */
const event = (address) => publish(address, Buffer.from('x'));
/** @param {string} pattern */
const replay = (pattern) => frame(0x24, 0, string(pattern), 0xff);
/** @param {string} address */
const announce = (address) => frame(0x03, string(''), 0, 1, string(address), 0, 0);
/** @param {string} pattern */
const query = (pattern) => frame(0x60, string(pattern));
/** @param {...Buffer} frames */
const bundle = (...frames) =>
  frame(
    0x30,
    0,
    0,
    frames.length,
    ...frames.map((it) => Buffer.concat([it.subarray(2, 4), it.subarray(4)])),
  );

/** @param {Client} client */
async function settled(client) {
  client.ws.send(PING);
  await client.next(TYPE.PONG);
}

/** The address in an ERROR. @param {Buffer} message */
function errorAddress(message) {
  const flags = 7 + 2 + message.readUInt16BE(7);
  return message[flags] & 1 ? message.subarray(flags + 3).toString() : '';
}

/* ---- tokens ---- */

test('a client without a good token is told why, and closed with 1008', async () => {
  const { url, stats } = await relay({ tokens: STAGE });
  for (const [token, code] of /** @type {[string, number][]} */ ([
    ['', 300],
    ['guess', 300],
    ['old', 302],
  ])) {
    const client = new Client(url);
    await once(client.ws, 'open');
    client.ws.send(hello(token));
    assert.equal(errorCode(await client.next(TYPE.ERROR)), code, token);
    assert.equal(await client.closed, 1008);
  }
  await Client.join(url, 'viewer');
  assert.equal(stats().unauthorized_total, 2);
  assert.equal(stats().expired_total, 1);
  assert.equal(stats().sessions, 1);
});

test('an empty list of tokens lets nobody in', async () => {
  const { url } = await relay({ tokens: {} });
  const client = new Client(url);
  await once(client.ws, 'open');
  client.ws.send(hello(''));
  assert.equal(await client.closed, 1008);
});

test('a session ends when its token expires', async () => {
  const tokens = { brief: { scopes: ['r:/**'], expires: Date.now() + 500 } };
  const { url } = await relay({ tokens });
  const client = await Client.join(url, 'brief');
  assert.equal(errorCode(await client.next(TYPE.ERROR)), 302);
  assert.equal(await client.closed, 1008);
});

test('a token or scope that is none is refused at the start, and not named', async () => {
  for (const [tokens, why] of /** @type {[any, RegExp][]} any: on purpose */ ([
    [{ ok: ['r:/a'], hush: ['reed:/x'] }, /^token 2: "reed:\/x" is no scope/],
    [{ hush: ['r:x'] }, /^token 1: "r:x" is no scope: not a CLASP address pattern/],
    [{ hush: { scopes: [], expires: 'soon' } }, /expires at no date/],
    [{ '': ['r:/a'] }, /^token 1 is empty/],
  ])) {
    const started = startRelay({ port: 0, tokens });
    await assert.rejects(started, { code: 'BAD_OPTION', message: why });
    await assert.rejects(started, ({ message }) => !message.includes('hush'));
  }
});

test('other tokens take effect on those who are connected', async () => {
  const { url, setTokens } = await relay({ tokens: STAGE });
  const [viewer, desk] = await Promise.all([Client.join(url, 'viewer'), Client.join(url, 'desk')]);
  viewer.ws.send(subscribe('/stage/**'));
  await settled(viewer);
  assert.throws(() => setTokens({ viewer: ['nonsense'] }), { code: 'BAD_OPTION' });
  await settled(desk);
  setTokens({ viewer: ['read:/stage/a'] });
  assert.equal(errorCode(await desk.next(TYPE.ERROR)), 300);
  assert.equal(await desk.closed, 1008);
  const dropped = await viewer.next(TYPE.ERROR);
  assert.equal(errorCode(dropped), 301);
  assert.equal(errorAddress(dropped), '/stage/**');
});

/* ---- scopes ---- */

test('what the scopes do not cover is answered by ERROR 301, in a bundle by 403', async () => {
  const { url, stats } = await relay({ tokens: STAGE });
  const [viewer, desk, root] = await Promise.all(
    ['viewer', 'desk', 'root'].map((token) => Client.join(url, token)),
  );
  for (const [
    client,
    message,
    code,
    address,
  ] of /** @type {[Client, Buffer, number, string][]} */ ([
    [viewer, set('/stage/a/level'), 301, '/stage/a/level'],
    [viewer, event('/stage/a/level'), 301, '/stage/a/level'],
    [viewer, event('/clasp/p2p/announce'), 301, '/clasp/p2p/announce'],
    [viewer, get('/door'), 301, '/door'],
    [viewer, subscribe('/**'), 301, '/**'],
    [viewer, subscribe('/*/a'), 301, '/*/a'],
    [viewer, replay('/**'), 301, '/**'],
    [viewer, announce('/stage/x'), 301, '/stage/x'],
    [desk, set('/stage/a/name'), 301, '/stage/a/name'],
    [desk, bundle(set('/stage/a/level'), event('/door')), 403, '/door'],
  ])) {
    client.ws.send(message);
    const error = await client.next(TYPE.ERROR);
    assert.deepEqual([errorCode(error), errorAddress(error)], [code, address]);
  }
  assert.equal(stats().forbidden_total, 10);
  assert.equal(stats().params, 0, 'nothing of the bundle was applied');
  root.ws.send(set('/door'));
  desk.ws.send(bundle(set('/stage/a/level')));
  root.ws.send(announce('/door'));
  desk.ws.send(announce('/stage/b/level'));
  await Promise.all([settled(root), settled(desk)]);
  viewer.ws.send(query('/**'));
  const found = (await viewer.next(0x61)).toString('latin1');
  assert.ok(found.includes('/stage/b/level') && !found.includes('/door'));
  const late = new Client(url);
  await once(late.ws, 'open');
  late.ws.send(hello('viewer'));
  const snapshot = (await late.next(TYPE.SNAPSHOT)).toString('latin1');
  assert.ok(snapshot.includes('/stage/a/level') && !snapshot.includes('/door'));
});

test('what the scopes cover reaches whom it may', async () => {
  const { url } = await relay({ tokens: STAGE });
  const [viewer, desk] = await Promise.all([Client.join(url, 'viewer'), Client.join(url, 'desk')]);
  viewer.ws.send(subscribe('/stage/*/level'));
  await settled(viewer);
  desk.ws.send(event('/stage/a/level'));
  assert.ok((await viewer.next(TYPE.PUBLISH)).includes('/stage/a/level'));
});

/* ---- who may connect ---- */

test('a page of another origin is refused with 403, what is no browser is not', async () => {
  const { url, stats } = await relay({
    origins: ['https://Example.org/', 'http://localhost:8000'],
  });
  for (const origin of ['https://example.org', 'http://localhost:8000', undefined]) {
    const client = await Client.join(url, '', origin ? { origin } : {});
    client.ws.close();
  }
  for (const origin of [
    'https://evil.example',
    'http://example.org',
    'null',
    'https://example.org:444',
  ]) {
    const client = new Client(url, ['clasp'], { origin });
    client.closed.catch(() => {});
    const [, response] = await once(client.ws, 'unexpected-response');
    assert.equal(response.statusCode, 403, origin);
    client.ws.on('error', () => {}).terminate();
  }
  assert.equal(stats().origin_refused_total, 4);
  await assert.rejects(startRelay({ port: 0, origins: ['example.org'] }), { code: 'BAD_OPTION' });
});

test('one address has so many sessions, and so many messages a second', async () => {
  const { url, stats } = await relay({ maxSessionsPerAddress: 2, ratePerAddress: 20 });
  const [first, second] = await Promise.all([Client.join(url), Client.join(url)]);
  assert.equal(await new Client(url).closed, 1008);
  assert.equal(stats().hosts_refused_total, 1);
  for (let i = 0; i < 30; i++) (i % 2 ? first : second).ws.send(event('/x'));
  assert.equal(errorCode(await first.next(TYPE.ERROR)), 429);
});

test('behind a proxy, and only there, X-Forwarded-For says which address it is', async () => {
  const headers = { 'x-forwarded-for': '10.0.0.1, 192.0.2.7' };
  const trusting = await relay({ trustProxy: true, maxSessionsPerAddress: 1 });
  const first = await Client.join(trusting.url, '', { headers });
  assert.equal(await new Client(trusting.url, ['clasp'], { headers }).closed, 1008);
  await Client.join(trusting.url, '', { headers: { 'x-forwarded-for': '192.0.2.8' } });
  first.ws.close();
  /** @type {any} any: as much of a request as is looked at */
  const request = { headers, socket: { remoteAddress: '::ffff:198.51.100.1' } };
  assert.equal(addressOf(request, true), '192.0.2.7');
  assert.equal(addressOf(request, false), '198.51.100.1');
  request.headers['x-forwarded-for'] = 'unknown';
  assert.equal(addressOf(request, true), '198.51.100.1');
});

test('an IPv6 address counts as its /64, an IPv4 one as itself', () => {
  const same = [
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['fe80::1%eth0', 'fe80::2'],
  ];
  for (const [one, other] of same) assert.deepEqual(hostOf(one), hostOf(other));
  const hosts = [
    '2001:db8:1:2::1',
    '2001:db8:1:3::1',
    '192.0.2.1',
    '192.0.2.2',
    '::1',
    'no address',
  ];
  assert.equal(new Set(hosts.map((host) => hostOf(host).join())).size, hosts.length);
  assert.deepEqual(hostOf('2001:db8:1:2::1'), [0x20010db8, 0x00010002]);
});

/* ---- half-open connections ---- */

/** An error before it is one way to be closed. @param {import('node:net').Socket} socket */
const closed = (socket) => new Promise((resolve) => socket.once('close', resolve));

const HALF = 'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n';

test('hundreds that connect and say nothing, or half a request, are dropped in time', async () => {
  const { port, stats, url } = await relay({ handshakeTimeout: 400, maxPendingPerAddress: 150 });
  const sockets = Array.from({ length: 300 }, (_, i) => {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    if (i % 2) socket.write(HALF);
    return socket.resume();
  });
  await Promise.all(sockets.map((socket) => closed(socket)));
  const { pending_refused_total: refused, handshake_timeouts_total: late } = stats();
  assert.equal(refused + late, 300);
  assert.ok(late >= 150); // more, when the first are over before the last have connected
  const client = await Client.join(url);
  await settled(client);
});

test('one address has so many connections without a HELLO, and then no more', async () => {
  const { port, stats, url } = await relay({ maxPendingPerAddress: 2 });
  const silent = [1, 2].map(() => connect(port, '127.0.0.1'));
  await Promise.all(silent.map((socket) => once(socket, 'connect')));
  await closed(
    connect(port, '127.0.0.1')
      .on('error', () => {})
      .resume(),
  );
  assert.equal(stats().pending_refused_total, 1);
  silent[0].destroy();
  await closed(silent[0]);
  assert.equal(stats().handshake_timeouts_total, 0);
  silent[1].end('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'); // its time has not come
  assert.match(String((await once(silent[1], 'data'))[0]), /200 OK/);
  await closed(silent[1].resume());
  await Client.join(url.replace('localhost', '127.0.0.1'));
});

test('a connection that has said HELLO is not held against its address', async () => {
  const { url, stats } = await relay({ maxPendingPerAddress: 2, handshakeTimeout: 400 });
  const clients = [];
  for (let i = 0; i < 5; i++) clients.push(await Client.join(url));
  const waiting = new Client(url);
  await once(waiting.ws, 'open');
  assert.equal(stats().sessions, 5);
  assert.equal(stats().pending_refused_total, 0);
  waiting.ws.send(hello('')); // the time for the request has stopped: HELLO has its own
  await waiting.next(TYPE.WELCOME);
});

test('headers over the bound, and what is no HTTP, are answered by 4xx and counted', async () => {
  const { port, stats } = await relay({});
  for (const text of [`GET / HTTP/1.1\r\nx: ${'y'.repeat(10_000)}\r\n\r\n`, 'HELO\r\n\r\n']) {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    socket.write(text);
    const [data] = await once(socket, 'data');
    assert.match(String(data), /^HTTP\/1\.1 4\d\d /);
    await closed(socket.resume());
  }
  assert.equal(stats().http_errors_total, 2);
});

/* ---- metrics ---- */

test('with tokens, metrics are for this machine and for admins', async () => {
  const { port, stats } = await relay({ tokens: STAGE });
  const ask = (/** @type {Record<string, string>} */ headers) =>
    fetch(`http://127.0.0.1:${port}/metrics`, { headers });
  const remote = { 'x-forwarded-for': '192.0.2.1' };
  assert.equal((await ask({})).status, 200);
  for (const token of ['', 'viewer', 'old', 'guess']) {
    const response = await ask({ ...remote, authorization: `Bearer ${token}` });
    assert.equal(response.status, 401, token);
    assert.equal(response.headers.get('www-authenticate'), 'Bearer');
  }
  assert.equal(stats().metrics_refused_total, 4);
  const response = await ask({ ...remote, authorization: 'Bearer root' });
  const text = await response.text();
  for (const name of ['process_resident_memory_bytes', 'process_cpu_seconds_total']) {
    assert.match(text, new RegExp(`^${name} [0-9.]+$`, 'm'));
  }
  assert.match(text, /^# TYPE clasp_relay_forbidden_total counter$/m);
  assert.match(text, /^clasp_relay_metrics_refused_total 4$/m);
  const health = await fetch(`http://127.0.0.1:${port}/healthz`, { headers: remote });
  assert.equal(await health.text(), 'ok\n');
});

/* ---- TLS ---- */

/** A self-signed certificate. @param {string} name */
function certificate(name) {
  const [key, cert] = ['key', 'cert'].map((kind) => join(FOLDER, `${name}-${kind}.pem`));
  const subject = [
    '-subj',
    '/CN=localhost',
    '-addext',
    'subjectAltName=DNS:localhost,IP:127.0.0.1',
  ];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const files = ['-keyout', key, '-out', cert];
  execFileSync('openssl', ['req', '-x509', ...curve, ...subject, ...files, '-days', '1'], {
    stdio: 'ignore',
  });
  return { key, cert };
}

/** @param {number} port @param {Buffer} ca */
async function secureHealth(port, ca) {
  const asked = request({ host: '127.0.0.1', port, path: '/healthz', ca, agent: false }).end();
  const [response] = await once(asked, 'response');
  return response.resume().statusCode;
}

test('with a certificate it is wss:// and https:// on one port', async () => {
  const files = certificate('one');
  const tls = { key: readFileSync(files.key), cert: readFileSync(files.cert) };
  const { url, port, stats, setTls } = await relay({ tls, handshakeTimeout: 500 });
  assert.match(url, /^wss:\/\/localhost:\d+$/);
  const client = await Client.join(url, '', { ca: tls.cert });
  await settled(client);
  assert.equal(await secureHealth(port, tls.cert), 200);
  await assert.rejects(secureHealth(port, readFileSync(certificate('two').cert)));
  const plain = connect(port, '127.0.0.1').on('error', () => {});
  plain.write('GET / HTTP/1.1\r\n\r\n');
  await closed(plain.resume());
  assert.ok(stats().tls_errors_total >= 1);
  const silent = connect(port, '127.0.0.1').on('error', () => {});
  await closed(silent.resume());
  assert.equal(stats().handshake_timeouts_total, 1);
  const other = {
    key: readFileSync(join(FOLDER, 'two-key.pem')),
    cert: readFileSync(join(FOLDER, 'two-cert.pem')),
  };
  setTls(other);
  assert.equal(await secureHealth(port, other.cert), 200);
  await settled(client);
});

/* ---- logs ---- */

test('the logger is told entries with time, level, event, session and address, and no token', async () => {
  /** @type {import('../../relay/log.js').LogEntry[]} */
  const entries = [];
  const { url } = await relay({ tokens: STAGE, logger: (entry) => entries.push(entry) });
  const client = await Client.join(url, 'viewer');
  const refused = new Client(url);
  await once(refused.ws, 'open');
  refused.ws.send(hello('hush'));
  await refused.closed;
  client.ws.close();
  await client.closed;
  const [opened, givenUp] = entries;
  assert.deepEqual(Object.keys(opened), [
    'time',
    'level',
    'event',
    'message',
    'session',
    'address',
    'name',
  ]);
  assert.ok(Math.abs(Date.parse(opened.time) - Date.now()) < 60_000);
  assert.equal(opened.event, 'session-opened');
  assert.equal(opened.name, 'test');
  assert.deepEqual(
    [givenUp.level, givenUp.event, givenUp.reason],
    ['warn', 'session-given-up', 'the token is not known'],
  );
  assert.ok(!/viewer|hush/.test(JSON.stringify(entries)));
});

test('a relay that is open to everywhere says so once', async () => {
  for (const [options, warnings] of /** @type {[object, number][]} */ ([
    [{ host: '0.0.0.0' }, 1],
    [{ host: '0.0.0.0', tokens: STAGE }, 0],
    [{ host: '127.0.0.1' }, 0],
  ])) {
    /** @type {string[]} */ const levels = [];
    await relay({ ...options, logger: ({ level }) => levels.push(level) });
    assert.equal(levels.filter((level) => level === 'warn').length, warnings);
  }
});

/* ---- the command line ---- */

/** A relay as a process, once it listens. @param {...string} args */
async function running(...args) {
  const process = run('relay', '--port', '0', ...args);
  children.push(process.child);
  const { stdout, stderr } = process.child;
  const out = createInterface(/** @type {import('node:stream').Readable} */ (stdout));
  const err = createInterface(/** @type {import('node:stream').Readable} */ (stderr));
  const [line] = await once(out, 'line', { signal: AbortSignal.timeout(PATIENCE_MS) });
  const url = /wss?:\/\/localhost:\d+/.exec(line)?.[0] ?? '';
  const next = (/** @type {import('node:readline').Interface} */ lines) =>
    once(lines, 'line', { signal: AbortSignal.timeout(PATIENCE_MS) }).then(([text]) => text);
  return { ...process, url, line, nextErr: () => next(err) };
}

test('options that make no sense exit 2 and say why, and name no token', async () => {
  const twice = file('twice.txt', 'hush=r:/a\n\n# again\nhush=r:/b\n');
  const bad = file('bad.txt', '# tokens\nhush=reed:/a\n');
  const late = file('late.txt', 'hush=r:/a expires=soon\n');
  const noise = file('noise.pem', 'no certificate');
  for (const [args, why] of /** @type {[string[], RegExp][]} */ ([
    [['--token', 'hush'], /--token 1: not NAME=SCOPES/],
    [['--token', 'hush='], /--token 1: there are no scopes/],
    [['--token', 'hush=reed:/a'], /--token 1: "reed:\/a" is no scope/],
    [['--token', 'hush=r:/a', '--token', 'hush=r:/b'], /--token 2: the same token as --token 1/],
    [['--tokens', twice], /twice\.txt:4: the same token as .*twice\.txt:1/],
    [['--tokens', bad], /bad\.txt:2: "reed:\/a" is no scope/],
    [['--tokens', late], /late\.txt:1: "soon" is not an ISO date/],
    [['--tokens', join(FOLDER, 'none')], /--tokens: ENOENT/],
    [['--origin', 'example.org'], /"example.org" is no origin/],
    [['--cert', noise], /--cert and --key go together/],
    [['--cert', noise, '--key', join(FOLDER, 'none')], /--key: ENOENT/],
    [['--cert', noise, '--key', noise], /PEM|no start line/i],
    [['--max-sessions', '0'], /--max-sessions takes a number from 1 to 16384/],
    [['--max-sessions-per-address', 'x'], /--max-sessions-per-address/],
    [['--rate', '-1'], /--rate/],
    [['--rate-per-address', '1.5'], /--rate-per-address/],
    [['--log-level', 'loud'], /error, warn, info, debug/],
    [['--log-format', 'xml'], /text, json/],
  ])) {
    const { code, err, out } = await run('relay', '--port', '0', ...args).ended;
    assert.equal(code, 2, `${args.join(' ')}: ${err}`);
    assert.match(err, why);
    assert.ok(!err.includes('hush'), err);
    assert.equal(out, '');
  }
});

test('tokens come from options, file and environment; SIGHUP reads the file again', async () => {
  const path = file('tokens.txt', '# who\nfilm==r:/film/** expires=2999-01-01T00:00:00Z\n');
  process.env.CLASP_TOKENS = 'env=r:/env\n';
  const relay = await running('--tokens', path, '--token', 'arg=r:/a,w:/b').finally(() => {
    delete process.env.CLASP_TOKENS;
  });
  const [film] = await Promise.all(
    ['film=', 'env', 'arg'].map((token) => Client.join(relay.url, token)),
  );
  const reported = relay.nextErr();
  writeFileSync(path, 'film=nonsense\n');
  relay.child.kill('SIGHUP');
  for (let line = await reported; !/all stays as it was/.test(line);) line = await relay.nextErr();
  await settled(film);
  writeFileSync(path, 'other=r:/film/**\n');
  relay.child.kill('SIGHUP');
  assert.equal(errorCode(await film.next(TYPE.ERROR)), 300);
  assert.equal(await film.closed, 1008);
  await Client.join(relay.url, 'other');
  relay.child.kill('SIGTERM');
  const { code, out, err } = await relay.ended;
  assert.equal(code, 0);
  assert.ok(!/film=/.test(out + err), 'no token is logged');
});

test('the log is text or JSON, and as much of it as is asked for', async () => {
  const json = await running('--log-format', 'json', '--log-level', 'info');
  const { level, event, message } = JSON.parse(json.line);
  assert.deepEqual([level, event], ['info', 'listening']);
  assert.match(message, /listening on ws:/);
  json.child.kill('SIGTERM');
  const { out, err } = await json.ended;
  for (const line of out.trim().split('\n')) assert.ok(JSON.parse(line).time);
  assert.equal(err, '');

  const warned = run('relay', '--port', '0', '--host', '0.0.0.0', '--log-level', 'warn');
  const [warning] = await once(
    createInterface(/** @type {import('node:stream').Readable} */ (warned.child.stderr)),
    'line',
  );
  assert.match(warning, /there are no tokens/);
  warned.child.kill('SIGTERM');
  assert.equal((await warned.ended).out, '');
});

test('all options are taken', async () => {
  const { key, cert } = certificate('cli');
  const relay = await running(
    ...['--cert', cert, '--key', key, '--origin', 'https://example.org', '--trust-proxy'],
    ...[
      '--max-sessions',
      '2',
      '--max-sessions-per-address',
      '1',
      '--rate',
      '5',
      '--rate-per-address',
      '9',
    ],
  );
  const ca = readFileSync(cert);
  const client = await Client.join(relay.url, '', { ca, origin: 'https://example.org' });
  assert.equal(await new Client(relay.url, [], { ca }).closed, 1008);
  for (let i = 0; i < 6; i++) client.ws.send(event('/x'));
  assert.equal(errorCode(await client.next(TYPE.ERROR)), 429);
  relay.child.kill('SIGTERM');
  assert.equal((await relay.ended).code, 0);
});
