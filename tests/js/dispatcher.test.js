import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { before, test } from 'node:test';
import { Dispatcher, decode, encode, ready } from '../../web/codec.js';

before(() => ready());

const CODEC = new URL('../../web/codec.js', import.meta.url).href;
const DISPATCHERS = 256; // at once

/** @param {string} address @param {unknown} value */
const set = (address, value) => ({ type: 'SET', address, value });

/** @param {string} address @param {unknown} value */
const frame = (address, value) => encode(set(address, value));

/** @param {...object} messages */
const bundle = (...messages) => encode({ type: 'BUNDLE', messages });

/**
 * Run with a dispatcher, which is closed at the end.
 * @param {(dispatcher: Dispatcher, heard: unknown[][], hear: (...args: any[]) => void) => void} body any: what handlers get
 */
function withDispatcher(body) {
  const dispatcher = new Dispatcher();
  /** @type {unknown[][]} */
  const heard = [];
  try {
    body(dispatcher, heard, (...args) => void heard.push(args));
  } finally {
    dispatcher.close();
  }
}

// ---- what is delivered --------------------------------------------------------------------------------------------

test('a handler hears the value and address of what its pattern takes in', () =>
  withDispatcher((dispatcher, heard, hear) => {
    dispatcher.on('/a/*', hear);
    assert.equal(dispatcher.dispatch(frame('/a/b', { x: [1, 'two'] })), 1);
    assert.equal(dispatcher.dispatch(frame('/c', 1)), 0);
    assert.equal(dispatcher.dispatch(frame('/a/b', 2)), 1);
    assert.deepEqual(heard, [
      [{ x: [1, 'two'] }, '/a/b'],
      [2, '/a/b'],
    ]);
  }));

test('each handler is called, in the order of the subscriptions', () =>
  withDispatcher((dispatcher, heard) => {
    for (const [i, pattern] of ['/**', '/a', '/b', '/*', '/a', '/a/**'].entries())
      dispatcher.on(pattern, (value) => heard.push([i, value]));
    assert.equal(dispatcher.dispatch(frame('/a', 'x')), 5);
    assert.deepEqual(
      heard.map(([i]) => i),
      [0, 1, 3, 4, 5],
    );
  }));

/** @type {[what: string, options: object | undefined][]} */
const STAMPS = [
  ['without a timestamp', undefined],
  ['with one', { timestamp: 1_700_000_000_000_000 }],
];
for (const [what, options] of STAMPS) {
  test(`addresses that come once are named rightly, in frames ${what}`, () =>
    withDispatcher((dispatcher, heard, hear) => {
      /** @type {unknown[][]} */
      const expected = [];
      dispatcher.on('/n/*', hear);
      for (let length = 0; length < 100; length++) {
        for (const text of ['x'.repeat(length), `${'y'.repeat(length)}ä`]) {
          assert.equal(dispatcher.dispatch(encode(set(`/n/${text}`, length / 7), options)), 1);
          expected.push([length / 7, `/n/${text}`]);
        }
      }
      assert.deepEqual(heard, expected);
    }));
}

test('addresses that come once are handed over in their order, from handlers too', () =>
  withDispatcher((dispatcher, heard, hear) => {
    let serial = 0;
    dispatcher.on('/n/*', (value, address) => {
      hear(value, address);
      if (value === 0) assert.equal(dispatcher.dispatch(frame(`/n/in ${serial++}`, 1)), 2);
    });
    dispatcher.on('/**', hear);
    for (const name of ['a', 'b']) assert.equal(dispatcher.dispatch(frame(`/n/${name}`, 0)), 2);
    assert.equal(dispatcher.dispatch(frame('/m', 0)), 1);
    assert.equal(dispatcher.dispatch(frame('/o', 0)), 1);
    const twice = (/** @type {unknown[]} */ ...call) => [call, call];
    assert.deepEqual(heard, [
      ...twice(0, '/n/a'),
      ...twice(1, '/n/in 0'),
      ...twice(0, '/n/b'),
      ...twice(1, '/n/in 1'),
      [0, '/m'],
      [0, '/o'],
    ]);
  }));

test('a bundle of numbers counts the handlers of all, those of what waits included', () =>
  withDispatcher((dispatcher, heard, hear) => {
    const numbers = bundle(...['/a', '/b', '/c', '/d'].map((address, i) => set(address, i)));
    let isFirst = false;
    dispatcher.on('/*', (value, address) => {
      hear(value, address);
      if (!isFirst) return;
      isFirst = false;
      assert.equal(dispatcher.dispatch(numbers), 5);
      assert.equal(dispatcher.dispatch(frame('/e', 'x')), 1);
    });
    dispatcher.on('/d', hear);
    for (let i = 0; i < 3; i++) assert.equal(dispatcher.dispatch(numbers), 5);
    heard.length = 0;
    isFirst = true;
    assert.equal(dispatcher.dispatch(numbers), 5);
    const once = [
      [0, '/a'],
      [1, '/b'],
      [2, '/c'],
      [3, '/d'],
      [3, '/d'],
    ];
    assert.deepEqual(heard, [...once, ...once, ['x', '/e']]);
  }));

test('a handler is called as a function, with no object of ours for its `this`', () =>
  withDispatcher((dispatcher, heard) => {
    dispatcher.on(
      '/*',
      /** @this {unknown} */ function () {
        heard.push([this]);
      },
    );
    for (let i = 0; i < 3; i++) dispatcher.dispatch(bundle(set('/a', 1)));
    for (const address of ['/a', '/b', '/c']) dispatcher.dispatch(frame(address, 1));
    assert.deepEqual(heard, new Array(6).fill([undefined]));
  }));

/** @type {[what: string, message: any, heard: unknown[][]][]} any: messages */
const MESSAGES = [
  ['SET', set('/a', null), [[null, '/a']]],
  ['PUBLISH with a value', publish({ value: false }), [[false, '/a']]],
  ['PUBLISH without a value', publish({}), [[null, '/a']]],
  ['PUBLISH of samples', publish({ signal: 'stream', samples: [1.5, -0] }), [[[1.5, -0], '/a']]],
  ['a PING', { type: 'PING' }, []],
  ['a GET', { type: 'GET', address: '/a' }, []],
  ['what is no address', set('a', 1), []],
  [
    'SNAPSHOT',
    { type: 'SNAPSHOT', params: ['/a', '/b', '/a'].map((address, i) => ({ address, value: i })) },
    [
      [0, '/a'],
      [1, '/b'],
      [2, '/a'],
    ],
  ],
  [
    'bundles in bundles',
    {
      type: 'BUNDLE',
      messages: [
        set('/a', 1),
        { type: 'BUNDLE', messages: [set('/b', 2), { type: 'PING' }, publish({ value: 3 })] },
        set('/a', 4),
      ],
    },
    [
      [1, '/a'],
      [2, '/b'],
      [3, '/a'],
      [4, '/a'],
    ],
  ],
];

/** @param {object} more */
function publish(more) {
  return { type: 'PUBLISH', address: '/a', ...more };
}

for (const [what, message, expected] of MESSAGES) {
  test(`${what} is handed over as ${expected.length} values`, () =>
    withDispatcher((dispatcher, heard, hear) => {
      dispatcher.on('/**', hear);
      for (let i = 0; i < 2; i++) {
        heard.length = 0;
        assert.equal(dispatcher.dispatch(encode(message)), expected.length);
        assert.deepEqual(heard, expected);
      }
    }));
}

test('bytes in a value are views of the frame; any view of a frame is taken', () =>
  withDispatcher((dispatcher, heard, hear) => {
    dispatcher.on('/a', hear);
    const bytes = frame('/a', Uint8Array.of(1, 2)).slice();
    for (const view of [bytes, bytes.buffer, new DataView(bytes.buffer), Buffer.from(bytes.buffer)])
      dispatcher.dispatch(view);
    bytes[bytes.length - 1] = 9;
    assert.deepEqual(
      heard.map(([value]) => [.../** @type {Uint8Array} */ (value)]),
      [
        [1, 9],
        [1, 9],
        [1, 9],
        [1, 9],
      ],
    );
  }));

test('a frame that is refused in its middle reaches nobody, and the next one is handed over', () =>
  withDispatcher((dispatcher, heard, hear) => {
    dispatcher.on('/*', hear);
    dispatcher.dispatch(frame('/a', 1));
    const broken = bundle(set('/a', 2), set('/b', 3), { type: 'PING' }).slice();
    broken[broken.length - 1] = 0x7f;
    assert.throws(() => dispatcher.dispatch(broken), { code: 'UNKNOWN_TYPE' });
    dispatcher.dispatch(bundle(set('/b', 4), set('/a', 5)));
    assert.deepEqual(heard, [
      [1, '/a'],
      [4, '/b'],
      [5, '/a'],
    ]);
  }));

// ---- handlers that act --------------------------------------------------------------------------------------------

test('unsubscribing is for once, and for one subscription alone', () =>
  withDispatcher((dispatcher, heard) => {
    const offs = [0, 1, 2].map((i) => dispatcher.on('/a', () => heard.push([i])));
    offs[1]();
    offs[1]();
    assert.equal(dispatcher.dispatch(frame('/a', 1)), 2);
    dispatcher.on('/a', () => heard.push([3])); // it may take the place of the one that left
    offs[1]();
    assert.equal(dispatcher.dispatch(frame('/a', 1)), 3);
    assert.deepEqual(heard.flat().sort(), [0, 0, 2, 2, 3]);
  }));

test('who unsubscribes in a handler hears nothing more, not of the frame at hand either', () =>
  withDispatcher((dispatcher, heard) => {
    const offFirst = dispatcher.on('/a', () => {
      heard.push(['first']);
      offFirst();
      offSecond();
    });
    const offSecond = dispatcher.on('/a', () => heard.push(['second']));
    dispatcher.on('/a', () => heard.push(['third']));
    dispatcher.dispatch(bundle(set('/a', 1), set('/a', 2)));
    dispatcher.dispatch(frame('/a', 3));
    assert.deepEqual(heard.flat(), ['first', 'third', 'third', 'third']);
  }));

test('who subscribes in a handler hears from the next frame on, also in a place that was left', () =>
  withDispatcher((dispatcher, heard) => {
    const off = dispatcher.on('/a', () => {
      off();
      dispatcher.on('/a', (value) => heard.push(['new', value]));
    });
    dispatcher.on('/a', (value) => heard.push(['old', value]));
    dispatcher.dispatch(bundle(set('/a', 1), set('/a', 2)));
    dispatcher.dispatch(frame('/a', 3));
    assert.deepEqual(
      heard.filter(([who]) => who === 'new'),
      [['new', 3]],
    );
    assert.equal(heard.filter(([who]) => who === 'old').length, 3);
  }));

for (const handlers of [1, 2]) {
  test(`what one of ${handlers} handlers dispatches comes after the frame at hand`, () =>
    withDispatcher((dispatcher, heard, hear) => {
      let once = 0;
      dispatcher.on('/a', (value, address) => {
        hear(value, address);
        if (once++ === 0) {
          assert.equal(dispatcher.dispatch(bundle(set('/a', 10), set('/b', 11))), handlers);
          hear('back');
        }
      });
      if (handlers === 2) dispatcher.on('/b', hear);
      dispatcher.dispatch(handlers === 1 ? frame('/a', 1) : bundle(set('/a', 1), set('/b', 2)));
      const first = [[1, '/a'], ['back']];
      const rest =
        handlers === 1
          ? [[10, '/a']]
          : [
              [2, '/b'],
              [10, '/a'],
              [11, '/b'],
            ];
      assert.deepEqual(heard, [...first, ...rest]);
      dispatcher.dispatch(frame('/a', 5));
      assert.deepEqual(heard.at(-1), [5, '/a']);
    }));
}

test('a handler may encode, decode and dispatch elsewhere: the rest of the bundle stays what it is', () =>
  withDispatcher((dispatcher, heard, hear) => {
    const other = new Dispatcher();
    /** @type {unknown[]} */
    const elsewhere = [];
    other.on('/**', (value) => elsewhere.push(value));
    dispatcher.on('/*', (value, address) => {
      hear(value, address);
      const large = encode(set('/x', new Array(60000).fill(null)));
      assert.equal(decode(large).value.length, 60000);
      other.dispatch(frame('/c', address));
    });
    const messages = Array.from({ length: 50 }, (_, i) => set(`/${i}`, { key: `value ${i}`, i }));
    dispatcher.dispatch(encode({ type: 'BUNDLE', messages }));
    assert.deepEqual(
      heard,
      messages.map(({ address, value }) => [value, address]),
    );
    assert.deepEqual(
      elsewhere,
      messages.map(({ address }) => address),
    );
    other.close();
  }));

test('close() in a handler is the end of the frame at hand, too', () => {
  const dispatcher = new Dispatcher();
  let calls = 0;
  for (let i = 0; i < 3; i++) {
    dispatcher.on('/*', () => {
      calls++;
      dispatcher.close();
    });
  }
  dispatcher.dispatch(bundle(set('/a', 1), set('/b', 2)));
  assert.equal(calls, 1);
  assert.throws(() => dispatcher.dispatch(frame('/a', 1)), { code: 'BAD_HANDLE' });
});

test('what a handler throws surfaces, and the others are called all the same', () => {
  const script = `
    import { Dispatcher, encode, ready } from ${JSON.stringify(CODEC)};
    await ready();
    const said = [];
    process.on('uncaughtException', (error) => said.push('uncaught ' + error.message));
    const dispatcher = new Dispatcher();
    dispatcher.on('/a', () => { throw new Error('first'); });
    const one = dispatcher.dispatch(encode({ type: 'SET', address: '/a', value: 0 }));
    dispatcher.on('/*', (value) => said.push('second ' + value));
    const set = (value) => ({ type: 'SET', address: '/a', value });
    const two = dispatcher.dispatch(encode({ type: 'BUNDLE', messages: [set(1), set(2)] }));
    await new Promise(setImmediate);
    console.log(JSON.stringify([one, two, said]));`;
  const args = ['--input-type=module', '-e', script];
  const [one, two, said] = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
  assert.deepEqual([one, two], [1, 4]);
  assert.deepEqual(said.toSorted(), [
    'second 1',
    'second 2',
    'uncaught first',
    'uncaught first',
    'uncaught first',
  ]);
});

// ---- bounds -------------------------------------------------------------------------------------------------------

test('a pattern that is none is refused, and takes no place', () =>
  withDispatcher((dispatcher, heard, hear) => {
    assert.throws(() => dispatcher.on('a', hear), { code: 'BAD_PATTERN' });
    assert.throws(() => dispatcher.on('', hear), { code: 'BAD_PATTERN' });
    assert.throws(() => dispatcher.on(`/${'é'.repeat(60000)}`, hear), { code: 'BAD_PATTERN' });
    dispatcher.on('/a', hear);
    assert.equal(dispatcher.dispatch(frame('/a', 1)), 1);
    assert.equal(heard.length, 1);
  }));

test('a closed dispatcher is BAD_HANDLE, and its subscriptions may still be ended', () => {
  const dispatcher = new Dispatcher();
  const off = dispatcher.on('/a', () => assert.fail('called'));
  dispatcher.close();
  dispatcher.close();
  const next = new Dispatcher(); // in the place of the closed one
  let calls = 0;
  next.on('/a', () => calls++);
  off();
  assert.throws(() => dispatcher.on('/a', () => {}), { code: 'BAD_HANDLE' });
  assert.throws(() => dispatcher.dispatch(frame('/a', 1)), { code: 'BAD_HANDLE' });
  assert.equal(next.dispatch(frame('/a', 1)), 1);
  assert.equal(calls, 1);
  next.close();
});

test('one dispatcher over the bound is LIMIT, until another is closed', () => {
  /** @type {Dispatcher[]} */
  const all = [];
  try {
    while (all.length < DISPATCHERS) all.push(new Dispatcher());
    assert.throws(() => new Dispatcher(), { code: 'LIMIT' });
    all[100].close();
    all.push(new Dispatcher());
    all[DISPATCHERS].on('/a', () => {});
    assert.equal(all[DISPATCHERS].dispatch(frame('/a', 1)), 1);
  } finally {
    for (const dispatcher of all) dispatcher.close();
  }
});
test('memory may grow in any call: what comes next is written where it now is', () => {
  const script = `
    import { Dispatcher, decode, encode, isAddress, ready } from ${JSON.stringify(CODEC)};
    await ready();
    const message = { type: 'SET', address: '/a', value: { b: [1, 'two', Uint8Array.of(3)] } };
    const expected = Buffer.from(encode(message)).toString('hex');
    const first = new Dispatcher();
    const wrong = new Set();
    const attempt = (what, body) => { try { if (!body()) wrong.add(what); } catch (error) { wrong.add(what + ' ' + error); } };
    const probes = {
      encode: () => Buffer.from(encode(message)).toString('hex') === expected,
      decode: () => decode(Buffer.from(expected, 'hex')).value.b[1] === 'two',
      dispatch: () => first.dispatch(Buffer.from(expected, 'hex')) === 0,
      isAddress: () => isAddress('/a') && !isAddress('a'),
    };
    const names = Object.keys(probes);
    for (let i = 0; i < ${DISPATCHERS - 1}; i++) {
      const dispatcher = new Dispatcher();
      attempt(names[i % 4] + ' after new', probes[names[i % 4]]);
      const off = dispatcher.on('/' + i + 'x'.repeat(60000), () => {});
      attempt(names[i % 4] + ' after on', probes[names[i % 4]]);
      if (i % 2) off();
      attempt(names[i % 4] + ' after off', probes[names[i % 4]]);
    }
    for (let i = 0; i < 200; i++) first.on('/' + i + 'x'.repeat(60000 + i), () => {});
    for (const name of names) attempt(name, probes[name]);
    console.log(JSON.stringify([...wrong]));`;
  const growing = script.replace('const first', GROW_FIRST + 'const first');
  for (const text of [script, growing]) {
    const args = ['--input-type=module', '-e', text];
    const wrong = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
    assert.deepEqual(wrong, []);
  }
});

/** Patterns in one dispatcher until the memory is nearly full: it then grows with one of the next, which have none. */
const GROW_FIRST = `
    const full = new Dispatcher();
    for (let i = 0; i < 180; i++) full.on('/' + i + 'x'.repeat(60000), () => {});
    const others = [];
    for (let i = 0; i < 100; i++) {
      others.push(new Dispatcher());
      if (Buffer.from(encode(message)).toString('hex') !== expected) throw new Error('another frame');
    }
    for (const other of [full, ...others]) other.close();
    `;

test('20,000 addresses are each named rightly, in turns, at random and in frames of many', () =>
  withDispatcher((dispatcher) => {
    const count = 20000;
    /** @type {string[]} */
    let got = [];
    dispatcher.on('/n/*', (value, address) => void got.push(`${address}=${value}`));
    /** @param {number} i */
    const check = (i) => {
      got = [];
      dispatcher.dispatch(frame(`/n/${i}`, i));
      if (got.length !== 1 || got[0] !== `/n/${i}=${i}`) assert.fail(`${i}: ${got}`);
    };
    for (let i = 0; i < count; i++) check(i);
    for (let i = 0; i < count; i += 3) check(i);
    let state = 1;
    for (let i = 0; i < count; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      check((state >>> 8) % count);
    }
    for (let first = 0; first < count; first += 2500) {
      got = [];
      const numbers = Array.from({ length: 2500 }, (_, i) => first + i);
      dispatcher.dispatch(bundle(...numbers.map((i) => set(`/n/${i}`, i))));
      assert.deepEqual(
        got,
        numbers.map((i) => `/n/${i}=${i}`),
      );
    }
  }));

test('subscriptions that come and go by the thousand leave the others what they are', () =>
  withDispatcher((dispatcher, heard, hear) => {
    dispatcher.on('/keep', hear);
    /** @type {(() => void)[]} */
    const offs = [];
    for (let i = 0; i < 20000; i++) {
      offs.push(dispatcher.on(`/s/${i % 100}`, () => heard.push(['gone'])));
      if (i % 2) offs[i - 1]();
    }
    for (const off of offs) off();
    assert.equal(dispatcher.dispatch(bundle(set('/s/5', 1), set('/keep', 2))), 1);
    assert.deepEqual(heard, [[2, '/keep']]);
  }));
