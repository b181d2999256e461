/** The rendezvous over real HTTP: every row of docs/rendezvous.md on requests. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PLAIN, discover, post, raw, register, start, statusOf } from '../support/rendezvous.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const { url } = await start();

/* ---- registration ---- */

test('register answers 201 with id, time and ttl', async () => {
  const response = await post(url, PLAIN);
  assert.equal(response.status, 201);
  assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
  const { id, timestamp, ttl, ...more } = await response.json();
  assert.match(id, UUID);
  assert.ok(Math.abs(timestamp / 1000 - Date.now()) < 60_000 && Number.isInteger(timestamp));
  assert.equal(ttl, 300);
  assert.deepEqual(more, {});
});

test('ids are all different and tell nothing of one another', async () => {
  const ids = await Promise.all(Array.from({ length: 50 }, () => register(url)));
  assert.equal(new Set(ids).size, 50);
  for (const place of [0, 9, 19, 35]) {
    assert.ok(
      new Set(ids.map((id) => id[place])).size > 1,
      `character ${place} is always the same`,
    );
  }
});

test('a device is found as it was registered', async () => {
  const device = {
    name: 'Küche 💡',
    endpoints: { ws: 'wss://host:7330' },
    publicKey: 'QUJD',
    features: ['param', 'event'],
    tags: ['found-as-registered', ''],
    metadata: { text: 'x', list: ['a', 1, null], deep: { n: 1.5, '': false }, __proto__: null },
  };
  const before = Date.now() * 1000;
  const id = await register(url, { ...device, unknown: { ignored: true } });
  const [found, ...more] = await discover(url, '?tag=found-as-registered');
  const { registeredAt, lastSeen, ...rest } = found;
  assert.deepEqual(rest, { id, ...JSON.parse(JSON.stringify(device)) });
  assert.deepEqual(more, []);
  assert.ok(registeredAt >= before - 1e6 && registeredAt <= Date.now() * 1000 + 1e6);
  assert.equal(lastSeen, registeredAt);
});

test('what is missing gets its default, and no publicKey is none', async () => {
  for (const publicKey of ['', ',"publicKey":null']) {
    await post(url, `{"name":"a","endpoints":{}${publicKey},"tags":["defaults"]}`);
  }
  for (const { id, registeredAt, lastSeen, ...rest } of await discover(url, '?tag=defaults')) {
    assert.ok(id && registeredAt && lastSeen);
    assert.deepEqual(rest, { ...PLAIN, features: [], tags: ['defaults'], metadata: {} });
  }
  assert.equal((await discover(url, '?tag=defaults')).length, 2);
});

test('metadata comes back with every digit and every character', async () => {
  const metadata =
    '{"big":12345678901234567890,"as":1.10,"e":1e400,"nul":"\\u0000","__proto__":{"a":[]}}';
  await post(url, `{"name":"a","endpoints":{},"tags":["exact"],"metadata":${metadata}}`);
  const text = await (await fetch(`${url}/api/v1/discover?tag=exact`)).text();
  assert.ok(text.includes(`"metadata":${metadata}`), text);
});

for (const [status, what, document] of /** @type {[number, string, unknown][]} */ ([
  [400, 'an empty body', ''],
  [400, 'no JSON', 'name=a'],
  [400, 'half a document', '{"name":"a"'],
  [400, 'a document and more', '{"name":"a","endpoints":{}} x'],
  [400, 'half a surrogate pair', '{"name":"\\ud800","endpoints":{}}'],
  [422, 'no object', []],
  [422, 'null', 'null'],
  [422, 'no name', { endpoints: {} }],
  [422, 'no endpoints', { name: 'a' }],
  [422, 'a name that is null', { name: null, endpoints: {} }],
  [422, 'a name that is a number', { name: 1, endpoints: {} }],
  [422, 'endpoints in an array', { name: 'a', endpoints: ['ws://h'] }],
  [422, 'an endpoint that is a number', { name: 'a', endpoints: { ws: 7330 } }],
  [422, 'a publicKey that is a number', { ...PLAIN, publicKey: 1 }],
  [422, 'features that are null', { ...PLAIN, features: null }],
  [422, 'features that are a string', { ...PLAIN, features: 'param' }],
  [422, 'a tag that is a number', { ...PLAIN, tags: ['a', 1] }],
  [422, 'metadata in an array', { ...PLAIN, metadata: [] }],
  [422, 'metadata that is null', { ...PLAIN, metadata: null }],
  [413, 'a document over the bound', { ...PLAIN, name: 'x'.repeat(65_536) }],
  [413, 'more values than the bound', { ...PLAIN, metadata: { list: Array(5000).fill(0) } }],
])) {
  test(`register answers ${status} to ${what}, in plain text`, async () => {
    const response = await post(url, document);
    assert.equal(response.status, status);
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain/);
    assert.notEqual(await response.text(), '');
    assert.equal(response.headers.get('access-control-allow-origin'), '*');
  });
}

test('register answers 400 to ill-formed UTF-8', async () => {
  const body = Buffer.from('{"name":"\xff","endpoints":{}}', 'latin1');
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/api/v1/register`, { method: 'POST', body, headers });
  assert.equal(response.status, 400);
});

test('the Content-Type decides between 201 and 415', async () => {
  for (const [type, status] of /** @type {[string, number][]} */ ([
    ['application/json', 201],
    ['application/json; charset=utf-8', 201],
    ['Application/JSON', 201],
    ['application/vnd.clasp+json', 201],
    ['application/x+json ; a=b', 201],
    ['text/plain', 415],
    ['text/json', 415],
    ['application/jsonp', 415],
    ['application/xml', 415],
    ['application/x-www-form-urlencoded', 415],
  ])) {
    assert.equal((await post(url, PLAIN, { 'content-type': type })).status, status, type);
  }
  const untyped =
    'POST /api/v1/register HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}';
  assert.equal(statusOf(await raw(url, untyped)), 415);
});

/* ---- discover ---- */

test('tag and feature keep exact matches; both have to hold', async () => {
  const own = await start();
  await register(own.url, { ...PLAIN, name: '1', tags: ['x', 'y z'], features: ['f'] });
  await register(own.url, { ...PLAIN, name: '2', tags: ['x', 'ü&=%'], features: ['g'] });
  await register(own.url, { ...PLAIN, name: '3', tags: ['{"<^>|}%'], features: ['f'] });
  for (const [query, names] of /** @type {[string, string][]} */ ([
    ['', '123'],
    ['?', '123'],
    ['?tag=x', '12'],
    ['?tag=X', ''],
    ['?tag=', ''],
    ['?feature=f', '13'],
    ['?tag=x&feature=f', '1'],
    ['?feature=g&tag=x&other=1&other=2', '2'],
    ['?tag=y%20z', '1'],
    ['?tag=y+z', '1'],
    [`?tag=${encodeURIComponent('ü&=%')}`, '2'],
    ['?tag=%C3%BC%26=%', '2'], // what is no encoding stands for itself
    ['?tag=x,y', ''],
  ])) {
    const found = await discover(own.url, query);
    assert.equal(
      found
        .map(({ name }) => name)
        .sort()
        .join(''),
      names,
      query,
    );
  }
  const bytes = 'GET /discover?tag={"<^>|}% HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n';
  assert.match(await raw(own.url, bytes), /"name":"3"/, 'not encoded at all');
});

test('limit bounds the answer: 100 by default, 1000 at most', async () => {
  const own = await start({ maxDevices: 1100 });
  for (let i = 0; i < 11; i++) {
    await Promise.all(Array.from({ length: 100 }, () => register(own.url)));
  }
  for (const [query, count] of /** @type {[string, number][]} */ ([
    ['', 100],
    ['?limit=0', 0],
    ['?limit=7', 7],
    ['?limit=%2B7', 7],
    ['?limit=1000', 1000],
    ['?limit=1001', 1000],
    ['?limit=18446744073709551615', 1000],
  ])) {
    assert.equal((await discover(own.url, query)).length, count, query);
  }
});

test('a query that cannot be read is answered 400', async () => {
  for (const query of [
    '?limit=abc',
    '?limit=-1',
    '?limit=',
    '?limit=1.5',
    '?limit=1e2',
    '?limit=18446744073709551616',
    '?limit=1&limit=1',
    '?tag=a&tag=b',
    '?feature=a&feature=a',
  ]) {
    const response = await fetch(`${url}/api/v1/discover${query}`);
    assert.equal(response.status, 400, query);
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain/);
  }
});

test('an answer is JSON in an array, also an empty one, and is not kept', async () => {
  const response = await fetch(`${url}/discover?tag=nobody`); // the alias
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
  assert.equal(response.headers.get('cache-control'), 'no-store');
  assert.equal(await response.text(), '[]');
});

/* ---- refresh, unregister, health ---- */

test('refresh is answered 200 and moves lastSeen alone', async () => {
  const id = await register(url, { ...PLAIN, tags: ['refreshed'] });
  const [before] = await discover(url, '?tag=refreshed');
  const response = await fetch(`${url}/api/v1/refresh/${id}`, { method: 'POST' });
  assert.equal(response.status, 200);
  assert.equal(await response.text(), '');
  const [now] = await discover(url, '?tag=refreshed');
  assert.ok(now.lastSeen > before.lastSeen);
  assert.deepEqual({ ...now, lastSeen: before.lastSeen }, before);
});

test('unregister is answered 204, and the device is gone', async () => {
  const id = await register(url, { ...PLAIN, tags: ['removed'] });
  const response = await fetch(`${url}/api/v1/unregister/${id}`, { method: 'DELETE' });
  assert.equal(response.status, 204);
  assert.equal(await response.text(), '');
  assert.deepEqual(await discover(url, '?tag=removed'), []);
  for (const [method, call] of [
    ['DELETE', 'unregister'],
    ['POST', 'refresh'],
  ]) {
    for (const unknown of [id, 'x', id.toUpperCase(), `${id}0`, '%00', '%zz']) {
      const again = await fetch(`${url}/api/v1/${call}/${unknown}`, { method });
      assert.equal(again.status, 404, unknown);
      assert.equal(await again.text(), '');
    }
  }
});

test('health is OK in plain text', async () => {
  const response = await fetch(`${url}/api/v1/health`);
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain/);
  assert.equal(await response.text(), 'OK');
});

test('HEAD works where GET does', async () => {
  for (const path of ['/api/v1/health', '/api/v1/discover?limit=1', '/discover']) {
    const [head, get] = await Promise.all(
      ['HEAD', 'GET'].map((method) => fetch(url + path, { method })),
    );
    assert.equal(head.status, 200);
    assert.equal(await head.text(), '');
    assert.equal(head.headers.get('content-type'), get.headers.get('content-type'));
    assert.equal(head.headers.get('content-length'), get.headers.get('content-length'));
    await get.text();
  }
});

/* ---- methods, paths, origins ---- */

test('a known path with another method is answered 405 with Allow', async () => {
  for (const [path, allow, methods] of /** @type {[string, string, string[]][]} */ ([
    ['/api/v1/register', 'POST', ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']],
    ['/api/v1/discover', 'GET,HEAD', ['POST', 'DELETE', 'OPTIONS']],
    ['/discover', 'GET,HEAD', ['POST']],
    ['/api/v1/refresh/x', 'POST', ['GET', 'HEAD', 'DELETE']],
    ['/api/v1/unregister/x', 'DELETE', ['GET', 'POST']],
    ['/api/v1/health', 'GET,HEAD', ['POST', 'PATCH']],
  ])) {
    for (const method of methods) {
      const response = await fetch(url + path, { method });
      assert.equal(response.status, 405, `${method} ${path}`);
      assert.equal(response.headers.get('allow'), allow);
      await response.text();
    }
  }
});

test('any other path is answered 404, also with a trailing slash', async () => {
  for (const path of [
    '/',
    '/metrics',
    '/api',
    '/api/v1',
    '/api/v1/',
    '/api/v1/register/',
    '/api/v1/discover/',
    '/api/v1/health/',
    '/api/v1/Health',
    '/api/v1//health',
    '/api/v1/%68ealth',
    '/api/v1/refresh',
    '/api/v1/refresh/',
    '/api/v1/refresh/a/b',
    '/api/v2/health',
    '/discover/',
  ]) {
    for (const method of ['GET', 'POST', 'HEAD', 'DELETE']) {
      const response = await fetch(url + path, { method });
      assert.equal(response.status, 404, `${method} ${path}`);
      assert.equal(response.headers.get('access-control-allow-origin'), '*');
      await response.text();
    }
  }
});

test('a preflight on any path is answered 200, and every answer is for any origin', async () => {
  for (const path of ['/api/v1/register', '/api/v1/refresh/x', '/any/where']) {
    const headers = { 'access-control-request-method': 'DELETE', origin: 'https://x.example' };
    const response = await fetch(url + path, { method: 'OPTIONS', headers });
    assert.equal(response.status, 200);
    assert.equal(await response.text(), '');
    for (const name of ['origin', 'methods', 'headers']) {
      assert.equal(response.headers.get(`access-control-allow-${name}`), '*', name);
    }
  }
  const plain = await fetch(`${url}/any/where`, { method: 'OPTIONS' });
  assert.equal(plain.status, 404, 'no preflight');
});

test('the absolute form of a target is understood', async () => {
  const bytes = `GET http://h:1/api/v1/health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`;
  assert.match(await raw(url, bytes), /^HTTP\/1\.1 200 [^]*OK$/);
});
