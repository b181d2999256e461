import { once } from 'node:events';
import { connect } from 'node:net';
import { after } from 'node:test';
import { startRendezvous } from '../../relay/index.js';

/** @typedef {import('../../relay/start-rendezvous.js').StartOptions} StartOptions */

const PATIENCE_MS = 10_000;

export const PLAIN = { name: 'a', endpoints: {} };

/** What ends when the tests of a file have. @type {(() => unknown)[]} */
export const cleanUp = [];
after(() => Promise.all(cleanUp.map((it) => it())));

/** @param {StartOptions} [options] */
export async function start(options = {}) {
  const server = await startRendezvous({ port: 0, maxPerSource: Infinity, ...options });
  cleanUp.push(server.close);
  return server;
}

/**
 * @param {string} url of the server
 * @param {unknown} document
 * @param {Record<string, string>} [headers]
 */
export const post = (url, document, headers = {}) =>
  fetch(`${url}/api/v1/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof document === 'string' ? document : JSON.stringify(document),
  });

/** @param {string} url @param {unknown} [document] @returns {Promise<string>} the id */
export const register = async (url, document = PLAIN) =>
  (await (await post(url, document)).json()).id;

/** @param {string} url @param {string} [query] @returns {Promise<any[]>} any: devices as JSON */
export const discover = async (url, query = '') =>
  (await fetch(`${url}/api/v1/discover${query}`)).json();

/**
 * What a server answers to bytes that fetch would not send.
 * @param {string} url
 * @param {string | Buffer} bytes
 * @returns {Promise<string>} all of it, until the server closes
 */
export async function raw(url, bytes) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error('no end of the answer')));
  /** @type {Buffer[]} */ const parts = [];
  socket.on('data', (data) => parts.push(data));
  socket.write(bytes);
  await once(socket, 'close');
  return Buffer.concat(parts).toString();
}

/** @param {string} text an answer @returns {number} */
export const statusOf = (text) => Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);
