import { ClaspError } from './error.js';
import { Registration } from './registration.js';

export { Registration };

/**
 * @typedef {object} Device what is registered
 * @property {string} [name] else `metadata.name`, else the peer id
 * @property {string} [peerId] how others are to call this peer; goes into the metadata
 * @property {Record<string, string>} [endpoints] where it is reached, such as `{ ws: 'wss://host:7330' }`; `{}`
 * @property {string} [publicKey]
 * @property {string[]} [features]
 * @property {string[]} [tags] by which it is found
 * @property {Record<string, unknown>} [metadata] JSON. A server that takes strings alone is given the rest as JSON text
 */

/**
 * @typedef {object} Found a device as discover() tells of it
 * @property {string} id `peerId` of its metadata where it has one, else as `registration`
 * @property {string} registration the id that the server gave it
 * @property {string} name
 * @property {string} [publicKey]
 * @property {string[]} features
 * @property {Record<string, string>} endpoints
 * @property {string[]} tags
 * @property {Record<string, unknown>} metadata
 * @property {number} registeredAt microseconds since the epoch
 * @property {number} lastSeen microseconds since the epoch
 */

/**
 * @typedef {object} Query
 * @property {string} [tag]
 * @property {string[]} [tags] all of them have to hold
 * @property {string} [feature]
 * @property {number} [limit] most devices; 100
 * @property {AbortSignal} [signal]
 */

/**
 * @typedef {object} Registered
 * @property {string} id for refresh() and unregister(): who knows it may do either
 * @property {number} timestamp microseconds since the epoch
 * @property {number} ttl seconds
 */

/**
 * @typedef {object} RendezvousOptions
 * @property {typeof globalThis.fetch} [fetch] in place of the global one
 * @property {AbortSignal} [signal] ends every request but unregister(), and every registration that is kept
 */

/** @typedef {{method?: string, body?: string, signal?: AbortSignal, keepalive?: boolean}} Request */

const DEFAULT_URL = 'http://localhost:7340';
const PATIENCE_MS = 10_000; // for a whole answer
const ANSWER_MAX = 8 << 20; // bytes: twice the most that the server of this package says
const WORDS_MAX = 200; // characters of an error's body that are passed on
const LIMIT = 100; // the server's own default
const LIMIT_MAX = 1000; // its most

/** @typedef {Record<string, unknown>} Json */

/** @param {unknown} it @returns {it is Json} */
const isObject = (it) => typeof it === 'object' && it !== null && !Array.isArray(it);

/** @param {unknown} it @returns {it is string} */
const isText = (it) => typeof it === 'string';

/** @param {unknown} it */
const isTime = (it) => typeof it === 'number' && Number.isFinite(it);

/** @param {unknown} it @returns {string[]} */
const textsOf = (it) => (Array.isArray(it) ? it.filter(isText) : []);

/** The members of an object whose values are text; what is called __proto__ is a member as any other. @param {unknown} it */
function textMapOf(it) {
  const entries = isObject(it) ? Object.entries(it).filter(([, value]) => isText(value)) : [];
  return /** @type {Record<string, string>} */ (Object.fromEntries(entries));
}

/**
 * @param {unknown} it an entry of an answer
 * @returns {Found[]} none, when it is no device
 */
function foundIn(it) {
  if (!isObject(it) || !isText(it.id)) return [];
  const metadata = isObject(it.metadata) ? it.metadata : {};
  const peerId = Object.hasOwn(metadata, 'peerId') ? metadata.peerId : '';
  return [
    {
      id: isText(peerId) && peerId !== '' ? peerId : it.id,
      registration: it.id,
      name: isText(it.name) ? it.name : '',
      ...(isText(it.publicKey) && { publicKey: it.publicKey }),
      features: textsOf(it.features),
      endpoints: textMapOf(it.endpoints),
      tags: textsOf(it.tags),
      metadata,
      registeredAt: isTime(it.registeredAt) ? Number(it.registeredAt) : 0,
      lastSeen: isTime(it.lastSeen) ? Number(it.lastSeen) : 0,
    },
  ];
}

/**
 * The document of a device: what servers need is filled in.
 * @param {Device} device
 * @throws {ClaspError} BAD_OPTION
 */
function documentOf({ peerId, metadata = {}, ...device }) {
  const all = peerId === undefined ? metadata : { ...metadata, peerId };
  const name = [device.name, all.name, all.peerId].find((it) => isText(it) && it !== '');
  if (name === undefined && device.name === undefined)
    throw new ClaspError('BAD_OPTION', 'a device needs a name, or a peerId');
  return { ...device, name: name ?? device.name, endpoints: device.endpoints ?? {}, metadata: all };
}

/** The same with text alone in its metadata. @param {ReturnType<typeof documentOf>} document */
function withTexts(document) {
  const entries = Object.entries(document.metadata).map(([key, value]) => [
    key,
    isText(value) ? value : (JSON.stringify(value) ?? ''),
  ]);
  return { ...document, metadata: Object.fromEntries(entries) };
}

/**
 * The text of an answer, whose bytes are bounded.
 * @param {Response} response
 */
async function readText(response) {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (let length = 0; reader;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > ANSWER_MAX) {
      reader.cancel().catch(() => {});
      throw new ClaspError('TOO_LARGE', 'the rendezvous server says too much');
    }
    text += decoder.decode(value, { stream: true });
  }
  return text + decoder.decode();
}

/**
 * @param {number} status
 * @param {string} body
 */
function refusal(status, body) {
  const code = status === 429 ? 'LIMIT' : status === 413 ? 'TOO_LARGE' : 'RELAY_REFUSED';
  const words = body.slice(0, WORDS_MAX).trim();
  return new ClaspError(code, `the rendezvous server answered ${status}${words && `: ${words}`}`);
}

/** @param {string} text */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ClaspError('BAD_JSON', 'the rendezvous server answered with no JSON', { cause });
  }
}

/** A rendezvous server, where devices register and are found. It is asked by HTTP, and nothing stays open between. */
export class Rendezvous {
  #base;
  #fetch;
  #signal;
  #takesTexts = false; // it has refused metadata that was not

  /**
   * @param {string} [url] of the server, without a path; 'http://localhost:7340'
   * @param {RendezvousOptions} [options]
   * @throws {ClaspError} BAD_OPTION
   */
  constructor(url = DEFAULT_URL, { fetch = globalThis.fetch, signal } = {}) {
    if (!/^https?:\/\/./i.test(url))
      throw new ClaspError('BAD_OPTION', 'url: http://… or https://…');
    this.#base = `${url.replace(/\/+$/, '')}/api/v1`;
    this.#fetch = fetch.bind(globalThis);
    this.#signal = signal;
  }

  /**
   * Register a device. It is found until its ttl is over: refresh() it in time, or let keep() do so.
   * @param {Device} device
   * @param {{signal?: AbortSignal}} [options]
   * @returns {Promise<Registered>}
   * @throws {ClaspError} BAD_OPTION; LIMIT: this address has registered too many; TOO_LARGE; RELAY_REFUSED,
   *   RELAY_UNREACHABLE, TIMEOUT, BAD_JSON, ABORTED
   */
  async register(device, { signal } = {}) {
    const document = documentOf(device);
    const first = this.#takesTexts ? withTexts(document) : document;
    let answer = await this.#post(first, signal);
    if (answer.status === 422 && !this.#takesTexts) {
      answer = await this.#post(withTexts(document), signal);
      this.#takesTexts = answer.status === 201;
    }
    if (answer.status !== 201 && answer.status !== 200) throw refusal(answer.status, answer.text);
    const { id, timestamp, ttl } = parse(answer.text) ?? {};
    if (!isText(id) || !isTime(ttl) || ttl <= 0)
      throw new ClaspError('RELAY_REFUSED', 'the rendezvous server gave no id, or no ttl');
    return { id, timestamp: isTime(timestamp) ? timestamp : 0, ttl };
  }

  /**
   * Look for devices.
   * @param {Query} [query] without one: any
   * @returns {Promise<Found[]>} in no order that means anything
   * @throws {ClaspError} RELAY_REFUSED, RELAY_UNREACHABLE, TIMEOUT, TOO_LARGE, BAD_JSON, ABORTED
   */
  async discover({ tag, tags = [], feature, limit = LIMIT, signal } = {}) {
    const wanted = tag === undefined ? tags : [tag, ...tags];
    const query = new URLSearchParams(); // a server takes one tag: the others are looked for here
    if (wanted.length > 0) query.set('tag', wanted[0]);
    if (feature !== undefined) query.set('feature', feature);
    query.set('limit', String(wanted.length > 1 ? LIMIT_MAX : limit));
    const { status, text } = await this.#ask(`discover?${query}`, { signal });
    if (status !== 200) throw refusal(status, text);
    const answer = parse(text);
    const entries = Array.isArray(answer) ? answer : isObject(answer) ? answer.devices : [];
    const found = (Array.isArray(entries) ? entries : []).flatMap(foundIn);
    return found.filter((it) => wanted.every((one) => it.tags.includes(one))).slice(0, limit);
  }

  /**
   * Let a device live for another ttl.
   * @param {string} id as register() gave it
   * @param {{signal?: AbortSignal}} [options]
   * @returns {Promise<boolean>} false: the server does not know it, or no longer
   * @throws {ClaspError} RELAY_REFUSED, RELAY_UNREACHABLE, TIMEOUT, TOO_LARGE, ABORTED
   */
  refresh(id, { signal } = {}) {
    return this.#touch('refresh', id, { method: 'POST', signal });
  }

  /**
   * Remove a device. It also works while the page is being closed.
   * @param {string} id as register() gave it
   * @param {{signal?: AbortSignal}} [options]
   * @returns {Promise<boolean>} false: the server does not know it, or no longer
   * @throws {ClaspError} RELAY_REFUSED, RELAY_UNREACHABLE, TIMEOUT, TOO_LARGE, ABORTED
   */
  unregister(id, { signal } = {}) {
    return this.#touch('unregister', id, { method: 'DELETE', signal, keepalive: true });
  }

  /**
   * Register a device, and see to it that it stays: refreshed in time, registered again when the server has forgotten it.
   * @param {Device} device
   * @returns {Registration} at work already
   * @throws {ClaspError} BAD_OPTION
   */
  keep(device) {
    documentOf(device);
    return new Registration(this, device, this.#signal);
  }

  /**
   * @param {'refresh' | 'unregister'} call
   * @param {string} id
   * @param {Request} request
   */
  async #touch(call, id, request) {
    const { status, text } = await this.#ask(`${call}/${encodeURIComponent(id)}`, request);
    if (status === 404) return false;
    if (status !== 200 && status !== 204) throw refusal(status, text);
    return true;
  }

  /**
   * @param {object} document
   * @param {AbortSignal} [signal]
   */
  #post(document, signal) {
    return this.#ask('register', { method: 'POST', body: JSON.stringify(document), signal });
  }

  /**
   * @param {string} path
   * @param {Request} request
   * @returns {Promise<{status: number, text: string}>}
   */
  async #ask(path, { signal, body, ...init }) {
    const life = new AbortController();
    const stop = () => life.abort();
    const own = init.keepalive ? undefined : this.#signal; // a last word is said after the end, too
    const signals = [own, signal].filter((it) => it !== undefined);
    for (const it of signals) it.addEventListener('abort', stop, { once: true });
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      stop();
    }, PATIENCE_MS);
    try {
      if (signals.some(({ aborted }) => aborted)) stop();
      const headers = body === undefined ? undefined : { 'content-type': 'application/json' };
      const response = await this.#fetch(`${this.#base}/${path}`, {
        ...init,
        body,
        headers,
        signal: life.signal,
      });
      return { status: response.status, text: await readText(response) };
    } catch (cause) {
      if (cause instanceof ClaspError) throw cause;
      if (isLate) throw new ClaspError('TIMEOUT', 'the rendezvous server does not answer in time');
      if (life.signal.aborted) throw new ClaspError('ABORTED', undefined, { cause });
      throw new ClaspError('RELAY_UNREACHABLE', 'the rendezvous server cannot be reached', {
        cause,
      });
    } finally {
      clearTimeout(timer);
      for (const it of signals) it.removeEventListener('abort', stop);
    }
  }
}
