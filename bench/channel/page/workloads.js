/** What is measured, from the first tab. Each workload gives figures by name. */
import { randomBits } from '../../lib/stats.mjs';
import { Digest } from './second.js';

/** @typedef {import('./lanes.js').Lane} Lane */
/** @typedef {import('./first.js').First} First */
/** @typedef {import('./first.js').Wire} Wire */

/**
 * @typedef {object} Use how a contestant takes part in a case
 * @property {string[]} lanes of its connection; the case says what the first, the second… is for
 * @property {string} signalling
 * @property {number} [count] times or messages
 * @property {number} [size] bytes of a message
 * @property {number} [span] ms
 * @property {string[]} [kept] lanes of the kept connection, when there are more than this case uses
 */

/** @typedef {Record<string, number>} Figures */

/** Bytes that are sent between two looks at the back-pressure, at most. */
const RUN_BYTES = 16_384;

/** Bytes and messages that make a connection a warm one: slow start is over, and everything compiled. */
const WARM_BYTES = 6 << 20;
const WARM_COUNT = 20_000;

/** Lanes whose messages have 1 KB and more. @param {string} lane */
const isForBulk = (lane) => ['bulk', 'credit', 'high', 'low'].includes(lane);

/** Lanes that may lose messages. @param {string} lane */
const isLoose = (lane) => lane.startsWith('loose');

const next = randomBits(7);

/** Messages that differ, to be sent in turn. @param {number} size of each, or of the frame around it @param {Lane} lane */
function messagesFor(size, lane) {
  if (lane.isNumeric) return Array.from({ length: 64 }, () => next() / 2 ** 32);
  const variants = Math.max(4, Math.min(64, RUN_BYTES / size));
  return Array.from({ length: variants }, () =>
    Uint8Array.from({ length: size - (lane.overhead ?? 0) }, () => next() & 255),
  );
}

/** Bulk is measured in bytes of messages, whatever is around them. @param {number} size @param {Lane} lane */
const bulkFor = (size, lane) => messagesFor(size, { ...lane, overhead: 0 });

/**
 * Send as much as the lane's back-pressure allows.
 * @param {Lane} lane
 * @param {any[]} messages sent in turn
 * @param {(sent: number) => boolean} isOver
 * @returns {Promise<{sent: number, sum: number, bytes: number}>} as a Tally counts them
 */
async function pour(lane, messages, isOver) {
  const run = Math.max(1, Math.floor(RUN_BYTES / (messages[0].length ?? 64)));
  const total = { sent: 0, sum: 0, bytes: 0 };
  while (!isOver(total.sent)) {
    for (let i = 0; i < run && !isOver(total.sent); i++) {
      const message = messages[total.sent % messages.length];
      if (lane.send(message) === false) break;
      total.sent++;
      total.sum += message[0] ?? message;
      total.bytes += message.length ?? 0;
    }
    await lane.room();
  }
  return total;
}

/** @param {number} count @returns {(sent: number) => boolean} */
const upTo = (count) => (sent) => sent >= count;

/** @param {any} message any: what the lane carries @param {Lane} lane @returns {Promise<number>} ms until it has come back, waiting for room included */
async function roundTrip(message, lane) {
  const start = performance.now();
  const back = new Promise((resolve) => (lane.heard = () => resolve(performance.now() - start)));
  while (lane.send(message) === false) await lane.room();
  return /** @type {Promise<number>} */ (back);
}

/** @param {number[]} values @param {number} share */
const quantile = (values, share) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];

/** @param {Wire} wire @param {string} lane @param {{sent: number, sum: number, bytes: number}} sent */
async function arrivedWhole(wire, lane, { sent, sum, bytes }) {
  const arrived = await wire.ask(lane, 'expect', sent);
  if (arrived.count !== sent || arrived.bytes !== bytes || Math.abs(arrived.sum - sum) > 1e-6 * sum)
    throw new Error(`sent ${sent} messages, ${bytes} bytes; arrived: ${JSON.stringify(arrived)}`);
  return arrived;
}

/** Messages of many sizes arrive as they were, in order. @param {Wire} wire @param {string} name of a lane that loses nothing */
async function check(wire, name) {
  const lane = wire.lane(name);
  const sizes = isForBulk(name) ? [1024, 1150, 1 << 14, 1 << 16, 3333, 1 << 18] : [1, 64, 17, 999];
  const messages = sizes.map((size) => Uint8Array.from({ length: size }, () => next() & 255));
  const digest = new Digest();
  messages.forEach((message) => digest.hear(message));
  await wire.begin(name, 'digest');
  messages.forEach((message) => lane.send(message));
  if ((await wire.ask(name, 'of', messages.length)) !== digest.value)
    throw new Error(`${name}: what arrived is not what was sent`);
}

/** @param {Wire} wire @param {string} name */
async function warmUp(wire, name) {
  const lane = wire.lane(name);
  const size = isForBulk(name) ? RUN_BYTES : 64;
  const count = isForBulk(name) ? WARM_BYTES / RUN_BYTES : WARM_COUNT;
  await wire.begin(name, 'tally');
  await pour(lane, messagesFor(size, lane), upTo(count));
  await wire.ask(name, isLoose(name) ? 'expectMost' : 'expect', count);
}

/** The warm connection for a use, each of its lanes checked. @param {First} first @param {Use} use */
const warm = (first, { kept, lanes, signalling }) =>
  first.kept({ lanes: kept ?? lanes, signalling }, async (wire) => {
    for (const name of kept ?? lanes) {
      if (!wire.lane(name).isNumeric && !isLoose(name)) await check(wire, name); // the others' counts and sums are checked when they are timed
      await warmUp(wire, name);
    }
  });

/** New connections, one after the other. @param {First} first @param {Use} use @returns {Promise<Figures>} */
async function setUp(first, { lanes, signalling, count = 1 }) {
  await first.drop();
  const open = [];
  const echo = [];
  for (let i = 0; i < count; i++) {
    const { wire, time } = await first.dial({ lanes, signalling });
    open.push(performance.now() - time);
    await roundTrip(Uint8Array.of(1, 2, 3, i), wire.lane(lanes[0]));
    echo.push(performance.now() - time);
    await wire.close();
  }
  return { open: quantile(open, 0.5), echo: quantile(echo, 0.5) };
}

/** The first moments of a bulk transfer on a new connection. @param {First} first @param {Use} use @returns {Promise<Figures>} */
async function start(first, { lanes, signalling, size = 0, span = 0 }) {
  await first.drop();
  const { wire } = await first.dial({ lanes, signalling });
  const [name] = lanes;
  await wire.begin(name, 'window', span);
  let isOver = false;
  const lane = wire.lane(name);
  void pour(lane, bulkFor(size, lane), () => isOver);
  const { bytes, gap } = await wire.ask(name, 'close');
  isOver = true;
  await wire.close();
  return { rate: bytes / span / 1000, gap };
}

/** @param {Lane} lane @param {(done: number) => boolean} isOver @param {number} size */
async function ping(lane, isOver, size) {
  const messages = messagesFor(size, lane);
  const times = [];
  while (!isOver(times.length))
    times.push(await roundTrip(messages[times.length % messages.length], lane));
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

/** @param {First} first @param {Use} use @returns {Promise<Figures>} */
async function pingPong(first, use) {
  const wire = await warm(first, use);
  const [name] = use.lanes;
  await wire.begin(name, 'echo');
  const lane = wire.lane(name);
  await ping(lane, upTo(50), 64);
  return ping(lane, upTo(use.count ?? 1), 64);
}

/** Ping-pong on the first lane while the second one is full. @param {First} first @param {Use} use @returns {Promise<Figures>} */
async function pingUnderBulk(first, use) {
  const wire = await warm(first, use);
  const [name, bulk] = use.lanes;
  await Promise.all([wire.begin(name, 'echo'), wire.begin(bulk, 'tally', { stride: 1 })]);
  let isOver = false;
  const lane = wire.lane(bulk);
  const pouring = pour(lane, bulkFor(use.size ?? RUN_BYTES, lane), () => isOver);
  const until = performance.now() + (use.span ?? 0);
  const times = await ping(
    wire.lane(name),
    (done) => done >= (use.count ?? 1) || (done > 0 && performance.now() > until),
    64,
  );
  isOver = true;
  const { rate } = await arrivedWhole(wire, bulk, await pouring);
  return { ...times, rate: (rate * (use.size ?? RUN_BYTES)) / 1e6 };
}

/** @param {First} first @param {Use} use @returns {Promise<Figures>} */
async function bulk(first, use) {
  const wire = await warm(first, use);
  const [name] = use.lanes;
  await wire.begin(name, 'tally', { stride: 1 });
  const lane = wire.lane(name);
  const size = use.size ?? RUN_BYTES;
  const sent = await pour(lane, bulkFor(size, lane), upTo(use.count ?? 1));
  const { rate, gap } = await arrivedWhole(wire, name, sent);
  return { rate: (rate * size) / 1e6, gap };
}

/** Small messages, as many as get through. @param {First} first @param {Use} use @returns {Promise<Figures>} */
async function flood(first, use) {
  const wire = await warm(first, use);
  const [name] = use.lanes;
  await wire.begin(name, 'tally');
  const lane = wire.lane(name);
  const until = performance.now() + (use.span ?? 0);
  const sent = await pour(
    lane,
    messagesFor(64, lane),
    (sent) => sent % 64 === 0 && performance.now() > until,
  );
  const { rate, count } = isLoose(name)
    ? await wire.ask(name, 'expectMost', sent.sent)
    : await arrivedWhole(wire, name, sent);
  return { rate: rate / 1000, lost: 1 - count / sent.sent };
}

/** As much on the second lane as, a little later, on the first. @param {First} first @param {Use} use @returns {Promise<Figures>} */
async function precedence(first, use) {
  const wire = await warm(first, use);
  const [high, low] = use.lanes;
  const stride = { stride: 1 };
  await Promise.all([wire.begin(high, 'tally', stride), wire.begin(low, 'tally', stride)]);
  const size = use.size ?? RUN_BYTES;
  const count = use.count ?? 1;
  const start = performance.timeOrigin + performance.now();
  const whole = async (/** @type {string} */ name) => {
    const lane = wire.lane(name);
    return arrivedWhole(wire, name, await pour(lane, bulkFor(size, lane), upTo(count)));
  };
  const [later, sooner] = await Promise.all([whole(low), whole(high)]);
  return { share: (sooner.time - start) / (later.time - start) };
}

/** @type {Record<string, (first: First, use: Use) => Promise<Figures>>} */
export const WORKLOADS = { setUp, start, pingPong, pingUnderBulk, bulk, flood, precedence };
