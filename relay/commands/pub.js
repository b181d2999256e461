import { setTimeout as sleep } from 'node:timers/promises';
import { ClaspError } from '../../web/error.js';
import { clientOptions, clientUsage, connected } from './connection.js';
import { lineValues, readValue, valueOptions, valueUsage } from './input.js';
import { write } from './output.js';
import { UsageError, numberFrom, wordFrom } from './usage.js';
import { toDocument } from './value-json.js';

export const summary = 'publish an event, a stream, a gesture';

export const usage = `Usage: clasp-p2p pub [options] ADDRESS [VALUE]

Publishes to who is subscribed now; no param is written. VALUE is JSON where it
is well-formed, or else text; "-": all of stdin; none: null.

${valueUsage}
  --event          once, to each who is subscribed (the default)
  --stream         one value of many, the newest of which counts
  --gesture ID PHASE   ID: a number; PHASE: start, move, end or cancel
  --lines          one value a line of stdin, until it ends
  --rate N         … at most N a second (500; 0: as fast as the router can)
${clientUsage}`;

/** @type {NonNullable<import('node:util').ParseArgsConfig['options']>} */
export const options = {
  ...clientOptions,
  ...valueOptions,
  event: { type: 'boolean' },
  stream: { type: 'boolean' },
  gesture: { type: 'string' },
  lines: { type: 'boolean' },
  rate: { type: 'string' },
};

export const pairs = ['gesture'];

const RATE = '500'; // half of what a relay of ours takes from one client by default
const RATE_MAX = 1_000_000;
const SLACK_MS = 20; // what a timer may be late without making the rate lower
const ID_MAX = 0xffffffff;
const PHASES = /** @type {const} */ (['start', 'move', 'end', 'cancel']);

/** What is on its way to the router without its word that it came. */
const UNSETTLED_MAX = 256;
const UNSETTLED_CHARACTERS = 32 << 10;

/** @typedef {import('./connection.js').Connection} Connection */
/** @typedef {Record<string, any>} Values any: by `options` */
/** @typedef {(connection: Connection, value: any) => void} Send any: the value */

/**
 * @param {string} address
 * @param {Values} values
 * @returns {Send}
 */
function senderOf(address, { event, stream, gesture }) {
  if (Number(!!event) + Number(!!stream) + Number(gesture !== undefined) > 1)
    throw new UsageError('one of --event, --stream and --gesture');
  if (stream) return ({ client }, value) => client.stream(address, value);
  if (gesture === undefined) return ({ client }, value) => client.emit(address, value);
  const [id, word = ''] = gesture.split(' ');
  const finger = numberFrom('--gesture', id, 0, ID_MAX);
  const phase = wordFrom('--gesture', word, PHASES);
  return ({ client }, value) => client.gesture(address, finger, phase, value);
}

/**
 * @param {number} rate a second; 0: no limit
 * @returns {() => Promise<unknown> | undefined} to be awaited before each
 */
function pacer(rate) {
  let due = 0;
  return () => {
    if (rate === 0) return undefined;
    const now = performance.now();
    due = Math.max(due + 1000 / rate, now - SLACK_MS);
    return due > now ? sleep(due - now) : undefined;
  };
}

/** What ends the wait for a further line: a refusal, a loss, Ctrl+C. @param {Connection} connection */
function endInput({ client, refused, signal }) {
  const end = (/** @type {Error} */ error) => void process.stdin.destroy(error);
  const lost = () => end(new ClaspError('NOT_CONNECTED', 'the connection was lost'));
  refused.catch(end);
  client.onDisconnect(lost);
  signal.addEventListener('abort', () => end(new ClaspError('ABORTED')), { once: true });
}

/**
 * Publish the lines of stdin, no faster than the router says that it has them.
 * @param {Connection} connection
 * @param {Send} send
 * @param {Values} values
 */
async function sendLines(connection, send, values) {
  const pace = pacer(numberFrom('--rate', values.rate ?? RATE, 0, RATE_MAX));
  let [count, characters] = [0, 0];
  endInput(connection);
  for await (const { value, length } of lineValues(values)) {
    await pace();
    if (connection.signal.aborted) throw new ClaspError('ABORTED');
    send(connection, value);
    count++;
    characters += length;
    if (count < UNSETTLED_MAX && characters < UNSETTLED_CHARACTERS) continue;
    await connection.settled();
    await connection.printed();
    count = characters = 0;
  }
}

/**
 * @param {string | undefined} word
 * @param {Values} values
 * @returns {Promise<any>} any: the value; not read here with --lines
 */
async function valueOf(word, values) {
  const isNone = word === undefined && values.bytes === undefined;
  if (values.lines && !isNone) throw new UsageError('--lines takes the place of VALUE');
  if (values.rate !== undefined && !values.lines) throw new UsageError('--rate goes with --lines');
  if (values.stream && isNone && !values.lines) throw new UsageError('there is no VALUE');
  return isNone ? null : readValue(word, values);
}

/**
 * @param {Values} values
 * @param {string[]} words
 */
export async function run(values, [address, word, ...rest]) {
  if (address === undefined) throw new UsageError('there is no ADDRESS');
  if (rest.length > 0) throw new UsageError(`"${rest[0]}" is too much: ADDRESS and VALUE`);
  const sendValue = senderOf(address, values);
  const value = await valueOf(word, values);
  /** @type {Send} */
  const send = (connection, it) => {
    sendValue(connection, it);
    if (values.json) write(`${toDocument({ address, value: it })}\n`);
  };
  await connected(values, async (connection) => {
    if (values.lines) await sendLines(connection, send, values);
    else send(connection, value);
    await connection.settled();
  });
}
