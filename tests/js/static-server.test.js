import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { serve } from '../../scripts/static-server.mjs';

/** @type {string} */
let folder;
/** @type {Awaited<ReturnType<typeof serve>>} */
let server;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'clasp-static-'));
  mkdirSync(join(folder, 'demo', 'inner'), { recursive: true });
  writeFileSync(join(folder, 'demo', 'index.html'), '<p>demo</p>');
  writeFileSync(join(folder, 'demo', 'clasp.wasm'), new Uint8Array([0, 97, 115, 109]));
  writeFileSync(join(folder, 'secret.txt'), 'not served');
  const roots = { demo: join(folder, 'demo') };
  server = await serve({ roots, home: '/demo/', headers: { 'X-Further': 'yes' } });
});

after(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

/**
 * One request whose path is sent as it is (fetch would tidy it up).
 * @param {string} path
 * @param {string} [method]
 * @returns {Promise<{ status: number | undefined, headers: import('node:http').IncomingHttpHeaders, body: string }>}
 */
function get(path, method = 'GET') {
  return new Promise((resolve, reject) => {
    const sent = request(server.url, { path, method }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => (body += text));
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body }),
      );
    });
    sent.on('error', reject).end();
  });
}

test('the root leads to the home page', async () => {
  const { status, headers } = await get('/');
  assert.equal(status, 302);
  assert.equal(headers.location, '/demo/');
});

test('a folder is answered with its index, and nothing is cached', async () => {
  const { status, headers, body } = await get('/demo/');
  assert.equal(status, 200);
  assert.equal(body, '<p>demo</p>');
  assert.equal(headers['cache-control'], 'no-store');
});

test('further headers go with every answer', async () => {
  assert.equal((await get('/demo/')).headers['x-further'], 'yes');
  assert.equal((await get('/secret.txt')).headers['x-further'], 'yes');
});

test('wasm has the type that streaming compilation asks for', async () => {
  assert.equal((await get('/demo/clasp.wasm')).headers['content-type'], 'application/wasm');
});

test('no path leads out of the served folders', async () => {
  const paths = [
    '/demo/../secret.txt',
    '/demo/%2e%2e/secret.txt',
    '/demo/..%2fsecret.txt',
    '/secret.txt',
  ];
  for (const path of [...paths, '//demo/index.html', '/demo/inner/..%2f..%2fsecret.txt']) {
    const { status, body } = await get(path);
    assert.ok(status === 400 || status === 404, `${path}: ${status}`);
    assert.ok(!body.includes('not served'));
  }
});

test('a path that is no text, or another method, is refused', async () => {
  assert.equal((await get('/demo/%ff')).status, 400);
  assert.equal((await get('/demo/%00')).status, 400);
  assert.equal((await get('/demo/', 'POST')).status, 405);
});

test('what is not there, or has no index, is not found', async () => {
  assert.equal((await get('/demo/nothing.js')).status, 404);
  assert.equal((await get('/demo/inner/')).status, 404);
});
