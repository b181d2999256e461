import { once } from 'node:events';

/** @typedef {import('node:http').Server} Server */

/** `localhost` is both of these: browsers resolve it to either. */
const LOOPBACK = ['127.0.0.1', '::1'];

/** What a machine without IPv6 (or IPv4) says. */
const NO_SUCH_FAMILY = ['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL'];

const EPHEMERAL_TRIES = 10; // a port that is free on one address may be taken on the other

/** @param {unknown} error */
const codeOf = (error) => /** @type {NodeJS.ErrnoException} */ (error).code ?? '';

/** @param {Server} server */
export const portOf = (server) =>
  /** @type {import('node:net').AddressInfo} */ (server.address()).port;

/** A host as clients on this machine write it in a URL. @param {string} host */
export function urlHost(host) {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

/**
 * @param {Server} server
 * @param {number} port
 * @param {string} host
 */
async function listenOn(server, port, host) {
  server.listen({ port, host });
  try {
    await once(server, 'listening'); // rejects on 'error'
  } catch (cause) {
    if (codeOf(cause) !== 'EADDRINUSE') throw cause;
    throw Object.assign(new Error(`port ${port} on ${host} is taken`, { cause }), {
      code: 'EADDRINUSE',
    });
  }
}

/**
 * @param {() => Server} make
 * @param {number} port
 */
async function listenOnLoopback(make, port) {
  /** @type {Server[]} */
  const servers = [];
  let missing;
  for (const host of LOOPBACK) {
    const server = make();
    try {
      await listenOn(server, servers.length > 0 ? portOf(servers[0]) : port, host);
      servers.push(server);
    } catch (error) {
      if (!NO_SUCH_FAMILY.includes(codeOf(error))) {
        servers.forEach(closeServer);
        throw error;
      }
      missing = error;
    }
  }
  if (servers.length === 0) throw missing;
  return servers;
}

/**
 * Take no more connections, and end those that are idle.
 * @param {Server} server
 * @returns {Promise<void>} when the last connection has ended
 */
export function closeServer(server) {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

/**
 * Listen on a host; on `localhost`, on each loopback address that the machine has.
 * @param {() => Server} make one server for each address
 * @param {number} port 0: any free one
 * @param {string} host
 * @returns {Promise<Server[]>} at least one, all on the same port
 * @throws {NodeJS.ErrnoException} EADDRINUSE, among others: nothing listens then
 */
export async function listen(make, port, host) {
  if (host !== 'localhost') {
    const server = make();
    await listenOn(server, port, host);
    return [server];
  }
  for (let tries = 1; ; tries++) {
    try {
      return await listenOnLoopback(make, port);
    } catch (error) {
      if (port !== 0 || codeOf(error) !== 'EADDRINUSE' || tries === EPHEMERAL_TRIES) throw error;
    }
  }
}
