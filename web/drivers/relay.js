import { CONFERENCE } from '../../js-glue/conference-module.js';
import { Core } from '../../js-glue/core.js';
import { Session } from '../../js-glue/session.js';
import { preconnect } from '../../js-glue/socket-class.js';
import { keepAlive } from '../../js-glue/network.js';
import { ClaspError } from '../error.js';
import { MemoryDriver } from './memory.js';

/**
 * @typedef {object} RelayOptions
 * @property {string} [url] ws:// or wss://; 'ws://localhost:7330'
 * @property {string} [name] as the relay is told; 'clasp-p2p'
 * @property {string} [token] where the relay asks for one
 * @property {boolean} [reconnect] come back by itself after a loss; true
 * @property {number} [backoff] milliseconds before the first try after a loss; they grow from try to try
 */

/** @typedef {'idle' | 'connecting' | 'open' | 'waiting' | 'closed'} RelayState waiting: for the next try */

/** @type {Record<import('../../js-glue/session.js').State, RelayState>} */
const STATES = {
  IDLE: 'idle',
  CONNECTING: 'connecting',
  GREETING: 'connecting',
  OPEN: 'open',
  WAITING: 'waiting',
  CLOSED: 'closed',
};

/** What is kept while the core is being loaded. */
const EARLY_MAX = 1024;

/** The three characters that a segment of an address cannot have, and what takes their place. @param {string} part */
const segmentOf = (part) =>
  part.replace(/[%*/]/g, (it) => `%${it.charCodeAt(0).toString(16).toUpperCase()}`);

/** @param {string[]} namespace */
const addressOf = (namespace) => `/p2p/${namespace.map(segmentOf).join('/')}`;

/**
 * @typedef {object} RelayEvents by name, what `detail` holds
 * @property {{session: string}} open under this id at the relay
 * @property {{error?: ClaspError}} close it was lost, and comes back by itself; without `error`: by close()
 * @property {{error: ClaspError}} error a try that failed, or a fault that ends nothing
 */

/** @typedef {new () => import('../conference.js').Typed<RelayEvents> & MemoryDriver} Base */

const Base = /** @type {Base} */ (
  /** @type {unknown} its listeners take any event */ (MemoryDriver)
);

/** Signals through a CLASP relay; connects when first used. */
export class RelayDriver extends Base {
  #options;
  /** @type {RelayState} */ #state = 'idle';
  /** @type {Session | undefined} */ #session;
  /** @type {((session: Session) => void)[]} */ #early = [];
  /** @type {Map<string, number>} */ #subscriptions = new Map(); // by address
  #end = new AbortController();
  /** @type {() => void} */ #opened = () => {};
  /** @type {(error: ClaspError) => void} */ #failed = () => {};

  /** Resolved when the session is open for the first time; rejected when it is closed before. @type {Promise<void>} */
  ready = new Promise((resolve, reject) => {
    this.#opened = resolve;
    this.#failed = reject;
  });

  /**
   * @param {RelayOptions} [options]
   * @throws {ClaspError} BAD_OPTION
   */
  constructor({ url = 'ws://localhost:7330', ...options } = {}) {
    super();
    if (!/^wss?:\/\/./i.test(url)) throw new ClaspError('BAD_OPTION', 'url: ws://… or wss://…');
    this.#options = { url, ...options };
    this.ready.catch(() => {}); // whoever awaits it is told
  }

  /** @returns {RelayState} */
  get state() {
    return this.#state;
  }

  /**
   * @override
   * @param {string[]} namespace
   * @param {import('./memory.js').Handler} handler
   * @throws {ClaspError} BAD_STATE after close()
   */
  on(namespace, handler) {
    if (!this.hasHandlers(namespace)) {
      const address = addressOf(namespace);
      this.#use((session) => {
        this.#subscriptions.set(
          address,
          session.subscribe(address, (message) => super.emit(namespace, message)),
        );
      });
    }
    super.on(namespace, handler);
  }

  /**
   * @override
   * @param {string[]} namespace
   * @param {import('./memory.js').Handler} handler the same function
   */
  off(namespace, handler) {
    const had = this.hasHandlers(namespace);
    super.off(namespace, handler);
    if (!had || this.hasHandlers(namespace) || this.#state === 'closed') return;
    const address = addressOf(namespace);
    this.#use((session) =>
      session.unsubscribe(/** @type {number} */ (this.#subscriptions.get(address))),
    );
  }

  /**
   * @override
   * @param {string[]} namespace
   * @param {object} message it waits a while for the session to open
   * @throws {ClaspError} BAD_STATE after close(); QUEUE_FULL; TOO_LARGE (over a frame), TOO_DEEP, BAD_VALUE_TYPE
   */
  emit(namespace, message) {
    this.#use((session) => session.publish(addressOf(namespace), message));
    queueMicrotask(() => super.emit(namespace, message)); // the relay does not speak back to who spoke
  }

  /** End the session for good. Idempotent; raises a last `close` where it was open, and nothing after. */
  close() {
    if (this.#state === 'closed') return;
    this.#session?.close();
    this.#ended();
  }

  [Symbol.dispose]() {
    this.close();
  }

  /**
   * Act on the session, as soon as there is one.
   * @param {(session: Session) => void} action
   */
  #use(action) {
    if (this.#state === 'closed') throw new ClaspError('BAD_STATE', 'the driver is closed');
    if (this.#session) return action(this.#session);
    if (this.#early.length >= EARLY_MAX) throw new ClaspError('QUEUE_FULL');
    this.#early.push(action);
    if (this.#state === 'idle') this.#open();
  }

  async #open() {
    this.#state = 'connecting';
    const settle = preconnect(this.#options.url);
    try {
      const core = await Core.load(CONFERENCE);
      if (this.#state !== 'connecting') return; // closed meanwhile
      this.#session = new Session(core, {
        turned: (state, id, error) => this.#turned(STATES[state], id, error),
        failed: (error) => this.#raise('error', { error }),
      });
      this.#session.open(this.#options);
      keepAlive(this.#session, this.#end.signal);
    } catch (error) {
      this.#session = undefined;
      this.#state = 'idle'; // the next use tries again
      return this.#raise('error', { error });
    } finally {
      settle();
    }
    for (const action of this.#early.splice(0))
      this.#try(() => action(/** @type {Session} */ (this.#session)));
  }

  /** @param {() => void} action whose caller is no longer there to be told */
  #try(action) {
    try {
      action();
    } catch (error) {
      this.#raise('error', { error });
    }
  }

  /** @type {(state: RelayState, session: string, error?: ClaspError) => void} */
  #turned(state, session, error) {
    const wasOpen = this.#state === 'open';
    this.#state = state;
    if (state === 'open') {
      this.#opened();
      this.#raise('open', { session });
    } else if (wasOpen) {
      this.#raise('close', error ? { error } : {});
    } else if (error) {
      this.#raise('error', { error });
    }
    if (state === 'closed') this.#ended(error);
  }

  /** @param {ClaspError} [error] */
  #ended(error = new ClaspError('ABORTED', 'closed before it was open')) {
    this.#state = 'closed';
    this.#early = [];
    this.#end.abort();
    this.#failed(error);
  }

  /**
   * @param {'open' | 'close' | 'error'} type
   * @param {object} detail
   */
  #raise(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
