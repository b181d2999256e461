import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { before, test } from 'node:test';
import {
  Dispatcher,
  decode,
  decodeFrame,
  encode,
  encodeFrames,
  encodeLent,
  ready,
} from '../../web/codec.js';

before(() => ready());

const CODEC = new URL('../../web/codec.js', import.meta.url).href;

/** @param {unknown} value @param {object} [more] */
const set = (value, more) => ({ type: 'SET', address: '/a', value, ...more });

/** @param {Uint8Array} bytes */
const hex = (bytes) => Buffer.from(bytes).toString('hex');

/** @param {string} text */
const bytesOf = (text) => Uint8Array.from(Buffer.from(text, 'hex'));

/** That the codec still does what it did. */
function assertWorks() {
  assert.equal(hex(encode(set('x'))), '534100092108' + '00022f61' + '000178');
  assert.deepEqual(decode(bytesOf('534100092108' + '00022f61' + '000178')), set('x'));
}

/**
 * @param {() => unknown} body has to be refused, and to leave everything in order
 * @param {string} code
 * @param {string} [what]
 */
function assertRefused(body, code, what) {
  assert.throws(body, { name: 'ClaspError', code }, what);
  assertWorks();
}

/** @param {number} levels @param {(inner: unknown) => unknown} around @param {unknown} [core] */
function nested(levels, around, core = 1) {
  let it = core;
  for (let i = 0; i < levels; i++) it = around(it);
  return it;
}

// ---- before ready() -----------------------------------------------------------------------------------------------

test('everything before ready() is BAD_STATE, and works once it is done', () => {
  const script = `
    import * as codec from ${JSON.stringify(CODEC)};
    const calls = {
      encode: () => codec.encode({ type: 'PING' }),
      'encode of empty texts': () => codec.encode({ type: 'SET', address: '', value: '' }),
      encodeLent: () => codec.encodeLent({ type: 'GET', address: '/a' }),
      encodeFrames: () => codec.encodeFrames({ type: 'SNAPSHOT', params: [] }),
      decode: () => codec.decode(Uint8Array.of(0x53, 1, 0, 1, 0x41)),
      decodeFrame: () => codec.decodeFrame(Uint8Array.of(0x53, 1, 0, 1, 0x41)),
      matches: () => codec.matches('/**', '/a'),
      isAddress: () => codec.isAddress('/a'),
      isPattern: () => codec.isPattern('/*'),
      Dispatcher: () => new codec.Dispatcher(),
    };
    const outcome = (call) => { try { call(); return 'OK'; } catch (error) { return error.code ?? String(error); } };
    const outcomes = () => Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, outcome(call)]));
    const before = outcomes();
    await Promise.all([codec.ready(), codec.ready()]);
    await codec.ready();
    console.log(JSON.stringify({ before, after: outcomes() }));`;
  const args = ['--input-type=module', '-e', script];
  const { before, after } = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
  for (const [name, code] of Object.entries(before)) assert.equal(code, 'BAD_STATE', name);
  for (const [name, code] of Object.entries(after)) assert.equal(code, 'OK', name);
});

test('ready() of what is no module is LOAD, and the next one tries again', () => {
  const script = `
    import * as codec from ${JSON.stringify(CODEC)};
    const code = await codec.ready({ bytes: new Uint8Array(4) }).catch((error) => error.code);
    await codec.ready();
    console.log(code, codec.isAddress('/a'));`;
  const args = ['--input-type=module', '-e', script];
  assert.equal(execFileSync(process.execPath, args, { encoding: 'utf8' }).trim(), 'LOAD true');
});

// ---- what is refused ----------------------------------------------------------------------------------------------

/** @type {[what: string, message: any, code: string][]} any: messages that are none */
const UNSENDABLE = [
  ['undefined', undefined, 'BAD_FIELD'],
  ['null', null, 'BAD_FIELD'],
  ['a text', 'SET', 'BAD_FIELD'],
  ['an array', [], 'BAD_FIELD'],
  ['no type', {}, 'BAD_FIELD'],
  ['a type that is none', { type: 'NONE' }, 'UNKNOWN_TYPE'],
  ['a type that every object has', { type: 'toString' }, 'UNKNOWN_TYPE'],
  ['no address', { type: 'SET', value: 1 }, 'BAD_FIELD'],
  ['an address that is no text', { type: 'SET', address: 1, value: 1 }, 'BAD_FIELD'],
  ['no value', { type: 'SET', address: '/a' }, 'BAD_FIELD'],
  ['a function', set(() => {}), 'BAD_VALUE_TYPE'],
  ['a symbol', set([Symbol('a')]), 'BAD_VALUE_TYPE'],
  ['a Map', set(new Map()), 'BAD_VALUE_TYPE'],
  [
    'an object of no class',
    set(nested(3, (it) => Object.create(/** @type {null} */ (it)), null)),
    'BAD_VALUE_TYPE',
  ],
  ['toJSON() that says nothing', set({ toJSON() {} }), 'BAD_VALUE_TYPE'],
  ['toJSON() without end', set(endless()), 'TOO_DEEP'],
  ['65 levels of arrays', set(nested(65, (it) => [it])), 'TOO_DEEP'],
  ['65 levels of maps', set(nested(65, (a) => ({ a }))), 'TOO_DEEP'],
  ['a cycle', set(cycle()), 'TOO_DEEP'],
  ['9 levels of bundles', nested(9, bundle, { type: 'PING' }), 'TOO_DEEP'],
  ['an i64 too large', set(2n ** 63n), 'OUT_OF_RANGE'],
  ['an i64 too small', set(-(2n ** 63n) - 1n), 'OUT_OF_RANGE'],
  ['a revision below 0', set(1, { revision: -1 }), 'OUT_OF_RANGE'],
  ['a revision of a half', set(1, { revision: 0.5 }), 'OUT_OF_RANGE'],
  ['a revision of NaN', set(1, { revision: NaN }), 'OUT_OF_RANGE'],
  ['a revision of 2^64', set(1, { revision: 2 ** 64 }), 'OUT_OF_RANGE'],
  ['a bigint of 2^64', set(1, { revision: 2n ** 64n }), 'OUT_OF_RANGE'],
  ['a bigint below 0', set(1, { revision: -1n }), 'OUT_OF_RANGE'],
  ['a revision that is a text', set(1, { revision: '1' }), 'BAD_FIELD'],
  ['a ttl that is none', set(1, { ttl: { mode: 'often' } }), 'BAD_ENUM'],
  ['a ttl of null', set(1, { ttl: null }), 'BAD_ENUM'],
  ['a ttl too long', set(1, { ttl: { mode: 'sliding', seconds: 2 ** 31 } }), 'OUT_OF_RANGE'],
  ['a signal that is none', { type: 'PUBLISH', address: '/a', signal: 'x' }, 'BAD_ENUM'],
  ['a signal named constructor', publish({ signal: 'constructor' }), 'BAD_ENUM'],
  ['a signal named __proto__', publish({ signal: '__proto__' }), 'BAD_ENUM'],
  ['a phase that is none', publish({ signal: 'gesture', phase: 'x' }), 'BAD_ENUM'],
  ['samples that are a text', publish({ signal: 'stream', samples: '12' }), 'BAD_FIELD'],
  ['samples of texts', publish({ signal: 'stream', samples: ['1'] }), 'BAD_FIELD'],
  ['an id over 32 bits', publish({ signal: 'gesture', id: 2 ** 32 }), 'OUT_OF_RANGE'],
  ['members that are no array', { type: 'BUNDLE', messages: {} }, 'BAD_FIELD'],
  ['a member of null', { type: 'BUNDLE', messages: [null] }, 'BAD_FIELD'],
  ['a member without a type', { type: 'BUNDLE', messages: [{}] }, 'BAD_FIELD'],
  ['params that are no array', { type: 'SNAPSHOT', params: '' }, 'BAD_FIELD'],
  ['a param of null', { type: 'SNAPSHOT', params: [null] }, 'BAD_FIELD'],
  ['a param without an address', { type: 'SNAPSHOT', params: [{ value: 1 }] }, 'BAD_FIELD'],
  ['no pattern', { type: 'SUBSCRIBE', id: 1 }, 'BAD_FIELD'],
  ['an id below 0', { type: 'SUBSCRIBE', id: -1, pattern: '/a' }, 'OUT_OF_RANGE'],
  ['an op that is none', { type: 'FEDERATION_SYNC', op: 'x' }, 'BAD_ENUM'],
  ['a string of 65,536 bytes', set('x'.repeat(65536)), 'TOO_LARGE'],
  ['bytes of 65,536', set(new Uint8Array(65536)), 'TOO_LARGE'],
  ['more bytes than the memory holds', set(new Uint8Array(1 << 20)), 'TOO_LARGE'],
  ['a text longer than the memory', set('é'.repeat(60000)), 'TOO_LARGE'],
  ['an address too long', { type: 'SET', address: 'x'.repeat(65536), value: 1 }, 'TOO_LARGE'],
  ['65,536 items', set(new Array(65536).fill(null)), 'TOO_LARGE'],
  ['more items than the tape holds', set(new Array(300000).fill(null)), 'TOO_LARGE'],
  ['a payload over the bound', set(['x'.repeat(40000), 'x'.repeat(40000)]), 'TOO_LARGE'],
];

/** @param {object} more */
function publish(more) {
  return { type: 'PUBLISH', address: '/a', ...more };
}

/** @param {unknown} message */
function bundle(message) {
  return { type: 'BUNDLE', messages: [message] };
}

function endless() {
  return { toJSON: endless };
}

function cycle() {
  /** @type {unknown[]} */
  const it = [1];
  it.push({ it });
  return it;
}

for (const [what, message, code] of UNSENDABLE) {
  test(`${what}: refused with ${code}, alone and in a bundle, and nothing else is lost`, () => {
    assertRefused(() => encode(message), code, 'encode');
    assertRefused(() => encodeLent(message), code, 'encodeLent');
    assertRefused(() => encodeFrames(message), code, 'encodeFrames');
    assertRefused(() => encode({ type: 'BUNDLE', messages: [set(1), message] }), code, 'member');
  });
}

test('a QoS or timestamp that is none is refused', () => {
  for (const qos of [3, -1, '1', null, NaN])
    assertRefused(() => encode(set(1), { qos: /** @type {any} a wrong one */ (qos) }), 'BAD_ENUM');
  for (const timestamp of [-1, 0.5, NaN, 2 ** 64, 2n ** 64n, -1n, '5'])
    assertRefused(
      () => encode(set(1), { timestamp: /** @type {any} a wrong one */ (timestamp) }),
      'OUT_OF_RANGE',
    );
});

/** @type {[what: string, frame: string, code: string][]} */
const UNREADABLE = [
  ['nothing', '', 'MORE'],
  ['a header without its payload', '53010001', 'MORE'],
  ['another first byte', '54010001', 'BAD_MAGIC'],
  ['QoS 3', '53c1000141', 'RESERVED_QOS'],
  ['encrypted', '5311000141', 'UNSUPPORTED_FLAG'],
  ['compressed', '5309000141', 'UNSUPPORTED_FLAG'],
  ['no message', '53010000', 'EMPTY_PAYLOAD'],
  ['a type that is none', '530100017f', 'UNKNOWN_TYPE'],
  ['a text cut short', '5301000422000561', 'TRUNCATED'],
  ['a text of no UTF-8', '530100042200' + '01ff', 'BAD_UTF8'],
  ['a value of no type', '53010006' + '210c00022f61', 'BAD_VALUE_TYPE'],
  ['65 levels', deepFrame(65), 'TOO_DEEP'],
  ['an op that is none', '53010007' + '04090000000000', 'BAD_ENUM'],
  ['MessagePack of no message', '5300000180', 'BAD_LEGACY'],
  ['a bundle with a member of no type', '53810007' + '30000001' + '00017f', 'UNKNOWN_TYPE'],
];

/** @param {number} levels of arrays in a SET */
function deepFrame(levels) {
  const data = '00010a'.repeat(levels - 1) + '0000';
  const payload = `210a00022f61${data}`;
  return `5341${(payload.length / 2).toString(16).padStart(4, '0')}${payload}`;
}

for (const [what, frame, code] of UNREADABLE) {
  test(`${what}: reading is refused with ${code}, and nothing else is lost`, () => {
    assertRefused(() => decode(bytesOf(frame)), code);
    assertRefused(() => decodeFrame(bytesOf(frame)), code);
    const dispatcher = new Dispatcher();
    assertRefused(() => dispatcher.dispatch(bytesOf(frame)), code);
    dispatcher.close();
  });
}

test('what is no bytes is BAD_OPTION', () => {
  for (const data of [undefined, null, 'S', 5, [0x53], {}])
    assertRefused(() => decode(/** @type {any} a wrong one */ (data)), 'BAD_OPTION');
});

// ---- bytes --------------------------------------------------------------------------------------------------------

test('a frame is read from any view, wherever it begins, whatever comes behind it', () => {
  const frame = encode(set('hello'));
  const buffer = new ArrayBuffer(frame.length + 9);
  const inside = new Uint8Array(buffer, 5, frame.length);
  inside.set(frame);
  const exact = frame.slice();
  const views = [
    exact,
    exact.buffer,
    new DataView(buffer, 5, frame.length),
    inside,
    new Uint8Array(buffer).subarray(5),
    Buffer.from(frame),
    Buffer.concat([frame, Buffer.alloc(100_000, 1)]),
  ];
  for (const view of views) assert.deepEqual(decode(view), set('hello'));
});

test('bytes in a message are views of what it was read from', () => {
  const frame = encode(set({ a: Uint8Array.of(1, 2, 3), b: [Uint8Array.of(4)] }));
  const room = new Uint8Array(frame.length + 7);
  room.set(frame, 7);
  const { a, b } = decode(room.subarray(7)).value;
  assert.deepEqual([...a, ...b[0]], [1, 2, 3, 4]);
  assert.equal(a.buffer, room.buffer);
  room.fill(9, 7);
  assert.deepEqual([...a, ...b[0]], [9, 9, 9, 9]);
});

/** {type: 'SET', address: '/a', value: bin [1, 2]} in MessagePack */
const LEGACY_SET = '5300001f' + '83a474797065a3534554a761646472657373a22f61a576616c7565c4020102';

test('bytes of a legacy message are copies', () => {
  const frame = bytesOf(LEGACY_SET);
  const { value } = decode(frame);
  assert.notEqual(value.buffer, frame.buffer);
  decode(bytesOf(LEGACY_SET.replace('0102', '0908')));
  assert.deepEqual([...value], [1, 2]);
});

test('bytes to be sent come from any view, an ArrayBuffer, and from a lent frame', () => {
  const { buffer } = Uint8Array.of(9, 1, 2, 9);
  const expected = hex(encode(set(Uint8Array.of(1, 2))));
  for (const view of [new DataView(buffer, 1, 2), Buffer.from([1, 2]), buffer.slice(1, 3)])
    assert.equal(hex(encode(set(view))), expected);
  const lent = encodeLent({ type: 'PING' });
  const { value } = decode(encode(set(lent)));
  assert.equal(hex(value), '5301000141');
});

test('kept frames do not change, be they small, large or in one buffer; they overlap nowhere', () => {
  const frames = Array.from({ length: 3000 }, (_, i) => {
    const message = set('x'.repeat((i * 37) % (i % 100 === 0 ? 5000 : 300)), { revision: i });
    return { message, frame: encode(message) };
  });
  for (const { message, frame } of frames) assert.deepEqual(decode(frame), message);
  const places = frames.map(({ frame }) => [frame.buffer, frame.byteOffset, frame.length]);
  const before = frames.map(({ frame }) => hex(frame));
  frames[1500].frame.fill(0xee);
  frames.forEach(({ frame }, i) => i !== 1500 && assert.equal(hex(frame), before[i], `${i}`));
  assert.ok(new Set(places.map(([buffer]) => buffer)).size < 100, 'small ones share');
});

test('a lent frame means something else after the next call', () => {
  const lent = encodeLent(set('first'));
  const kept = encode(set('first'));
  assert.equal(hex(lent), hex(kept));
  encode(set('other'));
  assert.notEqual(hex(lent), hex(kept));
});

test('decodeFrame() says what the frame says beside its message', () => {
  const plain = encode({ type: 'PING' });
  assert.deepEqual(decodeFrame(Buffer.concat([plain, plain])), {
    message: { type: 'PING' },
    qos: 0,
    timestamp: undefined,
    length: 5,
  });
  for (const timestamp of [0, 5, 2 ** 53 - 1, 2n ** 53n, 2n ** 53n + 1n, 2n ** 64n - 1n]) {
    for (const qos of /** @type {const} */ ([0, 1, 2])) {
      const frame = decodeFrame(encode(set(1), { qos, timestamp }));
      assert.deepEqual(frame, { message: set(1), qos, timestamp, length: 26 });
    }
  }
  assert.equal(decodeFrame(encode(set(1), { timestamp: 7n })).timestamp, 7);
  assert.equal(decodeFrame(encode(set(1), {})).qos, 1);
});
