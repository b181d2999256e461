import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { REGISTRY_METRICS } from '../js-glue/registry.js';
import { isLocal } from './address.js';
import { metricsText, processText } from './counters.js';

/** @typedef {import('node:http').IncomingMessage} Request */
/** @typedef {import('node:http').ServerResponse} Response */

const MAX_HEADER_BYTES = 8 << 10;
const MAX_HEADERS = 64;

/**
 * @typedef {object} TlsFiles both PEM
 * @property {string | Buffer} cert with the certificates between it and the root
 * @property {string | Buffer} key
 */

/**
 * @typedef {object} Site what the server knows of the relay
 * @property {import('./gate.js').Gate} gate
 * @property {import('./counters.js').Counters} counters
 * @property {readonly { name: string, help: string }[]} metrics
 * @property {() => Record<string, number>} stats
 * @property {() => boolean} isOpen nobody needs a token
 * @property {(token: string) => boolean} isAdmin
 * @property {TlsFiles} [tls]
 * @property {import('./rendezvous.js').Rendezvous} [rendezvous] has its own paths
 */

/**
 * Metrics tell who is there: with tokens they are for this machine, and for whoever shows an admin's token.
 * @param {Request} request
 * @param {Site} site
 */
function maySeeMetrics(request, site) {
  const [, token] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  return site.isOpen() || isLocal(request) || (token !== undefined && site.isAdmin(token));
}

/**
 * @param {Response} response
 * @param {number} status
 * @param {string} body
 * @param {Record<string, string>} [headers]
 */
function answer(response, status, body, headers) {
  response.writeHead(status, { 'content-type': 'text/plain', connection: 'close', ...headers });
  response.end(body);
}

/**
 * @param {Request} request
 * @param {Response} response
 * @param {Site} site
 */
function serveMetrics(request, response, site) {
  if (!maySeeMetrics(request, site)) {
    site.counters.metrics_refused_total++;
    return answer(response, 401, 'an admin token is needed\n', { 'www-authenticate': 'Bearer' });
  }
  answer(response, 200, allMetrics(site), {
    'content-type': 'text/plain; version=0.0.4; charset=utf-8',
  });
}

/** @param {Site} site */
const allMetrics = ({ metrics, stats, rendezvous }) =>
  processText() +
  metricsText('clasp_relay', metrics, stats()) +
  (rendezvous ? metricsText('clasp_rendezvous', REGISTRY_METRICS, rendezvous.stats()) : '');

/** @param {Site} site */
function bareServer({ gate, tls }) {
  const options = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: gate.timeout,
    requestTimeout: gate.timeout,
    connectionsCheckingInterval: Math.ceil(gate.timeout / 2),
  };
  return tls ? createTlsServer({ ...options, ...tls }) : createServer(options);
}

/**
 * Connections that the gate refuses cost no parser and no handshake of TLS.
 * @param {import('node:http').Server} server
 * @param {import('./gate.js').Gate} gate
 */
function guardDoor(server, gate) {
  const own = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket) => {
    if (gate.enter(socket)) own.forEach((listener) => listener.call(server, socket));
  });
}

/**
 * The server under the WebSockets. Whatever is asked of it over plain HTTP it is there: `ok`, as load balancers like it.
 * @param {Site} site
 * @returns {import('node:http').Server}
 */
export function makeServer(site) {
  const { gate, counters } = site;
  const server = bareServer(site);
  server.maxHeadersCount = MAX_HEADERS;
  guardDoor(server, gate);
  server.on('tlsClientError', () => counters.tls_errors_total++);
  server.on('clientError', (error, socket) => {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    const isLate = code === 'ERR_HTTP_REQUEST_TIMEOUT'; // Node looks at half a request in its own time, too
    if (isLate) gate.timedOut(/** @type {import('node:net').Socket} */ (socket));
    else counters.http_errors_total++;
    const status = isLate ? '408 Request Timeout' : '400 Bad Request';
    if (socket.writable) socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
    socket.destroy();
  });
  server.on('request', (request, response) => {
    gate.asked(request.socket);
    if (request.method === 'GET' && request.url?.split('?')[0] === '/metrics') {
      serveMetrics(request, response, site);
    } else if (site.rendezvous?.owns(request)) {
      site.rendezvous.serve(request, response);
    } else {
      answer(response, 200, 'ok\n');
    }
  });
  return server;
}
