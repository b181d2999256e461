import { ClaspError } from '../js-glue/error.js';
import { addressOf, hostOf, isLoopback } from './address.js';
import { closeServer, listen, portOf, urlHost } from './listen.js';
import { Rendezvous } from './rendezvous.js';
import { Router } from './router.js';

export { startRendezvous } from './start-rendezvous.js';
export { Rendezvous };

/**
 * @typedef {object} OwnOptions
 * @property {number} [port] 7330 by default; 0: any free one
 * @property {string} [host] `localhost` by default: 127.0.0.1 and ::1, and nothing beyond this machine
 * @property {string} [name] as clients see it
 * @property {(line: string) => void} [log] told what happens, a line at a time
 * @property {import('./log.js').Logger} [logger] told the same as objects, and more
 * @property {import('../js-glue/hub-tokens.js').Tokens} [tokens] who may come in, and what each may do, by the text that a
 *   client sends as its token. Without: everybody may do everything. `{}`: nobody may
 * @property {string[]} [origins] of the pages that may connect, such as `https://example.org`; all by default. Clients that
 *   send no Origin are no browsers, and may always
 * @property {import('./http.js').TlsFiles} [tls] serve wss:// and https:// with this certificate and key
 * @property {boolean} [trustProxy] behind a proxy: a client's address is the last one of X-Forwarded-For. Never set it where
 *   clients connect directly: they could name any address
 * @property {number} [maxBuffered] bytes that may wait for one slow client; 8 MiB by default
 * @property {number} [slowTimeout] milliseconds after which a client is cut off that takes nothing of what waits for it; 30,000 by
 *   default
 * @property {import('./rendezvous.js').RendezvousOptions | false} [rendezvous] of the one that it serves under `/api/v1`;
 *   false: none
 */

/** @typedef {OwnOptions & import('./gate.js').GateOptions & import('../js-glue/hub.js').HubLimits} RelayOptions */

/**
 * @typedef {object} Relay
 * @property {string} url for clients on this machine
 * @property {number} port
 * @property {string} host
 * @property {(tokens: import('../js-glue/hub-tokens.js').Tokens) => void} setTokens other tokens from now on. Who is
 *   connected goes on as they say: without a token any more it is told ERROR 300 and closed. Throws BAD_OPTION, TOO_LARGE:
 *   then nothing has changed
 * @property {(tls: import('./http.js').TlsFiles) => void} setTls another certificate for new connections; throws when it is
 *   none, or when the relay was started without one
 * @property {() => Record<string, number>} stats counters, by the names that `/metrics` shows after `clasp_relay_`
 * @property {Rendezvous} [rendezvous] the one under `/api/v1`, for `startRendezvous({ rendezvous })` on a port of its own
 * @property {() => Promise<void>} close says goodbye to all clients, and ends when the port is free
 */

const DEFAULT_PORT = 7330;

/** @param {RelayOptions} options */
async function openRendezvous({ rendezvous, trustProxy = false }) {
  const source = (/** @type {import('node:http').IncomingMessage} */ request) =>
    hostOf(addressOf(request, trustProxy)).join();
  return rendezvous === false ? undefined : Rendezvous.open({ source, ...rendezvous });
}

/**
 * Start a relay: CLASP over WebSockets, `/metrics`, `/healthz` and a rendezvous over HTTP, on one port.
 *
 * @param {RelayOptions} [options]
 * @returns {Promise<Relay>}
 * @throws {NodeJS.ErrnoException} EADDRINUSE: the port is taken
 * @throws {import('../js-glue/error.js').ClaspError} LOAD; BAD_OPTION: a token, scope or origin is none
 */
export async function startRelay(options = {}) {
  const { port = DEFAULT_PORT, host = 'localhost' } = options;
  const rendezvous = await openRendezvous(options);
  const router = await Router.open(options);
  if (!isLoopback(host) && !options.tokens) {
    const warning = `anybody who reaches ${host} may read and write everything: there are no tokens`;
    router.log('warn', 'open-to-all', warning);
  }
  /** @type {import('node:http').Server[]} */ let servers;
  try {
    servers = await listen(() => router.makeServer(rendezvous), port, host);
  } catch (error) {
    rendezvous?.close();
    router.close();
    throw error;
  }
  /** @type {Promise<void> | undefined} */
  let closing;
  return {
    url: `${options.tls ? 'wss' : 'ws'}://${urlHost(host)}:${portOf(servers[0])}`,
    port: portOf(servers[0]),
    host,
    setTokens: (tokens) => router.setTokens(tokens),
    setTls(tls) {
      if (!options.tls) throw new ClaspError('BAD_STATE', 'the relay was started without TLS');
      const secure = /** @type {import('node:https').Server[]} */ (servers);
      secure.forEach((server) => server.setSecureContext(tls));
    },
    stats: router.stats,
    rendezvous,
    close() {
      if (!closing) {
        closing = Promise.all(servers.map(closeServer)).then(() => {});
        rendezvous?.close();
        router.close();
      }
      return closing;
    },
  };
}
