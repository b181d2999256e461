import { makeServer } from './http.js';
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
 * @property {number} [maxBuffered] bytes that may wait for one slow client; 8 MiB by default
 * @property {import('./rendezvous.js').RendezvousOptions | false} [rendezvous] of the one that it serves under `/api/v1`;
 *   false: none
 */

/** @typedef {OwnOptions & import('../js-glue/hub.js').HubLimits} RelayOptions */

/**
 * @typedef {object} Relay
 * @property {string} url for clients on this machine
 * @property {number} port
 * @property {string} host
 * @property {() => Record<string, number>} stats counters, by the names that `/metrics` shows after `clasp_relay_`
 * @property {Rendezvous} [rendezvous] the one under `/api/v1`, for `startRendezvous({ rendezvous })` on a port of its own
 * @property {() => Promise<void>} close says goodbye to all clients, and ends when the port is free
 */

const DEFAULT_PORT = 7330;

/** @param {RelayOptions} options */
async function openRendezvous({ rendezvous }) {
  return rendezvous === false ? undefined : Rendezvous.open(rendezvous);
}

/**
 * Start a relay: CLASP over WebSockets, `/metrics`, `/healthz` and a rendezvous over HTTP, on one port.
 *
 * @param {RelayOptions} [options]
 * @returns {Promise<Relay>}
 * @throws {NodeJS.ErrnoException} EADDRINUSE: the port is taken
 * @throws {import('../js-glue/error.js').ClaspError} BAD_OPTION, LOAD
 */
export async function startRelay(options = {}) {
  const { port = DEFAULT_PORT, host = 'localhost' } = options;
  const rendezvous = await openRendezvous(options);
  const router = await Router.open(options);
  const make = () => router.serve(makeServer(router.stats, rendezvous));
  const servers = await listen(make, port, host).catch((error) => {
    rendezvous?.close();
    router.close();
    throw error;
  });
  /** @type {Promise<void> | undefined} */
  let closing;
  return {
    url: `ws://${urlHost(host)}:${portOf(servers[0])}`,
    port: portOf(servers[0]),
    host,
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
