/** A client of the router, for as long as a command needs it. */
import { Clasp } from '../../web/clasp.js';
import { ignorable, untilSettled } from '../../web/promises.js';
import { EXIT, Failure, exitOf } from './exit.js';
import { flushed, guardOutput, tell } from './output.js';
import { UsageError, decimalFrom } from './usage.js';

/** @typedef {import('../../web/error.js').ClaspError} ClaspError */
/** @typedef {Record<string, any>} Values any: by `clientOptions` */

const URL_DEFAULT = 'ws://localhost:7330';
const LINGER_MS = 1000; // for the goodbye of a router that does not answer it
const SECONDS_MAX = 86_400;

/** Codes of ERROR that refuse nothing: 501 there is no such service, 503 something was left out for a slow client. */
const MERE_NOTICES = [501, 503];

/** Options of all commands that connect. */
export const clientOptions = /** @type {const} */ ({
  url: { type: 'string' },
  token: { type: 'string' },
  name: { type: 'string' },
  timeout: { type: 'string', default: '10' },
  json: { type: 'boolean' },
  quiet: { type: 'boolean' },
});

export const clientUsage = `\
  --url URL        of the router (CLASP_URL, or else ${URL_DEFAULT})
  --token T        for the router; CLASP_TOKEN keeps it from other users' eyes
  --name NAME      as the router is told (clasp-p2p)
  --timeout S      seconds for connecting, and for each answer (10)
  --json           one JSON document a line
  --quiet          no words but errors
  --help           this text

Exit: 0 done, 1 failed, 2 usage, 3 not reachable, 4 refused, 5 no such param.
`;

/** @param {Values} values */
function clientOf({ url = process.env.CLASP_URL || URL_DEFAULT, token, name }) {
  if (!/^wss?:\/\/./i.test(url) || !URL.canParse(url))
    throw new UsageError(`the URL of a router is ws://… or wss://…, not "${url}"`);
  return new Clasp(url, { name, token: token ?? process.env.CLASP_TOKEN });
}

/** What a command works with. */
export class Connection {
  #timeout_ms;
  /** @type {ClaspError | undefined} */ #refusal;

  /** Rejected when the router refuses something that no other promise tells of. @type {Promise<never>} */
  refused;

  /**
   * @param {Clasp} client connected by the caller
   * @param {AbortSignal} signal aborts when the command is to end: Ctrl+C, or nobody reads what it prints
   * @param {number} timeout_ms for each answer
   */
  constructor(client, signal, timeout_ms) {
    this.client = client;
    this.signal = signal;
    this.#timeout_ms = timeout_ms;
    /** @type {Promise<never>} */
    const refused = new Promise((_, reject) => {
      client.onError((error) => {
        if (!isRefusal(error)) return;
        this.#refusal ??= error;
        reject(error);
      });
    });
    this.refused = ignorable(refused);
  }

  /**
   * An answer, within the time that the user gave.
   * @template T
   * @param {Promise<T>} promise
   * @throws {ClaspError} TIMEOUT, ABORTED, and those of the promise
   */
  answer = (promise) => untilSettled(promise, this.#timeout_ms, this.signal);

  /**
   * Until the router has taken, or refused, all that was sent before: it answers in order.
   * @throws {ClaspError} why something was refused; TIMEOUT, NOT_CONNECTED, ABORTED
   */
  async settled() {
    await this.answer(this.client.query('/clasp/none')).catch((error) => {
      throw this.#refusal ?? error;
    });
    if (this.#refusal) throw this.#refusal;
  }

  /**
   * Until somebody has read what was printed.
   * @throws {ClaspError} ABORTED: the command is to end
   */
  printed() {
    return untilSettled(flushed(), 0, this.signal);
  }

  /**
   * Until the command is to end. Meanwhile the client comes back after each loss.
   * @throws {ClaspError} what the router refused
   */
  async ended() {
    const { signal } = this;
    if (signal.aborted) return;
    const end = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    await Promise.race([this.refused, end]);
  }
}

/** @param {ClaspError} error */
const isRefusal = ({ wireCode, code }) =>
  wireCode ? !MERE_NOTICES.includes(wireCode) : code === 'RELAY_REFUSED';

/**
 * Say on stderr when the connection is lost and when it is there again, and what else no promise tells.
 * @param {Connection} connection
 */
export function tellLosses({ client, signal }) {
  let isRefused = false;
  const say = (/** @type {string} */ words) => {
    if (!signal.aborted && !isRefused) tell(words);
  };
  client.onDisconnect((reason) => say(`connection lost (${reason || 'no words'}); coming back`));
  client.onConnect(() => say('connected again'));
  client.onError((error) => {
    isRefused ||= isRefusal(error); // that one is the command's own last word
    say(error.message);
  });
}

/**
 * @param {Clasp} client
 * @param {number} timeout
 * @param {AbortSignal} signal
 */
async function opened(client, timeout, signal) {
  try {
    await client.connect({ timeout, signal });
  } catch (error) {
    if (exitOf(error) !== EXIT.UNREACHABLE) throw error;
    const { message } = /** @type {ClaspError} */ (error);
    throw new Failure(EXIT.UNREACHABLE, `${new URL(client.url).host}: ${message}`);
  }
}

/** @param {() => void} action @returns {() => void} ends it */
function onInterrupt(action) {
  const signals = ['SIGINT', 'SIGTERM'];
  for (const signal of signals) process.once(signal, action);
  return () => signals.forEach((signal) => process.off(signal, action));
}

/**
 * Do some work while connected; then the process has nothing left to do. It is done, too, when nobody reads what it prints.
 * @param {Values} values of clientOptions
 * @param {(connection: Connection) => Promise<void>} work
 * @throws {UsageError} an option makes no sense
 * @throws {ClaspError} why there is no connection; what the work throws
 * @throws {Failure} by Ctrl+C, unless the work ends well by it
 */
export async function connected(values, work) {
  const timeout_ms = decimalFrom('--timeout', values.timeout, SECONDS_MAX) * 1000;
  const client = clientOf(values);
  const life = new AbortController();
  let isRead = true;
  const end = () => life.abort();
  const forget = onInterrupt(end);
  guardOutput(() => {
    isRead = false;
    end();
  });
  try {
    await opened(client, timeout_ms, life.signal);
    await work(new Connection(client, life.signal, timeout_ms));
  } catch (error) {
    if (/** @type {ClaspError} */ (error).code !== 'ABORTED') throw error;
    if (isRead) throw new Failure(EXIT.FAILED, 'interrupted');
  } finally {
    end();
    forget();
    client.close();
    setTimeout(() => flushed().then(() => process.exit()), LINGER_MS).unref();
  }
}
