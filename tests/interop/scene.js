/** What a probe of one feature works with, and the words in which it says what it saw. */
import { pack } from 'msgpackr';
import { RawPeer } from './raw-peer.js';

/** @typedef {import('./raw-peer.js').Message} Message */

/**
 * @typedef {object} Feature
 * @property {string} name the claim's subject, the first cell of its row
 * @property {(scene: Scene) => Promise<string>} see what the relay does, in a few words
 * @property {boolean} [spoils] the relay is not the same afterwards: it is looked at last of all
 */

/** How long a relay's silence is watched before it counts as no answer, in milliseconds. */
const SILENCE_MS = 4_000;

let scenes = 0;

/** One probe's peers, on addresses that no other probe uses. */
export class Scene {
  /** @type {RawPeer[]} */ #peers = [];

  /** @param {string} url */
  constructor(url) {
    this.url = url;
    /** Prefix of every address. */
    this.at = `/scene/${++scenes}`;
  }

  /** A peer with a session. */
  async join() {
    return this.#keep(await RawPeer.join(this.url));
  }

  /**
   * A connection that has said nothing.
   * @param {string} [path]
   * @param {string[]} [protocols]
   */
  async open(path = '', protocols) {
    return this.#keep(await RawPeer.open(this.url + path, protocols));
  }

  /** A peer with a session and one subscription, whose SNAPSHOT has been taken out. @param {string} pattern */
  async subscriber(pattern) {
    const peer = await this.join();
    await peer.ask(subscribe(1, pattern));
    return peer;
  }

  /** A sender, and a peer that hears whatever is sent below `at`. */
  async pair() {
    return { sender: await this.join(), hearer: await this.subscriber(`${this.at}/**`) };
  }

  end() {
    for (const peer of this.#peers) peer.drop();
  }

  /** @param {RawPeer} peer */
  #keep(peer) {
    this.#peers.push(peer);
    return peer;
  }
}

/* ---- messages ---- */

/**
 * @param {number} id
 * @param {string} pattern
 * @param {object} [more]
 * @returns {Message}
 */
export const subscribe = (id, pattern, more) => ({ type: 'SUBSCRIBE', id, pattern, ...more });

/**
 * @param {string} address
 * @param {unknown} value
 * @param {object} [more]
 * @returns {Message}
 */
export const set = (address, value, more) => ({ type: 'SET', address, value, ...more });

/**
 * @param {string} address
 * @param {unknown} value
 * @param {object} [more]
 * @returns {Message}
 */
export const publish = (address, value, more) => ({
  type: 'PUBLISH',
  address,
  signal: 'event',
  value,
  ...more,
});

/**
 * A frame put together by hand.
 * @param {number} flags
 * @param {Uint8Array} payload
 */
export function frame(flags, payload) {
  const head = Buffer.from([0x53, flags, payload.length >> 8, payload.length & 0xff]);
  return Buffer.concat([head, payload]);
}

/** A frame as old peers write it: a MessagePack map. @param {Message} message */
export const packed = (message) => frame(0, pack(message));

/* ---- words ---- */

/**
 * @param {Message[]} messages
 * @param {...string} fields that are shown where they are there
 * @returns {string} such as 'SET {revision: 1}, ERROR 401'; 'nothing'
 */
export function tell(messages, ...fields) {
  return messages.map((it) => word(it, fields)).join(', ') || 'nothing';
}

/** @param {Message} message @param {string[]} fields */
function word(message, fields) {
  const shown = fields.filter((it) => message[it] !== undefined && message[it] !== false);
  const text = shown.map((it) => `${it}: ${message[it]}`).join(', ');
  const name = message.type === 'ERROR' ? `ERROR ${message.code}` : message.type;
  return text ? `${name} {${text}}` : name;
}

/** @param {Message[]} messages @returns {string} their types, runs of one type as one */
export function types(messages) {
  return tell(messages.filter((it, i) => it.type !== messages[i - 1]?.type));
}

/**
 * Those of one scene: others' params are in every SNAPSHOT after WELCOME.
 * @param {Message[]} messages
 * @param {string} address
 * @returns {Message[]} the params of this address
 */
export const paramsOf = (messages, address) =>
  messages
    .filter(({ type }) => type === 'SNAPSHOT')
    .flatMap(({ params }) => params.filter((/** @type {Message} */ it) => it.address === address));

/**
 * What becomes of a connection on which something was said that is not to be said.
 * @param {RawPeer} peer
 * @param {...import('./raw-peer.js').Sendable} messages
 * @returns {Promise<string>} what it is answered, or how it ends
 */
export async function fate(peer, ...messages) {
  const end = peer.closed.then((code) => `closed with ${code}`);
  const life = peer.askFor(SILENCE_MS, ...messages).then(
    (came) => tell(came),
    () => (peer.isOpen ? 'no answer to anything any more; the socket stays open' : end),
  );
  return Promise.race([end, life]);
}
