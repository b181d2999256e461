import { createServer } from 'node:http';
import { closeServer, listen, portOf, urlHost } from './listen.js';
import { Rendezvous } from './rendezvous.js';

/**
 * @typedef {object} ServerOptions
 * @property {number} [port] 7340 by default; 0: any free one
 * @property {string} [host] `localhost` by default: 127.0.0.1 and ::1, and nothing beyond this machine
 * @property {Rendezvous} [rendezvous] one that is there already, such as a relay's: it is neither changed nor closed
 */

/** @typedef {ServerOptions & import('./rendezvous.js').RendezvousOptions} StartOptions */

/**
 * @typedef {object} RendezvousServer
 * @property {string} url for clients on this machine
 * @property {number} port
 * @property {string} host
 * @property {() => Record<string, number>} stats counters, by the names that a relay's `/metrics` shows after
 *   `clasp_rendezvous_`
 * @property {() => Promise<void>} close ends when the port is free
 */

const DEFAULT_PORT = 7340;

const CONNECTIONS_MAX = 1024; // on each address
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
const CUT_MS = 1_000; // from the end to the end of connections that are not done

/** @param {Rendezvous} rendezvous */
function makeServer(rendezvous) {
  const server = createServer(
    { headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS, connectionsCheckingInterval: 5_000 },
    rendezvous.serve,
  );
  server.maxConnections = CONNECTIONS_MAX;
  return server;
}

/** @param {import('node:http').Server} server */
async function end(server) {
  const timer = setTimeout(() => server.closeAllConnections(), CUT_MS);
  await closeServer(server);
  clearTimeout(timer);
}

/**
 * Start a rendezvous server on a port of its own: docs/rendezvous.md.
 *
 * @param {StartOptions} [options]
 * @returns {Promise<RendezvousServer>}
 * @throws {NodeJS.ErrnoException} EADDRINUSE: the port is taken
 * @throws {import('../js-glue/error.js').ClaspError} BAD_OPTION, LOAD
 */
export async function startRendezvous(options = {}) {
  const { port = DEFAULT_PORT, host = 'localhost' } = options;
  const rendezvous = options.rendezvous ?? (await Rendezvous.open(options));
  const closeOwn = () => options.rendezvous ?? rendezvous.close();
  const servers = await listen(() => makeServer(rendezvous), port, host).catch((error) => {
    closeOwn();
    throw error;
  });
  /** @type {Promise<void> | undefined} */
  let closing;
  return {
    url: `http://${urlHost(host)}:${portOf(servers[0])}`,
    port: portOf(servers[0]),
    host,
    stats: rendezvous.stats,
    close() {
      closing ??= Promise.all(servers.map(end)).then(() => void closeOwn());
      return closing;
    },
  };
}
