/** A small web server for the demos, the browser tests and the bench: some folders, read only. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';

/** @type {Record<string, string>} */
const MIME_TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.webm': 'video/webm',
  '.webp': 'image/webp',
};

/**
 * @typedef {object} ServeOptions
 * @property {number} [port] 0, the default: any that is free
 * @property {string} [host] the loopback address by default
 * @property {Record<string, string>} roots folders by the first part of the path they are served under: `{ demo: '…/demo' }`
 * @property {string} [home] where `/` redirects to
 * @property {Record<string, string>} [headers] sent with every answer; without a Cache-Control nothing is kept
 */

/**
 * @param {ServeOptions} options
 * @returns {Promise<{ url: string, close: () => Promise<void> }>} `url` without a slash at its end
 */
export async function serve({ port = 0, host = 'localhost', roots, home, headers = {} }) {
  const table = new Map(Object.entries(roots));
  const server = createServer((request, response) => {
    response.setHeaders(new Map(Object.entries({ 'Cache-Control': 'no-store', ...headers })));
    answer(request, response, table, home).catch((error) => response.destroy(error));
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, host, () => resolve(undefined));
  });
  const address = /** @type {import('node:net').AddressInfo} of a TCP server */ (server.address());
  return {
    url: `http://${host}:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {Map<string, string>} roots
 * @param {string | undefined} home
 */
async function answer(request, response, roots, home) {
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405);
  const path = decodedPath(request.url ?? '/');
  if (path === undefined) return refuse(response, 400);
  if (path === '/' && home) return redirect(response, home);
  const file = fileOf(path, roots);
  const found = file === undefined ? undefined : await stat(file).catch(() => undefined);
  if (file === undefined || found === undefined) return refuse(response, 404);
  if (found.isDirectory()) {
    if (!path.endsWith('/')) return redirect(response, `${encodeURI(path)}/`);
    return send(request, response, join(file, 'index.html'));
  }
  return send(request, response, file);
}

/**
 * @param {string} url as the request has it
 * @returns {string | undefined} the decoded path; undefined when it is none
 */
function decodedPath(url) {
  try {
    const path = decodeURIComponent(url.split(/[?#]/, 1)[0]);
    return path.startsWith('/') && !path.startsWith('//') && !path.includes('\0')
      ? path
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {string} path
 * @param {Map<string, string>} roots
 * @returns {string | undefined} undefined outside the roots
 */
function fileOf(path, roots) {
  const [, first, ...rest] = path.split('/');
  const root = roots.get(first);
  if (root === undefined) return undefined;
  const file = normalize(join(root, ...rest));
  return file === normalize(root) || file.startsWith(normalize(root) + sep) ? file : undefined;
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {string} file
 */
async function send(request, response, file) {
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) return refuse(response, 404);
  response.writeHead(200, {
    'Content-Type': MIME_TYPES[extname(file)] ?? 'application/octet-stream',
    'Content-Length': found.size,
    'X-Content-Type-Options': 'nosniff',
  });
  if (request.method === 'HEAD') return response.end();
  createReadStream(file)
    .on('error', (error) => response.destroy(error))
    .pipe(response);
}

/**
 * @param {import('node:http').ServerResponse} response
 * @param {string} location
 */
function redirect(response, location) {
  response.writeHead(302, { Location: location }).end();
}

/**
 * @param {import('node:http').ServerResponse} response
 * @param {number} status
 */
function refuse(response, status) {
  response.writeHead(status, { 'Content-Type': 'text/plain' });
  response.end(`${status}\n`);
}
