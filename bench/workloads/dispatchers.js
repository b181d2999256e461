/** Who hands arriving SETs to handlers. */
import { Clasp, encode } from '@clasp-to/core';
// @ts-expect-error: it has no types
import qlobber from 'qlobber';

import { Dispatcher, ready } from '../../web/codec.js';
import { packr, toFrame, toRecord } from './subscriptions.js';

/** @typedef {import('./subscriptions.js').SetMessage} SetMessage */
/** @typedef {import('./handlers.js').Handler} Handler */

/**
 * @typedef {object} Open
 * @property {(input: any) => void} deliver any: what `toInput` of the entry gives
 * @property {() => void} [close]
 */

/**
 * @typedef {object} DispatcherEntry
 * @property {string} name
 * @property {number} [most] messages in one sample, at most: for who takes milliseconds for each
 * @property {import('./subscriptions.js').Encode} [encode] missing: takes messages as they are, matches only
 * @property {(bytes: Uint8Array) => unknown} [toInput] what arrives; the bytes, unless said
 * @property {(patterns: string[], handlers: Handler[], addresses: string[]) => Open | Promise<Open>} open `handlers`: one for each
 *   pattern; `addresses`: those of the hot messages
 */

export const OURS = 'clasp-p2p';
export const BEST_STACK = 'msgpackr records + qlobber + cache';

const CACHED = 10_000; // addresses that a cache holds before it begins anew: what arrives must not make it grow for ever

/** What qlobber needs to understand our patterns. */
const GRAMMAR = { separator: '/', wildcard_one: '*', wildcard_some: '**' };

/** @type {DispatcherEntry['open']} */
async function openOurs(patterns, handlers) {
  await ready();
  const dispatcher = new Dispatcher();
  patterns.forEach((pattern, i) => dispatcher.on(pattern, /** @type {any} */ (handlers[i])));
  return { deliver: (bytes) => dispatcher.dispatch(bytes), close: () => dispatcher.close() };
}

/** A socket that nothing goes through: what arrives is given to `onmessage` by hand. */
class LoopSocket {
  static OPEN = 1;
  /** @type {LoopSocket | undefined} */ static last;
  readyState = LoopSocket.OPEN;
  /** @type {(event: {data: ArrayBuffer}) => void} */ onmessage = () => {};
  constructor() {
    LoopSocket.last = this;
  }
  send() {}
  close() {}
}

const WELCOME = { version: 1, session: 'bench', name: 'bench', features: [], time: 0 };

/** @param {Uint8Array} bytes */
const bufferOf = (bytes) => /** @type {ArrayBuffer} */ (bytes.slice().buffer);

/** @type {DispatcherEntry['open']} */
async function openCore(patterns, handlers) {
  const { WebSocket } = globalThis;
  globalThis.WebSocket = /** @type {any} */ (LoopSocket);
  try {
    const client = new Clasp('ws://localhost', { reconnect: false });
    const connected = client.connect();
    const socket = /** @type {LoopSocket} */ (LoopSocket.last);
    socket.onmessage({ data: bufferOf(encode({ type: 'WELCOME', ...WELCOME })) });
    await connected;
    patterns.forEach((pattern, i) => client.on(pattern, /** @type {any} */ (handlers[i])));
    return { deliver: (data) => socket.onmessage({ data }), close: () => client.close() };
  } finally {
    globalThis.WebSocket = WebSocket;
  }
}

/** @param {string[]} patterns @param {Handler[]} handlers */
function matcherOf(patterns, handlers) {
  const matcher = new qlobber.Qlobber(GRAMMAR);
  patterns.forEach((pattern, i) => matcher.add(pattern, handlers[i]));
  return matcher;
}

/** @type {DispatcherEntry['open']} */
function openQlobber(patterns, handlers) {
  const matcher = matcherOf(patterns, handlers);
  return {
    deliver(bytes) {
      const { address, value } = packr.unpack(bytes);
      const matched = matcher.match(address);
      for (let i = 0; i < matched.length; i++) matched[i](value, address);
    },
  };
}

/** @type {DispatcherEntry['open']} */
function openCached(patterns, handlers) {
  const matcher = matcherOf(patterns, handlers);
  /** @type {Map<string, Handler[]>} */
  const cache = new Map();
  return {
    deliver(bytes) {
      const { address, value } = packr.unpack(bytes);
      let matched = cache.get(address);
      if (matched === undefined) {
        matched = /** @type {Handler[]} */ (matcher.match(address));
        if (cache.size >= CACHED) cache.clear();
        cache.set(address, matched);
      }
      for (let i = 0; i < matched.length; i++) matched[i](value, address);
    },
  };
}

/** Each address has its handlers from the start. @type {DispatcherEntry['open']} */
function openExact(patterns, handlers, addresses) {
  const matcher = matcherOf(patterns, handlers);
  const table = new Map(
    addresses.map((address) => [address, /** @type {Handler[]} */ (matcher.match(address))]),
  );
  return {
    deliver({ address, value }) {
      const matched = /** @type {Handler[]} */ (table.get(address));
      for (let i = 0; i < matched.length; i++) matched[i](value, address);
    },
  };
}

/** @type {DispatcherEntry} */
export const OUR_DISPATCHER = { name: OURS, encode: toFrame, open: openOurs };

/** @type {DispatcherEntry} */
export const BEST_DISPATCHER = { name: BEST_STACK, encode: toRecord, open: openCached };

/** @type {DispatcherEntry[]} */
export const DISPATCHERS = [
  OUR_DISPATCHER,
  {
    name: '@clasp-to/core',
    most: 20_000,
    encode: toFrame,
    toInput: bufferOf,
    open: openCore,
  },
  { name: 'msgpackr records + qlobber', encode: toRecord, open: openQlobber },
  BEST_DISPATCHER,
  { name: 'exact-match emitter, match only', open: openExact },
];
