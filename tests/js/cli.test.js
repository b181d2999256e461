/** The client commands of the command line: real processes, a real relay. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startRelay } from '../../relay/index.js';
import { Clasp } from '../../web/clasp.js';
import { decode, ready } from '../../web/codec.js';
import { Command, cli } from './cli-process.js';
import { Client, subscribe } from './relay-client.js';

const FOLDER = mkdtempSync(join(tmpdir(), 'clasp-cli-'));
const SET = 0x21; // type of the message
const TOKENS = { viewer: ['read:/stage/**'], desk: ['write:/stage/**'] };

/** @type {import('../../relay/index.js').Relay} */ let relay;
/** @type {import('../../relay/index.js').Relay} */ let guarded;
/** @type {Clasp} */ let client;
/** @type {Command[]} */ const commands = [];

before(async () => {
  relay = await startRelay({ port: 0, messagesPerSecond: 1e6 });
  guarded = await startRelay({ port: 0, tokens: TOKENS });
  client = new Clasp(relay.url);
  await client.connect();
});

after(async () => {
  for (const { child } of commands) child.kill('SIGKILL'); // those of tests that have failed
  client.close();
  await Promise.all([relay.close(), guarded.close()]);
  rmSync(FOLDER, { recursive: true });
});

/** With the open relay. @param {string[]} args @param {string | Uint8Array} [input] of stdin */
const run = (args, input) => cli(args, { input, env: { CLASP_URL: relay.url } });

/** It goes on until it is told to end. @param {...string} args */
function start(...args) {
  const command = new Command(args, { CLASP_URL: relay.url });
  commands.push(command);
  return command;
}

/**
 * A `sub` whose subscription is at the relay: it has printed the param that was there.
 * @param {string} space that it hears, without the last slash
 * @param {...string} options
 */
async function listening(space, ...options) {
  await client.set(`${space}/ready`, 'ready');
  const command = start('sub', `${space}/**`, ...options);
  await command.says('out', 'ready');
  return command;
}

/**
 * What a pattern brings to a client of its own, from now on.
 * @param {string} pattern
 * @param {import('../../web/clasp.js').SignalType} type
 * @param {number} count
 * @returns {Promise<{heard: Promise<any[]>}>} any: the values; when the subscription is at the relay
 */
async function heardOf(pattern, type, count) {
  /** @type {any[]} */ const seen = [];
  const heard = new Promise((resolve) => {
    const off = client.on(
      pattern,
      (value) => {
        if (seen.push(value) < count) return;
        off();
        resolve(seen);
      },
      { types: [type] },
    );
  });
  await client.query('/none');
  return { heard };
}

/** One line on stderr, without a stack. @param {string} err @param {RegExp} words */
function assertOneLine(err, words) {
  assert.match(err, /^clasp-p2p: [^\n]+\n$/);
  assert.match(err, words);
}

/* ---- set ---- */

test('set writes JSON where it is JSON and text where not, and prints the revision', async () => {
  for (const [word, value] of /** @type {[string, unknown][]} */ ([
    ['0.5', 0.5],
    ['-5', -5],
    ['-.5', '-.5'],
    ['true', true],
    ['null', null],
    ['"quoted"', 'quoted'],
    ['[1, {"a": "b"}]', [1, { a: 'b' }]],
    ['{"$$i64": 1}', { $i64: 1 }],
    ['{"$bytes": "00FF"}', new Uint8Array([0, 255])],
    ['{"$f64": "-Infinity"}', -Infinity],
    ['{"$i64": "-9007199254740992"}', -(2 ** 53)],
    ['{"$other": 1}', { $other: 1 }],
    ['just words', 'just words'],
    ['{"broken', '{"broken'],
  ])) {
    const { code, out, err } = await run(['set', '/set/value', word]);
    assert.deepEqual([code, err], [0, ''], word);
    assert.match(out, /^\d+\n$/);
    assert.deepEqual(await client.get('/set/value'), value, word);
  }
});

test('set counts the revision up, and --revision refuses another one than there is', async () => {
  assert.equal((await run(['set', '/set/counted', '1'])).out, '1\n');
  assert.equal((await run(['set', '/set/counted', '2', '--revision', '1'])).out, '2\n');
  const { code, out, err } = await run(['set', '/set/counted', '3', '--revision', '1']);
  assert.deepEqual([code, out], [4, '']);
  assertOneLine(err, /refused: 400 REVISION_CONFLICT/);
  assert.equal(await client.get('/set/counted'), 2);
});

test('set --string keeps text as it is, --json tells all, --quiet nothing', async () => {
  assert.equal((await run(['set', '/set/text', '5', '--string', '--quiet'])).out, '');
  assert.equal(await client.get('/set/text'), '5');
  const { out } = await run(['set', '/set/text', '5', '--json']);
  assert.equal(out, '{"address":"/set/text","value":5,"revision":2}\n');
});

test('set reads the value from stdin, bytes from a file or from stdin', async () => {
  const file = join(FOLDER, 'bytes');
  writeFileSync(file, new Uint8Array([1, 0, 254]));
  await run(['set', '/set/in', '-'], '{"from": "stdin"}\n');
  assert.deepEqual(await client.get('/set/in'), { from: 'stdin' });
  await run(['set', '/set/in', '-', '--string'], '17\n\n');
  assert.equal(await client.get('/set/in'), '17\n');
  await run(['set', '/set/in', '--bytes', file]);
  assert.deepEqual(await client.get('/set/in'), new Uint8Array([1, 0, 254]));
  await run(['set', '/set/in', '--bytes', '-'], new Uint8Array([0, 10]));
  assert.deepEqual(await client.get('/set/in'), new Uint8Array([0, 10]));
});

test('input that is too large, or no text, fails', async () => {
  const large = await run(['set', '/set/large', '-'], 'x'.repeat(200_000));
  assert.equal(large.code, 1);
  assertOneLine(large.err, /more than 131072 bytes/);
  const long = await run(['set', '/set/large', '-'], 'x'.repeat(70_000));
  assert.equal(long.code, 1);
  const broken = await run(['set', '/set/large', '-'], new Uint8Array([0xff]));
  assert.equal(broken.code, 1);
  assertOneLine(broken.err, /UTF-8/);
});

test('set --ttl takes seconds, counted from the write with --absolute, and $i64 is exact', async () => {
  await ready();
  const watcher = await Client.join(relay.url);
  watcher.ws.send(subscribe('/ttl'));
  for (const [args, ttl, value] of /** @type {[string[], unknown, unknown][]} */ ([
    [['1', '--ttl', '60', '--absolute'], { mode: 'absolute', seconds: 60 }, 1],
    [['2', '--ttl', '60'], { mode: 'sliding', seconds: 60 }, 2],
    [['{"$i64": "9223372036854775807"}', '--ttl', '0'], { mode: 'never' }, 2n ** 63n - 1n],
  ])) {
    assert.equal((await run(['set', '/ttl', ...args])).code, 0);
    const message = decode(await watcher.next(SET), { integers: 'bigint' });
    assert.deepEqual([message.ttl, message.value], [ttl, value]);
  }
  watcher.ws.close();
});

test('a lock ends with the command, or with Ctrl+C when it is to be held', async () => {
  assert.equal((await run(['set', '/lock/a', '1', '--lock'])).code, 0);
  assert.equal((await run(['set', '/lock/a', '2'])).code, 0);
  const holder = start('set', '/lock/a', '3', '--lock', '--hold');
  await holder.says('out', '3\n');
  const refused = await run(['set', '/lock/a', '4']);
  assert.equal(refused.code, 4);
  assertOneLine(refused.err, /401 LOCK_HELD/);
  holder.child.kill('SIGINT');
  assert.deepEqual(await holder.ended.then(({ code, err }) => [code, err]), [0, '']);
  await client.setLocked('/lock/a', 4);
  assert.equal((await run(['set', '/lock/a', '5', '--unlock'])).code, 4);
  await client.unlock('/lock/a');
  assert.equal((await run(['set', '/lock/a', '5', '--unlock'])).code, 0);
});

/* ---- get ---- */

test('get prints text as it is and all else as JSON, in the order asked for', async () => {
  await client.set('/get/text', 'two\nlines');
  await client.set('/get/map', { list: [1, NaN, -0], bytes: new Uint8Array([0, 255]) });
  await client.set('/get/tag', { $i64: 'no tag' });
  const { code, out } = await run(['get', '/get/map', '/get/text', '/get/tag']);
  const map = '{"list":[1,{"$f64":"NaN"},{"$f64":"-0"}],"bytes":{"$bytes":"00ff"}}';
  assert.deepEqual([code, out], [0, `${map}\ntwo\nlines\n{"$$i64":"no tag"}\n`]);
});

test('get --json prints one document a line, --raw bytes as they are', async () => {
  await client.set('/get/bytes', new Uint8Array([0, 10, 200]));
  await client.set('/get/escape', '\u001b[2J\u009b');
  const { out } = await run(['get', '--json', '/get/bytes', '/get/escape']);
  assert.equal(
    out,
    '{"address":"/get/bytes","value":{"$bytes":"000ac8"}}\n' +
      '{"address":"/get/escape","value":"\\u001b[2J\\u009b"}\n',
  );
  assert.equal((await run(['get', '/get/bytes'])).out, '{"$bytes":"000ac8"}\n');
  const { bytes } = await run(['get', '--raw', '/get/bytes']);
  assert.deepEqual([...bytes], [0, 10, 200]);
});

test('get says with code 5 which params there are not, and prints the others', async () => {
  await client.set('/get/there', 1);
  const { code, out, err } = await run(['get', '/get/none', '/get/there', '/get/nothing']);
  assert.deepEqual([code, out], [5, '1\n']);
  assertOneLine(err, /no such param: \/get\/none, \/get\/nothing$/m);
});

test('get asks for many at once', async () => {
  const addresses = Array.from({ length: 200 }, (_, i) => `/many/${i}`);
  await Promise.all(addresses.map((address, i) => client.set(address, i)));
  const { out } = await run(['get', ...addresses]);
  assert.equal(out, addresses.map((_, i) => `${i}\n`).join(''));
});

/* ---- sub ---- */

test('sub prints params as they are, then what comes, until Ctrl+C', async () => {
  const command = await listening('/sub/all');
  await client.set('/sub/all/number', 0.5);
  client.emit('/sub/all/event', { cue: 'go' });
  client.stream('/sub/all/an address', 'one\ntwo');
  await command.says('out', 'two');
  command.child.kill('SIGINT');
  const { code, out, err } = await command.ended;
  const lines = ['ready ready', 'number 0.5', 'event {"cue":"go"}'];
  const expected = [
    ...lines.map((line) => `/sub/all/${line}`),
    '"/sub/all/an address" "one\\ntwo"',
  ];
  assert.deepEqual([code, out, err], [0, `${expected.join('\n')}\n`, '']);
});

test('SIGTERM ends sub as well as Ctrl+C does', async () => {
  const command = await listening('/sub/term');
  command.child.kill('SIGTERM');
  assert.equal((await command.ended).code, 0);
});

test('sub --count ends by itself, --json and --raw print in their ways', async () => {
  await client.set('/sub/form/a', new Uint8Array([0, 255]));
  const json = await run(['sub', '/sub/form/*', '--count', '1', '--json']);
  assert.deepEqual(
    [json.code, json.out, json.err],
    [0, '{"address":"/sub/form/a","value":{"$bytes":"00ff"}}\n', ''],
  );
  const raw = await run(['sub', '/sub/form/*', '--count', '1', '--raw']);
  assert.deepEqual([...raw.bytes], [0, 255]);
});

test('sub takes several patterns, and --types of them', async () => {
  await client.set('/sub/one/a', 1);
  await client.set('/sub/two/b', 2);
  const both = await run(['sub', '/sub/one/*', '/sub/two/*', '--count', '2']);
  assert.equal(both.out, '/sub/one/a 1\n/sub/two/b 2\n');
  const command = await listening('/sub/types', '--types', 'param,event', '--count', '2');
  client.stream('/sub/types/stream', 1);
  client.emit('/sub/types/event', 2);
  const { out } = await command.ended;
  assert.equal(out, '/sub/types/ready ready\n/sub/types/event 2\n');
});

test('sub --history and --window bring what was published before', async () => {
  for (const i of [1, 2, 3]) client.emit('/sub/past/event', i);
  await client.query('/none');
  const last = await run(['sub', '/sub/past/*', '--history', '2', '--count', '2']);
  assert.equal(last.out, '/sub/past/event 2\n/sub/past/event 3\n');
  const all = await run(['sub', '/sub/past/*', '--window', '60000', '--count', '3']);
  assert.equal(all.out.split('\n').length, 4);
});

test('sub --epsilon leaves small changes out, --max-rate all but the newest', async () => {
  const fine = await listening('/sub/fine', '--epsilon', '0.5', '--count', '3');
  for (const value of [1, 1.2, 1.4, 2]) await client.set('/sub/fine/number', value);
  assert.equal(
    (await fine.ended).out,
    '/sub/fine/ready ready\n/sub/fine/number 1\n/sub/fine/number 2\n',
  );
  const slow = await listening('/sub/slow', '--max-rate', '5', '--count', '3');
  for (const value of [1, 2, 3, 4]) client.stream('/sub/slow/number', value);
  assert.equal(
    (await slow.ended).out,
    '/sub/slow/ready ready\n/sub/slow/number 1\n/sub/slow/number 4\n',
  );
});

test('sub ends quietly when nobody reads any more', async () => {
  const command = await listening('/sub/pipe');
  const isClosed = once(command.child.stdout, 'close');
  command.child.stdout.destroy();
  await isClosed;
  await client.set('/sub/pipe/a', 1);
  await client.set('/sub/pipe/a', 2);
  const { code, err } = await command.ended;
  assert.deepEqual([code, err], [0, '']);
});

test('get and pub end quietly when nobody reads what they print', async () => {
  await client.set('/unread', 'x'.repeat(60_000));
  for (const args of [
    ['get', ...Array(300).fill('/unread')],
    ['pub', '/unread', '--lines', '--json', '--rate', '0'],
  ]) {
    const command = start(...args);
    command.child.stdout.destroy();
    command.child.stdin.end('1\n'.repeat(5000));
    const { code, err } = await command.ended;
    assert.deepEqual([code, err], [0, ''], args[0]);
  }
});

test('sub leaves values out, and says so, while nobody reads what it prints', async () => {
  const command = await listening('/sub/slow-reader', '--raw');
  command.child.stdout.pause();
  const isSaid = command.says('err', 'clasp-p2p: values are left out');
  let isOver = false;
  isSaid.then(() => (isOver = true));
  for (let i = 0; i < 1000 && !isOver; i++) {
    client.emit('/sub/slow-reader/a', 'x'.repeat(60_000));
    await client.query('/none');
  }
  await isSaid;
  command.child.stdout.resume();
  command.child.kill('SIGINT');
  const { code, out } = await command.ended;
  assert.equal(code, 0);
  assert.equal(out.length % 60_001, 'ready\n'.length); // what was printed is there to its end
});

test('get prints all of it to a reader that takes its time', async () => {
  const addresses = Array.from({ length: 100 }, (_, i) => `/late-reader/${i}`);
  for (const address of addresses) await client.set(address, 'x'.repeat(60_000));
  const command = start('get', ...addresses);
  command.child.stdout.pause();
  await once(command.child.stdout, 'readable');
  await client.query('/none');
  command.child.stdout.resume();
  const { code, out } = await command.ended;
  assert.deepEqual([code, out.length], [0, 100 * 60_001]);
});

test('sub comes back after a loss, and says so', async () => {
  let own = await startRelay({ port: 0 });
  const { url, port } = own;
  assert.equal((await cli(['set', '/back/a', '1', '--url', url])).code, 0);
  const [command, quiet] = [
    ['--url', url],
    ['--url', url, '--quiet'],
  ].map((options) => start('sub', '/back/*', ...options));
  await Promise.all([command, quiet].map((it) => it.says('out', '/back/a 1')));
  await own.close();
  await command.says('err', 'clasp-p2p: connection lost');
  own = await startRelay({ port });
  await command.says('err', 'clasp-p2p: connected again\n');
  assert.equal((await cli(['set', '/back/a', '2', '--url', url])).code, 0);
  await Promise.all([command, quiet].map((it) => it.says('out', '/back/a 2')));
  for (const { child } of [command, quiet]) child.kill('SIGINT');
  assert.equal((await command.ended).code, 0);
  assert.deepEqual(await quiet.ended.then(({ code, err }) => [code, err]), [0, '']);
  await own.close();
});

/* ---- pub ---- */

test('pub publishes an event, with a value or without, and prints nothing', async () => {
  const { heard } = await heardOf('/pub/event', 'event', 3);
  for (const value of [['{"fade": 2}'], [], ['2', '--event', '--string']]) {
    const { code, out, err } = await run(['pub', '/pub/event', ...value]);
    assert.deepEqual([code, out, err], [0, '', '']);
  }
  assert.deepEqual(await heard, [{ fade: 2 }, null, '2']);
});

test('pub --stream and --gesture publish what they say', async () => {
  const stream = await heardOf('/pub/stream', 'stream', 1);
  const { out } = await run(['pub', '/pub/stream', '--stream', '21.5', '--json']);
  assert.equal(out, '{"address":"/pub/stream","value":21.5}\n');
  assert.deepEqual(await stream.heard, [21.5]);
  const gesture = await heardOf('/pub/touch', 'gesture', 2);
  await run(['pub', '/pub/touch', '--gesture', '7', 'start', '{"x": 1}']);
  await run(['pub', '--gesture', '7', 'end', '/pub/touch']);
  assert.deepEqual(await gesture.heard, [
    { x: 1, phase: 'start', gestureId: 7 },
    { phase: 'end', gestureId: 7 },
  ]);
});

test('pub --lines publishes all lines in their order, however many', async () => {
  const count = 3000;
  const lines = Array.from({ length: count }, (_, i) => (i === 7 ? 'seven' : `${i}`));
  const { heard } = await heardOf('/pub/lines', 'stream', count);
  const args = ['pub', '/pub/lines', '--stream', '--lines', '--rate', '0', '--quiet'];
  const { code, out, err } = await run(args, lines.join('\r\n'));
  assert.deepEqual([code, out, err], [0, '', '']);
  assert.deepEqual(
    await heard,
    lines.map((line, i) => (i === 7 ? 'seven' : i)),
  );
});

test('pub --lines publishes each line when it comes, and ends with stdin', async () => {
  const command = start('pub', '/pub/live', '--lines', '--string', '--json');
  for (const line of ['1', 'grün']) {
    const { heard } = await heardOf('/pub/live', 'event', 1);
    command.child.stdin.write(`${line}\n`);
    assert.deepEqual(await heard, [line]);
  }
  command.child.stdin.end();
  const { code, out } = await command.ended;
  assert.equal(code, 0);
  assert.equal(
    out,
    '{"address":"/pub/live","value":"1"}\n{"address":"/pub/live","value":"grün"}\n',
  );
});

test('pub --lines ends with a code when a line is none, too long, or the relay is gone', async () => {
  const bad = await run(['pub', '/pub/bad', '--lines'], '1\n{"$i64": 5}\n');
  assert.equal(bad.code, 2);
  assertOneLine(bad.err, /line 2: /);
  const long = await run(['pub', '/pub/bad', '--lines'], 'x'.repeat(200_000));
  assert.equal(long.code, 1);
  const own = await startRelay({ port: 0 });
  const args = ['pub', '/pub/lost', '--lines', '--json', '--url', own.url];
  const command = start(...args);
  command.child.stdin.write('1\n');
  await command.says('out', '1');
  await own.close();
  const { code, err } = await command.ended; // stdin is open still
  assert.equal(code, 3);
  assertOneLine(err, /lost/);
});

test('pub --lines keeps to what a relay takes by default, and says so where --rate is too high', async () => {
  const own = await startRelay({ port: 0, messagesPerSecond: 100 });
  const lines = '1\n'.repeat(400);
  const env = { CLASP_URL: own.url };
  const fast = await cli(['pub', '/rate', '--lines', '--rate', '0'], { input: lines, env });
  assert.equal(fast.code, 4);
  assertOneLine(fast.err, /429 RATE_LIMITED/);
  const slow = await cli(['pub', '/rate', '--lines', '--rate', '80'], {
    input: '1\n'.repeat(150),
    env,
  });
  assert.deepEqual([slow.code, slow.err], [0, '']);
  await own.close();
});

/* ---- exit codes, and what all commands share ---- */

test('what the router refuses ends with 4 in every command, and its words are on stderr', async () => {
  const env = { CLASP_URL: guarded.url, CLASP_TOKEN: 'viewer' };
  for (const args of [
    ['set', '/stage/a', '1'],
    ['get', '/other'],
    ['sub', '/**'],
    ['pub', '/stage/a'],
    ['pub', '/stage/a', '--lines'],
  ]) {
    const { code, out, err } = await cli(args, { env, input: '1\n' });
    assert.deepEqual([code, out], [4, ''], args.join(' '));
    assertOneLine(err, /refused: 301 FORBIDDEN, the token's scopes do not cover this/);
  }
});

test('the token comes from --token or CLASP_TOKEN, and is never printed', async () => {
  const env = { CLASP_URL: guarded.url, CLASP_TOKEN: 'viewer' };
  const set = await cli(['set', '/stage/b', '1', '--token', 'desk'], { env });
  assert.deepEqual([set.code, set.out], [0, '1\n']);
  assert.equal((await cli(['get', '/stage/b'], { env })).out, '1\n');
  for (const args of [
    ['get', '/stage/b', '--token', 's3cret'],
    ['get', '/stage/b', '--tokn=s3cret'],
    ['get', '/stage/b', '--token', 's3cret', '--url', 'ws://127.0.0.1:1'],
  ]) {
    const { code, out, err } = await cli(args, { env });
    assert.ok(code !== 0 && !out.includes('s3cret') && !err.includes('s3cret'), err);
  }
  assert.equal((await cli(['get', '/stage/b', '--token', ''], { env })).code, 4);
});

test('a token that is taken back ends sub with 4', async () => {
  const own = await startRelay({ port: 0, tokens: TOKENS });
  const desk = new Clasp(own.url, { token: 'desk' });
  await desk.connect();
  await desk.set('/stage/a', 'there');
  const command = start('sub', '/stage/**', '--token', 'viewer', '--url', own.url);
  await command.says('out', 'there');
  own.setTokens({ desk: TOKENS.desk });
  const { code, err } = await command.ended;
  assert.equal(code, 4);
  assertOneLine(err, /refused: 300 UNAUTHORIZED/);
  desk.close();
  await own.close();
});

test('a router that cannot be reached, or does not answer, ends every command with 3', async () => {
  const mute = createServer(() => {}).listen(0, '127.0.0.1');
  await once(mute, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (mute.address());
  const calls = [
    ['set', '/a', '1'],
    ['get', '/a'],
    ['sub', '/a'],
    ['pub', '/a'],
  ];
  for (const args of calls) {
    const gone = await cli([...args, '--url', 'ws://127.0.0.1:1']);
    assert.deepEqual([gone.code, gone.out], [3, '']);
    assertOneLine(gone.err, /127\.0\.0\.1:1: the relay does not answer/);
    const silent = await cli([...args, '--url', `ws://127.0.0.1:${port}`, '--timeout', '0.2']);
    assert.deepEqual([silent.code, silent.out], [3, '']);
    assertOneLine(silent.err, /no answer within 200 ms/);
  }
  mute.close();
});

test('Ctrl+C while it connects ends a command with 1', async () => {
  const mute = createServer().listen(0, '127.0.0.1');
  await once(mute, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (mute.address());
  const command = start('get', '/a', '--url', `ws://127.0.0.1:${port}`);
  await once(mute, 'connection');
  command.child.kill('SIGINT');
  const { code, err } = await command.ended;
  assert.equal(code, 1);
  assertOneLine(err, /interrupted/);
  mute.close();
});

test('a command line that makes no sense ends with 2, and says why', async () => {
  const wrong = [
    ['set'],
    ['set', '/a'],
    ['set', '/a', '1', '2'],
    ['set', '/a', '1', '--lock', '--unlock'],
    ['set', '/a', '1', '--hold'],
    ['set', '/a', '1', '--absolute'],
    ['set', '/a', '1', '--ttl', '-1'],
    ['set', '/a', '1', '--revision', 'x'],
    ['set', '/a', '1', '--bytes', '-'],
    ['set', '/a', '--bytes', join(FOLDER, 'nothing')],
    ['set', '/a', '{"$bytes": "0"}'],
    ['set', '/a', '{"$f64": "1"}'],
    ['set', '/a', '{"$i64": "9223372036854775808"}'],
    ['set', '/a', '1e999'],
    ['set', 'a', '1'],
    ['get'],
    ['get', '/a/*'],
    ['sub'],
    ['sub', 'a'],
    ['sub', '/a', '--types', 'param,nothing'],
    ['sub', '/a', '--count', '0'],
    ['sub', '/a', '--max-rate', 'x'],
    ['sub', '/a', '--epsilon', '-1'],
    ['sub', '/a', '--history', '1.5'],
    ['sub', '/a', '--window', ''],
    ['pub'],
    ['pub', '/a', '1', '2'],
    ['pub', '/a', '--stream'],
    ['pub', '/a', '1', '--stream', '--event'],
    ['pub', '/a', '1', '--lines'],
    ['pub', '/a', '1', '--rate', '5'],
    ['pub', '/a', '--lines', '--rate', 'x'],
    ['pub', '/a', '--gesture', '1', 'wave'],
    ['pub', '/a', '--gesture', 'x', 'move'],
    ['get', '/a', '--timeout', '0'],
    ['get', '/a', '--url', 'http://localhost'],
    ['get', '/a', '--nonsense'],
    ['unknown'],
  ];
  for (const args of wrong) {
    const { code, out, err } = await run(args);
    assert.deepEqual([code, out], [2, ''], `${args.join(' ')}: ${err}`);
    assertOneLine(err, /\(try "clasp-p2p --help"\)$/m);
  }
});

test('--name is what the router is told; --url wins over CLASP_URL', async () => {
  const env = { CLASP_URL: 'ws://127.0.0.1:1' };
  await client.set('/named', 1);
  const { code, out } = await cli(['get', '/named', '--url', relay.url, '--name', 'me'], { env });
  assert.deepEqual([code, out], [0, '1\n']);
  const long = await cli(['get', '/named', '--url', relay.url, '--name', 'x'.repeat(70_000)]);
  assert.equal(long.code, 1); // so it is sent
});

test('every help fits a screen of 30 lines and 80 columns, and names every option', async () => {
  for (const name of ['relay', 'set', 'get', 'sub', 'pub']) {
    const { code, out } = await cli([name, '--help']);
    const lines = out.split('\n');
    assert.equal(code, 0);
    assert.ok(lines.length <= 31, `${name}: ${lines.length} lines`);
    assert.deepEqual(
      lines.filter((line) => line.length > 80),
      [],
      name,
    );
    const { options } = await import(`../../relay/commands/${name}.js`);
    const missing = Object.keys(options).filter((option) => !out.includes(`--${option}`));
    assert.deepEqual(missing, [], name);
  }
  const { out } = await cli(['--help']);
  for (const [code, words] of [
    'done',
    'failed',
    'makes no sense',
    'reached',
    'refused',
    'no such param',
  ].entries())
    assert.match(out, new RegExp(`^ +${code}  .*${words}`, 'm'));
  assert.deepEqual(
    out.split('\n').filter((line) => line.length > 80),
    [],
  );
});
