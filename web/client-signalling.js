import { inside } from './connection.js';

/** @typedef {import('../js-glue/client-session.js').ClientSession} ClientSession */
/** @typedef {import('../js-glue/session.js').RawHandler} RawHandler */
/** @typedef {import('../js-glue/signalling.js').Signalling} Signalling */
/** @typedef {import('../js-glue/signalling.js').StateListener} StateListener */
/** @typedef {import('./connection.js').Connection} Connection */

/** A subscription to events whose values are not read, and what it is at the router while there is a session. */
export class RawSubscription {
  #pattern;
  #handler;
  /** @type {ClientSession | undefined} */ #session;
  #id = 0;

  /**
   * @param {string} pattern
   * @param {RawHandler} handler
   */
  constructor(pattern, handler) {
    this.#pattern = pattern;
    this.#handler = handler;
  }

  /** @param {ClientSession} session */
  start(session) {
    this.#id = session.subscribeRaw(this.#pattern, this.#handler);
    this.#session = session;
  }

  stop() {
    this.#session?.unsubscribe(this.#id);
    this.#session = undefined;
  }
}

/**
 * @param {Connection} connection
 * @param {string} pattern
 * @param {RawHandler} handler
 */
function subscribe(connection, pattern, handler) {
  const subscription = new RawSubscription(pattern, handler);
  const session = inside.session(connection);
  if (session) subscription.start(session);
  inside.raw(connection).add(subscription);
  return () => {
    if (inside.raw(connection).delete(subscription)) subscription.stop();
  };
}

/**
 * @param {Connection} connection
 * @param {StateListener} listener
 */
function onState(connection, listener) {
  const life = new AbortController();
  const { signal } = life;
  connection.addEventListener('connect', ({ detail }) => listener(detail.session), { signal });
  connection.addEventListener('disconnect', ({ detail }) => listener('', detail.error), { signal });
  return () => life.abort();
}

/**
 * A client's connection as what carries signals.
 * @param {Connection} connection
 * @returns {Signalling}
 */
export const signallingOf = (connection) => ({
  get session() {
    return (connection.connected && connection.session) || '';
  },
  get connected() {
    return connection.connected;
  },
  subscribe: (pattern, handler) => subscribe(connection, pattern, handler),
  publish: (address, value) => inside.use(connection).publishRaw(address, value),
  onState: (listener) => onState(connection, listener),
  onRefused: inside.refusals(connection).add,
  renew: () => inside.session(connection)?.renew(),
  check: () => inside.session(connection)?.check(),
});
