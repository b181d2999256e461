#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startRelay, startRendezvous } from './index.js';

const USAGE = `Usage: clasp-p2p relay [options]

Runs a CLASP relay: peers find each other through it and exchange what they need to connect directly.

Options:
  --port N             port to listen on (7330; 0: any free one)
  --host H             address to listen on (localhost: this machine alone; 0.0.0.0: everywhere)
  --rendezvous-port N  port of the rendezvous, where peers register and are found (7340; 0: any free one)
  --no-rendezvous      none, on the relay's port neither
  --quiet              say nothing but errors
  --help               this text
  --version            the version of the package
`;

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** The command line was not understood. */
class UsageError extends Error {}

function version() {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return JSON.parse(text).version;
}

/**
 * @param {string} text
 * @param {string} [flag]
 */
function portFrom(text, flag = 'port') {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535) {
    throw new UsageError(`--${flag} takes a number from 0 to 65535, not "${text}"`);
  }
  return port;
}

/** @param {string[]} args */
function parse(args) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        port: { type: 'string', default: '7330' },
        host: { type: 'string', default: 'localhost' },
        'rendezvous-port': { type: 'string' },
        'no-rendezvous': { type: 'boolean', default: false },
        quiet: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
        version: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(/** @type {Error} */ (error).message);
  }
}

/**
 * The relay's rendezvous on a port of its own. Where nobody asked for that port and another relay has it, the relay's own
 * port has to do.
 *
 * @param {import('./index.js').Relay} relay
 * @param {number | undefined} port as asked for
 * @returns {Promise<{told?: string, close: () => Promise<void>}>} `told`: a line for people
 */
async function rendezvousOf({ rendezvous, host }, port) {
  const none = { close: async () => {} };
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

/** @param {ReturnType<typeof parse>['values']} options */
async function relay({ port = '', host, quiet, ...options }) {
  const say = quiet ? () => {} : (/** @type {string} */ line) => console.log(line);
  const asked = options['rendezvous-port'];
  const ownPort = asked === undefined ? undefined : portFrom(asked, 'rendezvous-port');
  const rendezvous = options['no-rendezvous'] ? false : undefined;
  const running = await startRelay({ port: portFrom(port), host, log: say, rendezvous });
  const beside = await rendezvousOf(running, ownPort).catch((error) => {
    running.close();
    throw error;
  });
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      say('closing');
      beside.close();
      running.close(); // with both ends all that keeps the process alive
    });
  }
  say(`clasp-p2p relay ${version()} listening on ${running.url}`);
  if (beside.told) say(beside.told);
  say(`metrics on ${running.url.replace('ws:', 'http:')}/metrics; Ctrl+C ends it`);
}

/** @param {string[]} args */
async function main(args) {
  const { values, positionals } = parse(args);
  if (values.help) return process.stdout.write(USAGE);
  if (values.version) return console.log(version());
  const [command, ...rest] = positionals;
  if (!command) throw new UsageError('there is no command');
  if (command !== 'relay') throw new UsageError(`there is no command "${command}"`);
  if (rest.length > 0) throw new UsageError(`"relay" takes no "${rest[0]}"`);
  await relay(values);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const isUsage = error instanceof UsageError;
  console.error(`clasp-p2p: ${/** @type {Error} */ (error).message}`);
  if (isUsage) console.error(`Try "clasp-p2p --help".`);
  process.exitCode = isUsage ? EXIT_USAGE : EXIT_FAILED;
}
