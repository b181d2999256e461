import { Registry } from '../js-glue/registry.js';
import { addressOf, hostOf } from './address.js';
import { Budget, readBody } from './body.js';

/** @typedef {import('node:http').IncomingMessage} Request */
/** @typedef {import('node:http').ServerResponse} Response */
/** @typedef {import('../js-glue/error.js').ClaspError} ClaspError */

/**
 * @typedef {object} OwnOptions
 * @property {(request: Request) => string} [source] what a request is counted under for `maxPerSource`: by default its
 *   address, of IPv6 the /64. Behind a proxy all come from one address: name another here
 * @property {number} [patience] milliseconds for a request's body to come; 10,000
 */

/** @typedef {OwnOptions & import('../js-glue/registry.js').RegistryLimits} RendezvousOptions */

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {string} [type] of the body
 * @property {string | Uint8Array} [body]
 * @property {Record<string, string>} [headers] further ones
 */

/** @typedef {(context: {registry: Registry, source: string}, id: string, query: string, body: Buffer) => Answer} Action */

const PATIENCE_MS = 10_000;
const TAKING_MS = 60_000; // for an answer to be taken
const HELD_MAX = 64 << 20; // bytes of bodies that come and answers that go, at once

const ORIGIN = { 'access-control-allow-origin': '*' };
const PREFLIGHT = {
  ...ORIGIN,
  'access-control-allow-methods': '*',
  'access-control-allow-headers': '*',
};

const JSON_TYPE = /^application\/(?:[^\s;/]+\+)?json\s*(?:;|$)/i;
const U64_MAX = 2n ** 64n - 1n;

/** An answer that says why not. */
class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} [words] the body; none: it is empty
   * @param {Record<string, string>} [headers]
   */
  constructor(status, words = '', headers = {}) {
    super(words);
    this.status = status;
    this.headers = headers;
  }
}

/** The status for a refusal of the registry; anything else is 500. @type {Record<string, number>} */
const STATUS = {
  BAD_JSON: 400,
  BAD_UTF8: 400,
  TOO_DEEP: 400,
  BAD_HANDLE: 404,
  TOO_LARGE: 413,
  BAD_FIELD: 422,
  LIMIT: 429,
  NO_MEMORY: 503,
};

/** The status for a body that could not be read. @type {Record<string, number>} */
const BODY_STATUS = { 'too-slow': 408, 'too-large': 413, 'no-room': 503 };

/* ---- what is asked for ---- */

/**
 * @param {URLSearchParams} query
 * @param {string} key
 */
function only(query, key) {
  const values = query.getAll(key);
  if (values.length > 1) throw new Refusal(400, `"${key}" stands in the query more than once`);
  return values.at(0);
}

/** @param {string | undefined} text */
function limitFrom(text) {
  if (text === undefined) return undefined;
  if (!/^\+?\d{1,40}$/.test(text) || BigInt(text.replace('+', '')) > U64_MAX) {
    throw new Refusal(400, '"limit" is not a whole number');
  }
  return Number(text);
}

/** What is no percent-encoding stands for itself. @param {string} text as it came */
function queryFrom(text) {
  const query = new URLSearchParams(text);
  return {
    tag: only(query, 'tag'),
    feature: only(query, 'feature'),
    limit: limitFrom(only(query, 'limit')),
  };
}

/** @type {Record<string, Action>} */
const ACTIONS = {
  register: ({ registry, source }, _id, _query, body) => ({
    status: 201,
    type: 'application/json',
    body: registry.register(body, source),
  }),
  discover: ({ registry }, _id, query) => ({
    status: 200,
    type: 'application/json',
    body: registry.discover(queryFrom(query)),
    headers: { 'cache-control': 'no-store' },
  }),
  refresh({ registry }, id) {
    registry.refresh(id);
    return { status: 200 };
  },
  unregister({ registry }, id) {
    registry.unregister(id);
    return { status: 204 };
  },
  health: () => ({ status: 200, type: 'text/plain; charset=utf-8', body: 'OK' }),
};

/** @type {{path: RegExp, method: 'GET' | 'POST' | 'DELETE', action: keyof ACTIONS, takesJson?: true}[]} */
const ROUTES = [
  { path: /^\/api\/v1\/register$/, method: 'POST', action: 'register', takesJson: true },
  { path: /^(?:\/api\/v1)?\/discover$/, method: 'GET', action: 'discover' },
  { path: /^\/api\/v1\/refresh\/([^/]+)$/, method: 'POST', action: 'refresh' },
  { path: /^\/api\/v1\/unregister\/([^/]+)$/, method: 'DELETE', action: 'unregister' },
  { path: /^\/api\/v1\/health$/, method: 'GET', action: 'health' },
];

const OWN_PATH = /^\/(?:api\/v1(?:\/|$)|discover$)/;

/** @param {Request} request @returns {[path: string, query: string]} */
function splitUrl({ url = '' }) {
  const [, path, query = ''] = /** @type {RegExpMatchArray} it matches anything */ (
    url.replace(/^https?:\/\/[^/?]*/i, '').match(/^([^?]*)\??(.*)$/s)
  );
  return [path, query];
}

/**
 * @param {Request} request
 * @param {string} path
 */
function routeOf(request, path) {
  for (const route of ROUTES) {
    const match = route.path.exec(path);
    if (!match) continue;
    if (request.method !== route.method && !(request.method === 'HEAD' && route.method === 'GET')) {
      const allow = route.method === 'GET' ? 'GET,HEAD' : route.method;
      throw new Refusal(405, '', { allow });
    }
    if (route.takesJson && !JSON_TYPE.test(request.headers['content-type'] ?? '')) {
      throw new Refusal(415, 'the Content-Type has to be application/json');
    }
    return { ...route, id: match.at(1) ?? '' };
  }
  throw new Refusal(404);
}

/* ---- the handler ---- */

/**
 * The rendezvous (docs/rendezvous.md) as a handler of requests, for any server of node:http:
 *
 *     createServer(rendezvous.serve)
 */
export class Rendezvous {
  #registry;
  #source;
  #patience;
  #budget = new Budget(HELD_MAX);
  /** @type {Set<Response>} under way */ #open = new Set();

  /**
   * @param {RendezvousOptions} [options]
   * @throws {ClaspError} BAD_OPTION, LOAD
   */
  static async open(options = {}) {
    return new Rendezvous(await Registry.open(options), options);
  }

  /**
   * @param {Registry} registry
   * @param {RendezvousOptions} options
   */
  constructor(registry, { source, patience = PATIENCE_MS }) {
    this.#registry = registry;
    this.#source = source ?? ((request) => hostOf(addressOf(request, false)).join());
    this.#patience = patience;
  }

  stats = () => this.#registry.stats();

  /** True if a request is for the rendezvous, on a server that has other paths, too. @param {Request} request */
  owns = (request) => OWN_PATH.test(splitUrl(request)[0]);

  /**
   * Answers any request; those that are not for the rendezvous by 404.
   * @param {Request} request
   * @param {Response} response
   */
  serve = (request, response) => {
    this.#open.add(response);
    response.on('error', () => {}); // 'close' follows
    response.on('close', () => this.#open.delete(response));
    this.#answerTo(request).then(
      (answer) => answer && this.#send(response, answer),
      () => response.destroy(),
    );
  };

  /** Cut off what is under way. No deadline fires any more. */
  close() {
    for (const response of this.#open) response.destroy();
    this.#registry.close();
  }

  /**
   * @param {Request} request
   * @returns {Promise<Answer | undefined>} undefined: nobody is there to be told
   */
  async #answerTo(request) {
    const { 'access-control-request-method': asked } = request.headers;
    const [path, query] = splitUrl(request);
    try {
      if (request.method === 'OPTIONS' && asked) return { status: 200, headers: PREFLIGHT };
      const route = await this.#routed(request, path);
      if (!route) return undefined;
      const context = { registry: this.#registry, source: this.#source(request) };
      return ACTIONS[route.action](context, route.id, query, route.body);
    } catch (error) {
      return this.#refused(error);
    }
  }

  /**
   * Find the route, and read the body in any case: an answer has to wait until the request is there.
   * @param {Request} request
   * @param {string} path
   */
  async #routed(request, path) {
    /** @type {ReturnType<typeof routeOf> | undefined} */ let route;
    /** @type {unknown} */ let refusal;
    try {
      route = routeOf(request, path);
    } catch (error) {
      refusal = error;
    }
    const most = route?.takesJson ? this.#registry.maxDocument : 0;
    const read = await readBody(request, { most, patience: this.#patience, budget: this.#budget });
    const failure = 'failure' in read ? read.failure : undefined;
    if (failure === 'gone') return undefined;
    if (!route) throw refusal;
    if (failure && (route.takesJson || failure === 'too-slow')) {
      throw new Refusal(BODY_STATUS[failure], words(failure), { connection: 'close' });
    }
    return { ...route, body: 'body' in read ? read.body : Buffer.alloc(0) };
  }

  /**
   * @param {unknown} error
   * @returns {Answer}
   */
  #refused(error) {
    const { code = '', message } = /** @type {ClaspError} */ (error);
    const status = error instanceof Refusal ? error.status : (STATUS[code] ?? 500);
    const headers = error instanceof Refusal ? { ...error.headers } : {};
    if (status === 429) headers['retry-after'] = String(this.#registry.ttl);
    const body = status === 404 || status === 500 ? '' : message;
    return { status, headers, body, type: body ? 'text/plain; charset=utf-8' : undefined };
  }

  /**
   * @param {Response} response
   * @param {Answer} answer
   */
  #send(response, { status, type, body = '', headers }) {
    const length = Buffer.byteLength(body);
    if (!this.#budget.take(length)) {
      response.writeHead(503, { ...ORIGIN, 'retry-after': '1', 'content-length': 0 }).end();
      return;
    }
    const timer = setTimeout(() => response.destroy(), TAKING_MS);
    response.on('close', () => {
      clearTimeout(timer);
      this.#budget.giveBack(length);
    });
    response.writeHead(status, {
      ...ORIGIN,
      ...(type && { 'content-type': type }),
      ...(status !== 204 && { 'content-length': length }),
      ...headers,
    });
    response.end(body);
  }
}

/** @param {string} failure of a body */
function words(failure) {
  if (failure === 'too-large') return 'the registration is too large';
  return failure === 'too-slow' ? 'the request did not come in time' : 'too much at once';
}
