/** What callers may hand to a client, and when. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { startRelay } from '../../relay/index.js';
import { Clasp } from '../../web/clasp.js';

/** @type {Awaited<ReturnType<typeof startRelay>>} */ let relay;
/** @type {Clasp} */ let client;

before(async () => {
  relay = await startRelay({ port: 0, messagesPerSecond: 1e6 });
  client = new Clasp(relay.url);
  await client.connect();
});

after(async () => {
  client.close();
  await relay.close();
});

/** @type {any} what no type lets pass; any: that is the point */
const wrong = { number: 7, nothing: null };

test('a URL that no socket takes is refused by the constructor', () => {
  for (const url of [
    'ws://[',
    'ws://a b',
    'ws://localhost:99999',
    'ws://localhost/#part',
    'ws:',
    '',
  ])
    assert.throws(() => new Clasp(url), { code: 'BAD_OPTION' }, url);
  for (const url of ['ws://localhost', 'WSS://example.org:1/path?query'])
    assert.equal(new Clasp(url).url, url);
});

test('features, types, buffers and QoS that mean nothing are refused', async () => {
  const { url } = relay;
  for (const features of [['parm'], 'param'])
    assert.throws(() => new Clasp(url, /** @type {any} */ ({ features })), { code: 'BAD_OPTION' });
  for (const types of [[], 'param', ['parm']])
    assert.throws(() => client.on('/a', () => {}, /** @type {any} */ ({ types })), {
      code: 'BAD_OPTION',
    });
  for (const qos of ['sure', 'toString']) {
    const call = client.set('/qos', 1, /** @type {any} */ ({ qos }));
    await assert.rejects(call, { code: 'BAD_OPTION' });
  }
  for (const buffer of [0, NaN, 'many'])
    assert.throws(() => client.subscribe('/a', /** @type {any} */ ({ buffer })), {
      code: 'BAD_OPTION',
    });
});

test('a buffer that is no integer is a bound all the same', async () => {
  const inflow = client.subscribe('/buffer', { buffer: 2.5 });
  for (let i = 0; i < 5; i++) await client.set('/buffer', i);
  assert.equal(inflow.dropped, 3);
  assert.equal((await inflow.next()).value?.value, 3);
  inflow.end();
});

test('an address that is no text, and a handler that is no function, are refused by a code', async () => {
  await assert.rejects(client.set(wrong.number, 1), { code: 'BAD_OPTION' });
  await assert.rejects(client.set(wrong.nothing, 1), { code: 'BAD_OPTION' });
  assert.throws(() => client.emit(wrong.number), { code: 'BAD_OPTION' });
  assert.throws(() => client.on(wrong.number, () => {}), { code: 'BAD_OPTION' });
  assert.throws(() => client.on('/a', wrong.nothing), { code: 'BAD_OPTION' });
});

test('times that are none are refused', async () => {
  for (const time of [NaN, -1, Infinity]) {
    assert.throws(() => client.replay('/a', { from: time }), { code: 'BAD_OPTION' });
    assert.throws(() => client.timeline('/a', [], { startTime: time }), { code: 'BAD_OPTION' });
  }
  await assert.rejects(client.bundle([{ set: ['/a', 1] }], { at: NaN }), { code: 'BAD_OPTION' });
  assert.equal(await client.bundle([{ set: ['/times', 1] }]), 1);
});

test('every value that JavaScript has arrives as it is, or is refused by a code', async () => {
  for (const value of [
    NaN,
    -0,
    Infinity,
    -Infinity,
    2 ** 53,
    Number.MIN_VALUE,
    '',
    '\0',
    '\ufeffa',
  ])
    assert.ok(
      Object.is((await client.set('/js', value), await client.get('/js')), value),
      `${value}`,
    );
  const made = { a: undefined, b: [undefined, , 1], c: new Date(0), ['__proto__']: { x: 1 } }; // eslint-disable-line no-sparse-arrays
  await client.set('/js', made);
  const arrived = await client.get('/js');
  assert.deepEqual(Object.keys(arrived), ['b', 'c', '__proto__']);
  assert.deepEqual(arrived.b, [null, null, 1]);
  assert.equal(arrived.c, '1970-01-01T00:00:00.000Z');
  assert.equal(arrived.x, undefined);
  await client.set('/js', { whole: [1n, -(2n ** 53n)] });
  assert.deepEqual(await client.get('/js'), { whole: [1, -(2 ** 53)] });
  await assert.rejects(client.set('/js', 2n ** 63n), { code: 'OUT_OF_RANGE' });
  for (const value of [undefined, Symbol(), () => {}, new Map(), { deep: [Symbol()] }])
    await assert.rejects(client.set('/js', /** @type {any} */ (value)), { code: 'BAD_VALUE_TYPE' });
});

test('addresses of any script, and as long as a frame lets them be', async () => {
  const long = `/${'ü'.repeat(30_000)}`;
  for (const address of ['/光/🎭/ä', '/ ', '/a.b:c-d_e', long]) {
    const heard = new Promise((resolve) => client.on(address, (_, at) => resolve(at)));
    await client.set(address, 1);
    assert.equal(await heard, address);
    client.off(address);
  }
  await assert.rejects(client.set(`/${'a'.repeat(65_535)}`, 1), { code: 'TOO_LARGE' });
});

test('a signal that has aborted already keeps a request from being made', async () => {
  const options = { signal: AbortSignal.abort() };
  /** @type {string[]} */ const heard = [];
  client.on('/aborted/**', (_, address) => heard.push(address));
  const calls = [
    client.set('/aborted/set', 1, options),
    client.setLocked('/aborted/locked', 1, options),
    client.unlock('/aborted/unlock', 1, options),
    client.bundle([{ set: ['/aborted/bundle', 1] }], options),
    client.bundle([{ set: ['/aborted/later', 1] }], { at: client.time() + 1000, ...options }),
    client.announce([], options),
    client.query('/aborted', options),
    client.get('/aborted', options),
  ];
  for (const call of calls) await assert.rejects(call, { code: 'ABORTED' });
  await client.set('/aborted/not', 1);
  assert.deepEqual(heard, ['/aborted/not']);
});

test('what is written and published right after connect() was called leaves, in its order', async () => {
  const early = new Clasp(relay.url);
  /** @type {string[]} */ const heard = [];
  const last = new Promise((resolve) => {
    client.on('/early/**', (_, address) => {
      heard.push(address);
      if (heard.length === 5) resolve(0);
    });
  });
  await client.query('/none');
  assert.throws(() => early.emit('/early/none'), { code: 'NOT_CONNECTED' });
  const connecting = early.connect();
  early.emit('/early/event', 1);
  const written = [early.set('/early/a', 1), early.set('/early/b', 2)];
  const bad = early.set('no address', 2);
  early.stream('/early/stream', 3);
  const bundled = early.bundle([{ set: ['/early/c', 1] }]);
  assert.deepEqual(await Promise.all(written), [1, 1]);
  await assert.rejects(bad, { code: 'BAD_ADDRESS' });
  await Promise.all([connecting, bundled, last]);
  const params = ['/early/a', '/early/b', '/early/c'];
  assert.deepEqual(
    heard.filter((address) => params.includes(address)),
    params,
  );
  assert.deepEqual(
    heard.filter((address) => !params.includes(address)),
    ['/early/event', '/early/stream'],
  );
  early.close();
});

test('what was asked for before the core was there is refused when the client is closed first', async () => {
  const early = new Clasp(relay.url);
  const connecting = early.connect();
  const asked = [early.set('/closed/a', 1), early.get('/closed/a'), early.query('/a')];
  early.close();
  for (const one of asked) await assert.rejects(one, { code: 'NOT_CONNECTED' });
  await assert.rejects(connecting, { code: 'ABORTED' });
});

test('a bundle at a time ends with its client', async () => {
  const own = new Clasp(relay.url);
  await own.connect();
  const far = own.bundle([{ set: ['/far', 1] }], { at: own.time() + 60 * 86_400e6 }); // over what a timer counts
  own.close();
  await assert.rejects(far, { code: 'NOT_CONNECTED' });
});

test('connect() without a bound waits without a bound', async () => {
  const own = new Clasp(relay.url);
  await own.connect(Infinity);
  own.close();
  await own.connect({ timeout: 0 });
  own.close();
});

test('definitions that query() has brought are bounded', async () => {
  const [teller, asker] = [new Clasp(relay.url), new Clasp(relay.url)];
  await Promise.all([teller.connect(), asker.connect()]);
  const of = (/** @type {number} */ n) =>
    Array.from({ length: 1000 }, (_, i) => ({
      address: `/q/${n}/${i}`,
      type: /** @type {const} */ ('param'),
    }));
  for (let n = 0; n < 9; n++) {
    await teller.announce(of(n), { namespace: '/q' });
    assert.equal((await asker.query('/q/**')).length, 1000);
  }
  assert.equal(asker.getSignals().length, 8192);
  assert.equal(asker.querySignals('/q/8/*').length, 1000);
  teller.close();
  asker.close();
});

test('no rejection that is ignored ends a process', async () => {
  const module = JSON.stringify(new URL('../../web/clasp.js', import.meta.url).href);
  const program = `
    import { Clasp } from ${module};
    const client = new Clasp(${JSON.stringify(relay.url)});
    client.set('/a', 1);
    await client.connect();
    client.set('bad', 1), client.setLocked('bad', 1), client.unlock('bad'), client.unlock('bad', 1);
    client.get('bad'), client.query('//'), client.announce('bad'), client.bundle([{}]);
    client.bundle([{}], { at: client.time() + 1000 }), client.get('/a', { signal: AbortSignal.abort() });
    await client.query('/none');
    client.get('/nobody'), client.unlock('/nobody'), client.bundle([], { at: client.time() + 1e9 });
    client.close();
    setImmediate(() => console.log('done'));`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--unhandled-rejections=strict',
    '--input-type=module',
    '-e',
    program,
  ]);
  assert.equal(stdout, 'done\n');
});
