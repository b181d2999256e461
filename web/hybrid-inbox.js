import { surface } from '../js-glue/error.js';
import { inside } from './connection.js';

/** @typedef {import('./clasp.js').Clasp} Clasp */
/** @typedef {import('./clasp.js').SignalType} SignalType */
/** @typedef {import('./peer.js').Peer} Peer */
/** @typedef {import('./subscription.js').Subscription} Subscription */
/** @typedef {{subscription: Subscription, address: string}} Match */

/** Addresses whose subscriptions are kept in mind. */
const KNOWN_MAX = 4096;

/** @param {Match} match @param {any} value any: what was said @param {SignalType} signal */
function give({ subscription, address }, value, signal) {
  try {
    subscription.take(value, address, signal);
  } catch (cause) {
    surface(cause); // one handler's fault is not the next one's
  }
}

/** True where a pattern may match addresses under /peer/. @param {string} pattern */
export const mayReachPeers = (pattern) => /^\/(?:peer\/|[^/]*\*)/.test(pattern);

/**
 * What peers say directly, given to the subscriptions of a client: at `/rest` as if at `/peer/{own id}/rest`, where the router would
 * have brought it; to those that match that not, as if at `/peer/{its id}/rest`.
 */
export class Inbox {
  #client;
  #ownId;
  /** @type {Map<string, Match[]>} */ #known = new Map();

  /**
   * @param {Clasp} client
   * @param {() => string} ownId
   */
  constructor(client, ownId) {
    this.#client = client;
    this.#ownId = ownId;
  }

  /** Hear a peer from now on. @param {Peer} peer */
  open(peer) {
    peer.on('/**', (value, rest, signal) => {
      for (const match of this.#matches(peer.id, rest)) give(match, value, signal);
    });
  }

  /**
   * Tell a new subscription the params that a peer has set before.
   * @param {Peer} peer
   * @param {Subscription} subscription
   */
  replay(peer, subscription) {
    const off = peer.on('/**', (value, rest, signal) => {
      const match = this.#matches(peer.id, rest).find((it) => it.subscription === subscription);
      if (match && signal === 'param') give(match, value, signal);
    });
    queueMicrotask(off); // within a handler they come when its turn is over
  }

  /** The subscriptions are others now. */
  renew() {
    this.#known.clear();
  }

  /** @param {string} id @param {string} rest */
  #matches(id, rest) {
    const key = `/peer/${id}${rest}`;
    const own = `/peer/${this.#ownId()}${rest}`;
    const known = this.#known.get(own + key);
    if (known) return known;
    const found = [...inside.subscriptions(this.#client)].flatMap((subscription) =>
      [own, key]
        .filter((address) => this.#match(subscription, address))
        .slice(0, 1)
        .map((address) => ({ subscription, address })),
    );
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.set(own + key, found);
    return found;
  }

  /** @param {Subscription} subscription @param {string} address */
  #match({ pattern }, address) {
    return mayReachPeers(pattern) && inside.use(this.#client).matches(pattern, address);
  }
}
