/** `@clasp-to/core` as tests use it: its callbacks as something to wait for. */
import { Clasp } from '@clasp-to/core';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { PATIENCE_MS, within } from '../browser/support/wait.js';
import { set } from './scene.js';

/** @typedef {import('./raw-peer.js').RawPeer} RawPeer */

/**
 * @typedef {object} Call of a subscription's callback
 * @property {any} value any: what was sent
 * @property {string} address
 * @property {any} [meta] any: the param of a SNAPSHOT
 */

/** Node 20 has no WebSocket of its own, and the client asks for the page's. */
globalThis.WebSocket ??= /** @type {any} near enough */ (WebSocket);

let barriers = 0;

/**
 * @param {string} url
 * @param {import('@clasp-to/core').ConnectOptions} [options]
 */
export async function connect(url, options) {
  const client = new Clasp(url, { reconnect: false, ...options });
  await client.connect();
  return client;
}

/** The calls of one callback, in order. */
export class Heard {
  /** @type {Call[]} */ #calls = [];
  #came = new EventTarget();

  /** The callback. @type {import('@clasp-to/core').SubscriptionCallback} */
  note = (value, address, meta) => {
    this.#calls.push({ value, address, meta });
    this.#came.dispatchEvent(new Event('call'));
  };

  /** The first call that nobody has looked at. @returns {Promise<Call>} */
  async next() {
    const look = async () => {
      while (this.#calls.length === 0) await once(this.#came, 'call');
      return /** @type {Call} */ (this.#calls.shift());
    };
    return within(PATIENCE_MS, 'a call of the callback', look());
  }

  /** The values of all calls that nobody has looked at. */
  rest() {
    return this.#calls.splice(0).map(({ value }) => value);
  }
}

/**
 * Wait until the relay has dealt with everything that the client sent, and the client with everything sent to it.
 * @param {Clasp} client that subscribes to nothing below /barrier
 * @param {RawPeer} raw
 */
export async function settle(client, raw) {
  const address = `/barrier/${++barriers}`;
  await raw.ask(set(address, barriers));
  await client.get(address); // answered in its turn
}

/**
 * Subscribe, and wait until the relay knows.
 * @param {Clasp} client
 * @param {RawPeer} raw
 * @param {string} pattern
 */
export async function hear(client, raw, pattern) {
  const heard = new Heard();
  const unsubscribe = client.on(pattern, heard.note);
  await settle(client, raw);
  return { heard, unsubscribe };
}

/**
 * Something of the client's that its types keep to themselves.
 * @param {Clasp} client
 * @returns {{ws: WebSocket, send: (message: object) => void}}
 */
export const inside = (client) => /** @type {any} private by type alone */ (client);
