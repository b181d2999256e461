/** `Rendezvous` of clasp-p2p/rendezvous, against real servers: ours, and ours behind what others do otherwise. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Rendezvous as Handler, startRendezvous } from '../../relay/index.js';
import { ClaspError } from '../../web/error.js';
import { Rendezvous } from '../../web/rendezvous.js';
import { cleanUp, start } from '../support/rendezvous.js';
import { next } from './support.js';

/**
 * A server of another mind.
 * @param {import('node:http').RequestListener} listener
 * @returns {Promise<string>} its URL
 */
async function serve(listener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUp.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`;
}

/** @param {string} code */
const refusedWith = (code) => (/** @type {unknown} */ error) =>
  error instanceof ClaspError && error.code === code;

const { url } = await start();

/* ---- register ---- */

test('a device is registered, found, refreshed and unregistered', async () => {
  const rendezvous = new Rendezvous(`${url}/`); // a slash too many is put up with
  const device = {
    name: 'Lamp',
    endpoints: { ws: 'wss://h:7330' },
    publicKey: 'QUJD',
    features: ['param'],
    tags: ['whole-life'],
    metadata: { room: 'attic', levels: [1, 2] },
  };
  const { id, timestamp, ttl } = await rendezvous.register(device);
  assert.equal(ttl, 300);
  assert.equal(await rendezvous.refresh(id), true);
  const [found, ...more] = await rendezvous.discover({ tag: 'whole-life', feature: 'param' });
  const { lastSeen, ...rest } = found;
  assert.deepEqual(rest, { ...device, id, registration: id, registeredAt: timestamp });
  assert.ok(lastSeen > timestamp);
  assert.deepEqual(more, []);
  assert.equal(await rendezvous.unregister(id), true);
  assert.equal(await rendezvous.unregister(id), false);
  assert.equal(await rendezvous.refresh(id), false);
});

test('what is missing is filled in', async () => {
  const rendezvous = new Rendezvous(url);
  await rendezvous.register({ tags: ['filled'], metadata: { name: 'from metadata', x: '1' } });
  await rendezvous.register({ tags: ['filled'], peerId: 'peer-7' });
  await rendezvous.register({ tags: ['filled'], metadata: { peerId: 'peer-8' } });
  await rendezvous.register({ tags: ['filled'], name: '' });
  const found = await rendezvous.discover({ tag: 'filled' });
  assert.deepEqual(found.map(({ name }) => name).sort(), ['', 'from metadata', 'peer-7', 'peer-8']);
  for (const { endpoints, features } of found) assert.deepEqual([endpoints, features], [{}, []]);
  await assert.rejects(rendezvous.register({ tags: ['filled'] }), refusedWith('BAD_OPTION'));
});

test('the peer’s own id is the one that is found', async () => {
  const rendezvous = new Rendezvous(url);
  const { id } = await rendezvous.register({ peerId: 'chosen', tags: ['chosen'] });
  const [found] = await rendezvous.discover({ tag: 'chosen' });
  assert.equal(found.id, 'chosen');
  assert.equal(found.registration, id);
  assert.equal(found.metadata.peerId, 'chosen');
});

test('metadata is written as text for a server that takes nothing else', async () => {
  const handler = await Handler.open({ maxPerSource: Infinity });
  cleanUp.push(() => handler.close());
  let refused = 0;
  const strict = await serve(async (request, response) => {
    if (request.method !== 'POST') return handler.serve(request, response);
    const { metadata, ...rest } = JSON.parse(Buffer.concat(await request.toArray()).toString());
    const isStrict = Object.values(metadata).every((value) => typeof value === 'string');
    if (!isStrict) refused++;
    const inner = isStrict && (await new Rendezvous(url).register({ ...rest, metadata }));
    response.writeHead(inner ? 201 : 422).end(inner ? JSON.stringify(inner) : 'expected a string');
  });
  const rendezvous = new Rendezvous(strict);
  const metadata = { text: 'x', list: ['a', 1], flag: true, nothing: null };
  for (let i = 0; i < 2; i++) {
    const { id } = await rendezvous.register({ name: 'a', metadata, tags: ['strict'] });
    const found = await new Rendezvous(url).discover({ tag: 'strict' });
    assert.deepEqual(found.find((it) => it.id === id)?.metadata, {
      text: 'x',
      list: '["a",1]',
      flag: 'true',
      nothing: 'null',
    });
  }
  assert.equal(refused, 1, 'it is remembered');
});

test('a device that has no shape is refused once more, and told', async () => {
  const wrong = /** @type {any} what types forbid */ ({ name: 'a', tags: 'none' });
  await assert.rejects(new Rendezvous(url).register(wrong), (error) => {
    assert.ok(refusedWith('RELAY_REFUSED')(error));
    return /422/.test(/** @type {Error} */ (error).message);
  });
});

test('bounds of the server have codes of their own', async () => {
  const own = await start({ maxPerSource: 1, maxDocument: 1000 });
  const rendezvous = new Rendezvous(own.url);
  await assert.rejects(rendezvous.register({ name: 'x'.repeat(1000) }), refusedWith('TOO_LARGE'));
  await rendezvous.register({ name: 'a' });
  await assert.rejects(rendezvous.register({ name: 'a' }), refusedWith('LIMIT'));
});

/* ---- discover ---- */

test('all tags have to hold, though a server takes one', async () => {
  const own = await start();
  const rendezvous = new Rendezvous(own.url);
  for (const tags of [['a'], ['a', 'b'], ['b'], ['a', 'b', 'c']]) {
    await rendezvous.register({ name: tags.join(''), tags });
  }
  for (const [query, names] of /** @type {[object, string[]][]} */ ([
    [{}, ['a', 'ab', 'abc', 'b']],
    [{ tags: [] }, ['a', 'ab', 'abc', 'b']],
    [{ tag: 'a' }, ['a', 'ab', 'abc']],
    [{ tags: ['a', 'b'] }, ['ab', 'abc']],
    [{ tag: 'c', tags: ['a', 'b'] }, ['abc']],
    [{ tags: ['a', 'none'] }, []],
    [{ feature: 'f' }, []],
  ])) {
    const found = await rendezvous.discover(query);
    assert.deepEqual(found.map(({ name }) => name).sort(), names, JSON.stringify(query));
  }
  assert.equal((await rendezvous.discover({ tags: ['a', 'b'], limit: 1 })).length, 1);
  assert.equal((await rendezvous.discover({ limit: 0 })).length, 0);
});

test('what is no device in an answer is left out, and nothing of it is believed', async () => {
  const answer = JSON.stringify({
    devices: [
      null,
      7,
      [],
      { id: 7 },
      { id: 'bare' },
      {
        id: 'odd',
        name: 1,
        tags: ['t', 2],
        endpoints: { ws: 'w', n: 1 },
        metadata: { peerId: 9 },
        lastSeen: 'now',
      },
    ],
  }).replace('"n":1', '"__proto__":"p"');
  const base = await serve((_, response) => response.end(answer));
  const [bare, odd, ...more] = await new Rendezvous(base).discover();
  assert.deepEqual(more, []);
  assert.deepEqual([bare.id, bare.tags, bare.metadata, bare.lastSeen], ['bare', [], {}, 0]);
  assert.deepEqual([odd.id, odd.name, odd.tags, odd.lastSeen], ['odd', '', ['t'], 0]);
  assert.deepEqual(Object.keys(odd.endpoints).sort(), ['__proto__', 'ws']);
  assert.equal(Object.getPrototypeOf(odd.endpoints), Object.prototype);
});

/* ---- what goes wrong ---- */

test('a server that cannot be understood, or is not there, has its code', async () => {
  const words = await serve((_, response) => response.end('<html>'));
  await assert.rejects(new Rendezvous(words).discover(), refusedWith('BAD_JSON'));
  const busy = await serve((_, response) => response.writeHead(503).end());
  await assert.rejects(new Rendezvous(busy).discover(), refusedWith('RELAY_REFUSED'));
  const empty = await serve((_, response) => response.writeHead(201).end('{}'));
  await assert.rejects(new Rendezvous(empty).register({ name: 'a' }), refusedWith('RELAY_REFUSED'));
  const gone = await startRendezvous({ port: 0 });
  await gone.close();
  await assert.rejects(new Rendezvous(gone.url).discover(), refusedWith('RELAY_UNREACHABLE'));
  assert.throws(() => new Rendezvous('ws://h'), refusedWith('BAD_OPTION'));
});

test('an answer without end is cut off', async () => {
  const base = await serve((_, response) => {
    const chunk = Buffer.alloc(1 << 20, ' ');
    const more = () => void (response.writable && response.write(chunk, more));
    more();
  });
  await assert.rejects(new Rendezvous(base).discover(), refusedWith('TOO_LARGE'));
});

test('a signal ends a request', async () => {
  const life = new AbortController();
  const base = await serve(() => life.abort()); // it never answers
  await assert.rejects(
    new Rendezvous(base).discover({ signal: life.signal }),
    refusedWith('ABORTED'),
  );
  await assert.rejects(
    new Rendezvous(base, { signal: life.signal }).refresh('x'),
    refusedWith('ABORTED'),
  );
});

/* ---- keep ---- */

test('a kept device is refreshed before its time is over, and gone when it is closed', async () => {
  const own = await start({ ttl: 3 });
  const rendezvous = new Rendezvous(own.url);
  const registration = rendezvous.keep({ name: 'kept', tags: ['kept'] });
  const { id, ttl } = await registration.ready;
  assert.equal(ttl, 3);
  for (let i = 0; i < 3; i++) assert.equal((await next(registration, 'refreshed')).id, id);
  assert.equal(own.stats().registrations_total, 1);
  assert.ok(own.stats().refreshes_total >= 2);
  await registration.close();
  assert.equal(own.stats().unregistrations_total, 1);
  assert.deepEqual(await rendezvous.discover({ tag: 'kept' }), []);
});

test('a device that the server has forgotten is registered again, under another id', async () => {
  const own = await start({ ttl: 2 });
  const rendezvous = new Rendezvous(own.url);
  const registration = rendezvous.keep({ name: 'forgotten' });
  const { id } = await registration.ready;
  await rendezvous.unregister(id);
  const { id: second } = await next(registration, 'refreshed', (it) => it.id !== id);
  assert.equal(registration.id, second);
  assert.deepEqual(
    (await rendezvous.discover()).map((it) => it.id),
    [second],
  );
  await registration.close();
});

test('a server that fails is tried again, and every failure is told', async () => {
  const own = await start();
  const handler = await Handler.open();
  cleanUp.push(() => handler.close());
  let asked = 0;
  const base = await serve((request, response) => {
    if (asked++ === 0) response.writeHead(500).end();
    else handler.serve(request, response);
  });
  const registration = new Rendezvous(base).keep({ name: 'patient' });
  const { error } = await next(registration, 'error');
  assert.equal(error.code, 'RELAY_REFUSED');
  assert.ok((await registration.ready).id);
  await registration.close();
  assert.equal(handler.stats().devices, 0);
  assert.equal(own.stats().devices, 0);
});

test('close is final, may be called twice, and before there is an id', async () => {
  const own = await start();
  const rendezvous = new Rendezvous(own.url);
  const registration = rendezvous.keep({ name: 'brief' });
  registration.addEventListener('refreshed', () => assert.fail('an event after close()'));
  const closed = [registration.close(), registration.close()];
  await assert.rejects(registration.ready, refusedWith('ABORTED'));
  await Promise.all(closed);
  assert.equal(own.stats().devices, 0);
  assert.equal(own.stats().registrations_total, own.stats().unregistrations_total);
});

test('a signal ends what is kept', async () => {
  const own = await start();
  const life = new AbortController();
  const registration = new Rendezvous(own.url, { signal: life.signal }).keep({ name: 'ended' });
  await registration.ready;
  life.abort();
  await registration.close(); // the same end, awaited
  assert.equal(own.stats().devices, 0);
  const late = new Rendezvous(own.url, { signal: life.signal }).keep({ name: 'late' });
  await assert.rejects(late.ready, refusedWith('ABORTED'));
});

test('a device that is kept does not keep the process', async () => {
  const own = await start();
  const module = new URL('../../web/rendezvous.js', import.meta.url).href;
  const program = `
    const { Rendezvous } = await import(${JSON.stringify(module)});
    await new Rendezvous(${JSON.stringify(own.url)}).keep({ name: 'short-lived' }).ready;
  `;
  const args = ['--input-type=module', '-e', program];
  await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
  assert.equal(own.stats().devices, 1);
});
