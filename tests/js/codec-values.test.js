import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import {
  Dispatcher,
  decode,
  encode,
  encodeFrames,
  isAddress,
  isPattern,
  matches,
  ready,
} from '../../web/codec.js';

before(() => ready());

/** @param {unknown} value @param {object} [more] */
const set = (value, more) => ({ type: 'SET', address: '/a', value, ...more });

/** @param {unknown} value */
const roundTrip = (value) => decode(encode(set(value))).value;

/** @param {any} message any: of any type */
const sent = (message) => decode(encode(message));

// ---- numbers ------------------------------------------------------------------------------------------------------

test('numbers are f64 to the last bit, -0, NaN and the infinities among them', () => {
  const numbers = [
    0,
    -0,
    1.5,
    -1,
    NaN,
    Infinity,
    -Infinity,
    5e-324,
    2 ** 53 + 2,
    1.7976931348623157e308,
  ];
  for (const number of numbers) assert.ok(Object.is(roundTrip(number), number), `${number}`);
  numbers.forEach((number, i) => assert.ok(Object.is(roundTrip(numbers)[i], number)));
});

test('a bigint is an i64, which is read as a number unless bigints are asked for', () => {
  for (const number of [0n, -1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)]) {
    const frame = encode(set([number, { a: number }]));
    assert.deepEqual(decode(frame, { integers: 'bigint' }).value, [number, { a: number }]);
    assert.deepEqual(decode(frame).value, [Number(number), { a: Number(number) }]);
    assert.deepEqual(decode(frame, { integers: 'number' }).value[0], Number(number));
  }
  assert.equal(decode(encode(set(5)), { integers: 'bigint' }).value, 5);
});

test('u64 fields are numbers to 2^53 - 1 and bigints above, and both are taken', () => {
  const last = 2 ** 53 - 1;
  for (const [given, read] of [
    [0, 0],
    [0n, 0],
    [2 ** 31 - 1, 2 ** 31 - 1],
    [2 ** 31, 2 ** 31],
    [2 ** 32, 2 ** 32],
    [last, last],
    [BigInt(last), last],
    [2n ** 53n + 1n, 2n ** 53n + 1n],
    [2n ** 63n, 2n ** 63n],
    [2n ** 64n - 1n, 2n ** 64n - 1n],
  ]) {
    assert.equal(sent(set(1, { revision: given })).revision, read);
    assert.equal(sent({ type: 'SYNC', t1: given }).t1, read);
    assert.equal(sent({ type: 'BUNDLE', messages: [], timestamp: given }).timestamp, read);
    const [param] = sent({
      type: 'SNAPSHOT',
      params: [{ address: '/a', value: 1, revision: given }],
    }).params;
    assert.equal(param.revision, read);
    const { revisions } = sent({
      type: 'FEDERATION_SYNC',
      op: 'sync-complete',
      revisions: { '/a': given },
    });
    assert.equal(revisions['/a'], read);
  }
});

// ---- texts --------------------------------------------------------------------------------------------------------

/** @type {Record<string, string>} what they are, in UTF-16 */
const TEXTS = {
  empty: '',
  'U+0000': 'a\0b',
  'outside ASCII': 'aé€😀',
  'a byte order mark': '\ufeffx',
  'ASCII but for its last letter': `${'x'.repeat(40)}é`,
  '47 letters': 'x'.repeat(47),
  '48 letters': 'x'.repeat(48),
  '49 letters': 'x'.repeat(49),
  '63 bytes': `${'x'.repeat(61)}é`,
  '62 letters of more bytes': 'é'.repeat(62),
  long: 'yz'.repeat(20000),
  'long, outside ASCII': '€'.repeat(15000),
};

for (const [what, text] of Object.entries(TEXTS)) {
  test(`a text that is ${what} arrives as address, key, item and value`, () => {
    assert.equal(roundTrip(text), text);
    if (text.length > 10000) return;
    const message = { type: 'SET', address: text, value: { [text]: [text, { [text]: text }] } };
    for (let i = 0; i < 3; i++) assert.deepEqual(sent(message), message);
  });
}

test('lone surrogates become U+FFFD, in texts of any length', () => {
  /** @type {[given: string, read: string][]} */
  const pairs = [
    ['\ud800', '\ufffd'],
    ['a\udc00b', 'a\ufffdb'],
    [`${'x'.repeat(70)}\ud800`, `${'x'.repeat(70)}\ufffd`],
    ['\ud800\ud800', '\ufffd\ufffd'],
  ];
  for (const [given, read] of pairs)
    assert.deepEqual(roundTrip({ [given]: given }), { [read]: read });
});

test('keys that every object has are members like any other, and nobody’s prototype', () => {
  const text =
    '{"__proto__": {"a": 1}, "constructor": 2, "toString": [3], "hasOwnProperty": null, "toJSON": 4}';
  const value = JSON.parse(text);
  const read = roundTrip(value);
  assert.deepEqual(Object.keys(read), Object.keys(value));
  assert.equal(JSON.stringify(read), JSON.stringify(value));
  assert.equal(Object.getPrototypeOf(read), Object.prototype);
  assert.equal(/** @type {any} */ ({}).a, undefined);
  const { revisions } = sent({
    type: 'FEDERATION_SYNC',
    op: 'sync-complete',
    revisions: JSON.parse('{"__proto__": 5, "/a": 6}'),
  });
  assert.deepEqual(Object.entries(revisions), [
    ['__proto__', 5],
    ['/a', 6],
  ]);
});

test('inherited members are not sent, undefined ones are left out, holes are null', () => {
  const parent = Object.create(null);
  parent.b = 2;
  const child = Object.create(parent);
  child.a = 1;
  child.no = undefined;
  assert.deepEqual(roundTrip(child), { a: 1 });
  // eslint-disable-next-line no-sparse-arrays -- what it is about
  assert.deepEqual(roundTrip([1, , undefined, null]), [1, null, null, null]);
  assert.deepEqual(roundTrip({ at: new Date(0) }), { at: '1970-01-01T00:00:00.000Z' });
});

test('20,000 addresses and keys arrive as themselves, one by one, again, and in one frame', () => {
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 20000; i++) {
      const message = {
        type: 'SET',
        address: `/sensor/${i}`,
        value: { [`key-${i}`]: `word-${i}` },
      };
      const read = decode(encode(message));
      assert.ok(
        read.address === message.address && read.value[`key-${i}`] === `word-${i}`,
        JSON.stringify(read),
      );
    }
  }
  const messages = Array.from({ length: 5000 }, (_, i) => ({
    type: 'SET',
    address: `/${i.toString(36)}`,
    value: null,
  }));
  for (let i = 0; i < 3; i++)
    assert.deepEqual(sent({ type: 'BUNDLE', messages }).messages, messages);
  const keys = Object.fromEntries(Array.from({ length: 7000 }, (_, i) => [`k${i}`, true]));
  for (let i = 0; i < 3; i++) assert.deepEqual(roundTrip(keys), keys);
});

// ---- depth and size -----------------------------------------------------------------------------------------------

test('64 levels of values and 8 of bundles go both ways', () => {
  /** @type {any} any: a value, then a message */
  let value = 1;
  for (let i = 0; i < 64; i++) value = i % 2 ? [value] : { value };
  assert.deepEqual(roundTrip(value), value);
  /** @type {any} any: a message */
  let message = { type: 'PING' };
  for (let i = 0; i < 8; i++) message = { type: 'BUNDLE', messages: [message, set(i)] };
  assert.deepEqual(sent(message), message);
});

/** What a frame can just hold, of each kind: what was read may be written again. */
const FULL = {
  'a string': set('x'.repeat(65527)),
  bytes: set(new Uint8Array(65527)),
  'items of one byte': set(new Array(65527).fill(null)),
  'entries of three bytes': set(
    Object.fromEntries(Array.from({ length: 8000 }, (_, i) => [`${i}x`, null])),
  ),
  samples: {
    type: 'PUBLISH',
    address: '/a',
    signal: 'stream',
    phase: 'start',
    samples: new Array(8190).fill(0.5),
  },
  'small messages': { type: 'BUNDLE', messages: new Array(21843).fill({ type: 'PING' }) },
  'messages with many names': {
    type: 'BUNDLE',
    messages: new Array(7000).fill({
      type: 'HELLO',
      version: 1,
      name: '',
      features: ['param', 'event', 'stream'],
    }),
  },
  signals: {
    type: 'ANNOUNCE',
    namespace: '/n',
    signals: new Array(10000).fill({ address: '/a', type: 'timeline' }),
  },
};

for (const [what, message] of Object.entries(FULL)) {
  test(`a frame full of ${what} goes both ways`, () => {
    const frame = encode(message);
    assert.ok(frame.length > 50000, `${frame.length} bytes`);
    assert.deepEqual(decode(frame), message);
  });
}

test('a SNAPSHOT that is too large is spread over frames, and nothing is lost', () => {
  const params = Array.from({ length: 70000 }, (_, i) => ({
    address: `/p/${i}`,
    value: i % 1000 === 0 ? 'x'.repeat(30000) : i,
    revision: i,
  }));
  const frames = encodeFrames({ type: 'SNAPSHOT', params }, { qos: 2 });
  assert.ok(frames.length > 1);
  assert.deepEqual(
    frames.flatMap((frame) => decode(frame).params),
    params,
  );
  assert.ok(frames.every((frame) => frame[1] >> 6 === 2));
  assert.equal(encodeFrames({ type: 'SNAPSHOT', params: params.slice(1, 3) }).length, 1);
  assert.equal(encodeFrames({ type: 'SNAPSHOT', params: [] }).length, 1);
  assert.deepEqual(encodeFrames(set(1)), [encode(set(1))]);
  const tooLarge = { address: '/p', value: 'x'.repeat(65530), revision: 1 };
  for (const list of [[tooLarge], [...params.slice(1, 4), tooLarge]])
    assert.throws(() => encodeFrames({ type: 'SNAPSHOT', params: list }), { code: 'TOO_LARGE' });
});

// ---- objects that act ---------------------------------------------------------------------------------------------

test('what a getter throws comes out, and the codec works as before', () => {
  const cause = new Error('mine');
  const fails = {
    get a() {
      throw cause;
    },
  };
  assert.throws(() => encode(set([1, { b: fails }])), cause);
  assert.throws(
    () =>
      encode({
        type: 'GET',
        ...{},
        get address() {
          throw cause;
        },
      }),
    cause,
  );
  assert.deepEqual(roundTrip({ a: 1 }), { a: 1 });
});

/** @type {Record<string, () => unknown>} calls made by what is being encoded */
const WITHIN = {
  encode: () => encode(set('inner')),
  encodeFrames: () => encodeFrames(set('inner')),
  decode: () => decode(Uint8Array.of(0x53, 0x41, 0, 9, 0x21, 8, 0, 2, 0x2f, 0x62, 0, 1, 0x79)),
  matches: () => matches('/something/**', '/something/else'),
  isPattern: () => isPattern('/something/long/enough/**'),
  'new Dispatcher().on': () => new Dispatcher().on('/something/long/enough/**', () => {}),
};

for (const [name, call] of Object.entries(WITHIN)) {
  test(`${name}() by a getter or toJSON() is BAD_STATE, or disturbs nothing`, () => {
    /** @type {unknown[]} */
    const errors = [];
    const attempt = () => {
      try {
        call();
      } catch (error) {
        errors.push(/** @type {any} a ClaspError */ (error).code);
      }
      return 5;
    };
    const active = {
      a: 'before',
      get b() {
        return attempt();
      },
      c: { toJSON: attempt },
      d: 'behind',
    };
    assert.deepEqual(roundTrip(active), { a: 'before', b: 5, c: 5, d: 'behind' });
    assert.ok(
      errors.every((code) => code === 'BAD_STATE'),
      `${errors}`,
    );
    assert.ok(!name.startsWith('encode') || errors.length === 2);
    assert.deepEqual(roundTrip({ a: 1 }), { a: 1 });
  });
}

test('decode() of a large frame by a getter is BAD_STATE, or disturbs nothing', () => {
  const large = encode(set(new Array(60000).fill(null)));
  const active = {
    a: 'before',
    get b() {
      try {
        return decode(large).value.length;
      } catch {
        return 60000;
      }
    },
    c: 'behind',
  };
  assert.deepEqual(roundTrip(active), { a: 'before', b: 60000, c: 'behind' });
});

test('an array that a getter makes longer is sent with as many items as it says, or refused', () => {
  /** @type {any[]} any: it holds what lengthens it */
  const items = [1];
  items.push({
    get a() {
      if (items.length < 5) items.push(2);
      return 3;
    },
  });
  let read;
  try {
    read = roundTrip([items, 'behind']);
  } catch (error) {
    assert.equal(/** @type {any} a ClaspError */ (error).name, 'ClaspError');
  }
  if (read) assert.deepEqual([read[0].slice(0, 2), read[1]], [[1, { a: 3 }], 'behind']);
});

// ---- patterns -----------------------------------------------------------------------------------------------------

test('patterns take in addresses; what is neither is said by code', () => {
  assert.equal(matches('/a/*', '/a/b'), true);
  assert.equal(matches('/a/*', '/a/b/c'), false);
  assert.equal(matches('/ä/**', '/ä/😀/c'), true);
  assert.throws(() => matches('a', '/a'), { code: 'BAD_PATTERN' });
  assert.throws(() => matches('/a', 'a'), { code: 'BAD_ADDRESS' });
  assert.deepEqual(
    [isAddress('/a'), isAddress('/*'), isAddress('a'), isAddress('')],
    [true, false, false, false],
  );
  assert.deepEqual(
    [isPattern('/a'), isPattern('/*'), isPattern('a'), isPattern('')],
    [true, true, false, false],
  );
});

test('no text is too long to be judged', () => {
  const long = `/${'a'.repeat(65534)}`;
  assert.equal(isAddress(long), true);
  for (const text of [`${long}a`, `${long}${long}`, 'é'.repeat(60000)]) {
    assert.equal(isAddress(text), false);
    assert.equal(isPattern(text), false);
  }
});
