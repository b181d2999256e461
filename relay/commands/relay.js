import { readFileSync } from 'node:fs';
import { startRelay, startRendezvous } from '../index.js';
import { LEVELS, lineLogger, makeLog } from '../log.js';
import { version } from '../version.js';
import { tokensFrom } from './tokens.js';
import { UsageError, numberFrom, wordFrom } from './usage.js';

export const summary = 'run a CLASP relay';

export const usage = `Usage: clasp-p2p relay [options]

Runs a CLASP relay: peers find each other through it and exchange messages.

  --port N                      port to listen on (7330; 0: any free one)
  --host H                      address (localhost; 0.0.0.0: everywhere)
  --token NAME=SCOPES           let in who sends NAME as its token, and allow
                                SCOPES: read:/a/**,write:/b (repeatable)
  --tokens FILE                 the same, one a line [expires=DATE]; read
                                again on SIGHUP. Also: CLASP_TOKENS=...
  --origin ORIGIN               pages that may connect (repeatable; all)
  --cert FILE --key FILE        serve wss:// and https:// (PEM)
  --max-sessions N              clients at once (1000) …
  --max-sessions-per-address N  … of one address (no limit)
  --rate N                      messages a second of one client (1000) …
  --rate-per-address N          … of one address (no limit)
  --rendezvous-port N           where peers register and are found (7340)
  --no-rendezvous               none, on the relay's port neither
  --trust-proxy                 take addresses from X-Forwarded-For
  --log-level LEVEL             error, warn, info (the default) or debug
  --log-format FORMAT           text (the default) or json
  --quiet                       say nothing but errors
  --help                        this text

Without tokens everybody may read and write everything. docs/relay.md says more.
`;

/** @type {NonNullable<import('node:util').ParseArgsConfig['options']>} */
export const options = {
  port: { type: 'string', default: '7330' },
  host: { type: 'string', default: 'localhost' },
  token: { type: 'string', multiple: true },
  tokens: { type: 'string' },
  origin: { type: 'string', multiple: true },
  cert: { type: 'string' },
  key: { type: 'string' },
  'max-sessions': { type: 'string' },
  'max-sessions-per-address': { type: 'string' },
  rate: { type: 'string' },
  'rate-per-address': { type: 'string' },
  'trust-proxy': { type: 'boolean' },
  'rendezvous-port': { type: 'string' },
  'no-rendezvous': { type: 'boolean', default: false },
  'log-level': { type: 'string', default: 'info' },
  'log-format': { type: 'string', default: 'text' },
  quiet: { type: 'boolean', default: false },
};

/** Options that are counts: of startRelay(), by those of the command line, with the most that makes sense. */
const COUNTS = /** @type {const} */ ([
  ['max-sessions', 'maxSessions', 16384],
  ['max-sessions-per-address', 'maxSessionsPerAddress', 16384],
  ['rate', 'messagesPerSecond', 1_000_000],
  ['rate-per-address', 'ratePerAddress', 1_000_000],
]);

/** @typedef {Record<string, any>} Values any: by `options` */

/** @param {string} option @param {string} file */
function readPem(option, file) {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new UsageError(`${option}: ${/** @type {Error} */ (cause).message}`, { cause });
  }
}

/** @param {Values} values */
function tlsFrom({ cert, key }) {
  if (cert === undefined && key === undefined) return undefined;
  if (!cert || !key) throw new UsageError('--cert and --key go together');
  return { cert: readPem('--cert', cert), key: readPem('--key', key) };
}

/** @param {Values} values */
function countsFrom(values) {
  const given = COUNTS.filter(([option]) => values[option] !== undefined);
  return Object.fromEntries(
    given.map(([option, name, most]) => [name, numberFrom(`--${option}`, values[option], 1, most)]),
  );
}

/** @param {Values} values */
function loggerFrom(values) {
  const level = wordFrom('--log-level', values['log-level'], LEVELS);
  const format = wordFrom('--log-format', values['log-format'], ['text', 'json']);
  const [out, err] = [console.log, console.error].map(
    (write) => (/** @type {string} */ line) => write(line),
  );
  return lineLogger({ level: values.quiet ? 'error' : level, format, out, err });
}

/** @param {Values} values @returns {import('../index.js').RelayOptions} */
function relayOptions(values) {
  return {
    port: numberFrom('--port', values.port, 0, 65535),
    host: values.host,
    tokens: tokensFrom(values, process.env.CLASP_TOKENS),
    origins: values.origin,
    tls: tlsFrom(values),
    trustProxy: values['trust-proxy'],
    rendezvous: values['no-rendezvous'] ? false : undefined,
    ...countsFrom(values),
  };
}

/** @param {import('../index.js').RelayOptions} given */
async function start(given) {
  try {
    return await startRelay(given);
  } catch (error) {
    const { code = '', message } = /** @type {NodeJS.ErrnoException} */ (error);
    const isGiven = code === 'BAD_OPTION' || code.startsWith('ERR_OSSL') || code === 'TOO_LARGE';
    throw isGiven ? new UsageError(message, { cause: error }) : error;
  }
}

/**
 * The relay's rendezvous on a port of its own. Where nobody asked for that port and another relay has it, the relay's own
 * port has to do.
 *
 * @param {import('../index.js').Relay} relay
 * @param {Values} values
 * @returns {Promise<{told?: string, close: () => Promise<void>}>} `told`: a line for people
 */
async function rendezvousOf({ rendezvous, host }, values) {
  const none = { close: async () => {} };
  const asked = values['rendezvous-port'];
  const port = asked === undefined ? undefined : numberFrom('--rendezvous-port', asked, 0, 65535);
  if (!rendezvous) return none;
  try {
    const server = await startRendezvous({ rendezvous, host, port });
    return { told: `rendezvous on ${server.url}`, close: server.close };
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    if (port !== undefined || code !== 'EADDRINUSE') throw error;
    return { ...none, told: `no rendezvous on a port of its own: ${message}` };
  }
}

/**
 * Read again what is in files: tokens, certificate, key.
 * @param {import('../index.js').Relay} relay
 * @param {Values} values
 * @param {import('../log.js').Tell} tell
 */
function reload(relay, values, tell) {
  try {
    const { tokens, tls } = relayOptions(values);
    if (tokens) relay.setTokens(tokens);
    if (tls) relay.setTls(tls);
    tell('info', 'reloaded', 'the files were read again');
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    tell('error', 'reload-failed', `all stays as it was: ${message}`);
  }
}

/**
 * @param {Values} values
 * @param {string[]} rest
 */
export async function run(values, rest) {
  if (rest.length > 0) throw new UsageError(`"relay" takes no "${rest[0]}"`);
  const logger = loggerFrom(values);
  const given = relayOptions(values);
  const relay = await start({ ...given, logger });
  const beside = await rendezvousOf(relay, values).catch((error) => {
    relay.close();
    throw error;
  });
  const tell = makeLog({ logger });
  if (given.tokens || given.tls) process.on('SIGHUP', () => reload(relay, values, tell));
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      tell('info', 'closing', 'closing');
      beside.close();
      relay.close(); // with both ends all that keeps the process alive
    });
  }
  tell('info', 'listening', `clasp-p2p relay ${version()} listening on ${relay.url}`);
  if (beside.told) tell('info', 'rendezvous', beside.told);
  const metrics = `${relay.url.replace(/^ws/, 'http')}/metrics`;
  tell('info', 'metrics', `metrics on ${metrics}; Ctrl+C ends it`);
}
