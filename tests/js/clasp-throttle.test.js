/** Options of subscriptions that the client keeps to itself: `maxRate` and `epsilon`. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { startRelay } from '../../relay/index.js';
import { Clasp } from '../../web/clasp.js';
import { Throttle } from '../../web/throttle.js';

const PARAM = 1;
const STREAM = 3;

/**
 * A throttle by the clock of the test, and what has come through it.
 * @param {import('node:test').TestContext} t
 * @param {{maxRate?: number, epsilon?: number}} options
 */
function throttleOf(t, options) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let now_ms = 0;
  t.mock.method(performance, 'now', () => now_ms);
  /** @type {unknown[]} */ const heard = [];
  const state = { kind: PARAM };
  const throttle = new Throttle(
    (value) => void heard.push(value),
    options,
    () => state.kind,
  );
  return {
    heard,
    throttle,
    /** @param {unknown} value @param {number} [kind] */
    give(value, kind = PARAM) {
      state.kind = kind;
      throttle.deliver(value, '/a');
    },
    /** @param {number} ms */
    pass(ms) {
      now_ms += ms;
      t.mock.timers.tick(ms);
    },
  };
}

test('the first value comes at once, the newest one when the time is over', (t) => {
  const { heard, give, pass } = throttleOf(t, { maxRate: 10 });
  for (let i = 0; i < 5; i++) give(i);
  assert.deepEqual(heard, [0]);
  pass(100);
  assert.deepEqual(heard, [0, 4]);
  pass(1000);
  assert.deepEqual(heard, [0, 4]);
});

test('less than one value a second is a rate, too', (t) => {
  const { heard, give, pass } = throttleOf(t, { maxRate: 0.5 });
  give(0);
  give(1);
  pass(1999);
  assert.deepEqual(heard, [0]);
  pass(1);
  assert.deepEqual(heard, [0, 1]);
});

test('each event comes, at once, behind what waits at its address', (t) => {
  const { heard, give, pass } = throttleOf(t, { maxRate: 10, epsilon: 5 });
  give(0);
  give(10);
  give(1, 0);
  give(2, 0);
  assert.deepEqual(heard, [0, 10, 1, 2]);
  pass(1000);
  assert.deepEqual(heard, [0, 10, 1, 2]);
});

test('a value of another kind does not take the place of one that waits', (t) => {
  const { heard, give, pass } = throttleOf(t, { maxRate: 10 });
  give('param');
  give('a newer param');
  give('stream', STREAM);
  assert.deepEqual(heard, ['param', 'a newer param']);
  pass(200);
  assert.deepEqual(heard, ['param', 'a newer param', 'stream']);
});

test('epsilon looks at the value that came last, so that small steps are not lost for ever', (t) => {
  const { heard, give, pass } = throttleOf(t, { maxRate: 10, epsilon: 1 });
  give(0);
  give(5);
  give(5.5); // takes the place of 5, which did not come
  pass(100);
  assert.deepEqual(heard, [0, 5.5]);
  give(6.4);
  give(NaN);
  pass(100);
  assert.deepEqual(heard, [0, 5.5, NaN]);
});

test('a relay of the same rate and a little jitter loses no value to the second throttle', (t) => {
  const { heard, give, pass } = throttleOf(t, { maxRate: 50 });
  const jitter = [0, 1, 0, -1, 0, 2, -2];
  for (let i = 0; i < 200; i++) {
    give(i);
    pass(20 + jitter[i % 7]);
  }
  pass(100);
  assert.deepEqual(
    heard,
    Array.from({ length: 200 }, (_, i) => i),
  );
});

test('what waits is not delivered after stop()', (t) => {
  const { heard, give, pass, throttle } = throttleOf(t, { maxRate: 10 });
  give(0);
  give(1);
  throttle.stop();
  pass(1000);
  assert.deepEqual(heard, [0]);
});

test('a rate that is no number is refused', () => {
  for (const options of [{ maxRate: NaN }, { maxRate: -1 }, { epsilon: Infinity }])
    assert.throws(
      () =>
        new Throttle(
          () => {},
          options,
          () => 1,
        ),
      { code: 'BAD_OPTION' },
    );
});

/** @type {Awaited<ReturnType<typeof startRelay>>} */ let relay;

before(async () => {
  relay = await startRelay({ port: 0, messagesPerSecond: 1e6 });
});

after(() => relay.close());

test('through a relay: events, and the ends of a gesture, pass a subscription with a rate', async () => {
  const [writer, reader] = [new Clasp(relay.url), new Clasp(relay.url)];
  await Promise.all([writer.connect(), reader.connect()]);
  /** @type {unknown[]} */ const heard = [];
  const last = new Promise((resolve) => {
    reader.on(
      '/rate/**',
      (value) => {
        heard.push(value?.phase ?? value);
        if (value?.phase === 'end') resolve(0);
      },
      { maxRate: 1, epsilon: 100 },
    );
  });
  await reader.query('/none');
  for (let i = 0; i < 3; i++) writer.emit('/rate/event', i);
  writer.gesture('/rate/touch', 1, 'start');
  writer.gesture('/rate/touch', 1, 'end');
  await last;
  assert.deepEqual(heard, [0, 1, 2, 'start', 'end']);
  writer.close();
  reader.close();
});

test('the function that on() returns ends what waits for its rate', async () => {
  const client = new Clasp(relay.url);
  await client.connect();
  /** @type {unknown[]} */ const heard = [];
  const off = client.on('/rate/off', (value) => heard.push(value), { maxRate: 100 });
  await client.set('/rate/off', 1);
  const second = new Promise((resolve) => {
    client.on('/rate/off', (value) => value === 2 && resolve(0)); // so that the relay holds nothing back
  });
  await Promise.all([client.set('/rate/off', 2), second]);
  off();
  const before = heard.length;
  await client.bundle([{ emit: ['/rate/none'] }], { at: client.time() + 30_000 }); // longer than a step of the rate
  assert.equal(heard.length, before);
  client.close();
});

test('a value that waits for its rate does not keep a process whose client was closed', async () => {
  const url = (/** @type {string} */ path) => JSON.stringify(new URL(path, import.meta.url).href);
  const program = `
    import { startRelay } from ${url('../../relay/index.js')};
    import { Clasp } from ${url('../../web/clasp.js')};
    const relay = await startRelay({ port: 0 });
    const client = new Clasp(relay.url);
    await client.connect();
    const heard = [];
    client.on('/a', (value) => heard.push(value), { maxRate: 0.01 });
    client.on('/a', () => {});
    await client.set('/a', 1);
    await client.set('/a', 2);
    client.close();
    await relay.close();
    console.log(heard.join());`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', program],
    { timeout: 30_000 }, // less than the 100 s of the rate
  );
  assert.equal(stdout, '1\n');
});
