import { ClaspP2P } from '../../web/index.js';
import { newToken } from '../common/names.js';
import { Relay } from '../common/relay.js';
import { Inbox } from './inbox.js';
import { readFileNote, readHello, readLine } from './messages.js';

/** @import { Peer } from '../../web/index.js' */
/** @import { Line } from './messages.js' */
/** @import { Settings } from './settings.js' */

const KEPT_LINES = 20; // own ones, told to who comes later
const TOKEN_LENGTH = 8; // at the end of an id

/** Options by which no direct path is found: without a TURN server there is nothing to try, or to wait for. */
const INDIRECT = {
  rtcConfig: { iceServers: [] },
  iceTransportPolicy: /** @type {const} */ ('relay'),
  timeout: 3000,
};
const CHANGES = /** @type {const} */ ([
  'peer_connecting',
  'peer_connected',
  'peer_disconnected',
  'peer_failed',
]);

/**
 * One joined room: a mesh of all pages whose id begins like the own one.
 *
 * Raises `change` (people or relay), `line` {id, name, text, at, earlier}, `notice` {text}, `file` (a Download). After
 * `leave()` it raises nothing; join again with a new Room.
 */
export class Room extends EventTarget {
  #name;
  #prefix;
  #p2p;
  #life = new AbortController();
  /** @type {Line[]} */ #said = [];
  /** @type {Map<string, string>} by the id of the peer */ #names = new Map();
  /** @type {WeakSet<Peer>} */ #heard = new WeakSet();
  /** @type {WeakMap<Peer, number>} when the last line of each was said */ #last = new WeakMap();

  /** @param {Settings} settings */
  constructor({ room, name, relay, direct }) {
    super();
    this.#name = name;
    this.#prefix = `chat-${room.replace(/[/*\p{Cc}]/gu, '_')}-`;
    this.#p2p = new ClaspP2P({
      signaling: relay,
      clientId: this.#prefix + newToken(),
      mesh: true,
      ...(direct ? {} : INDIRECT),
    });
    this.relay = new Relay(this.#p2p, relay);
    this.#listen();
  }

  /** Those of this room that are connected, or about to be. */
  get people() {
    return [...this.#p2p.peers.values()].filter((peer) => this.#isHere(peer));
  }

  /** @param {Peer} peer */
  nameOf(peer) {
    return this.#names.get(peer.id) ?? 'Somebody';
  }

  /** Resolves when the relay was reached, or the room left. */
  join() {
    return this.relay.connect();
  }

  /**
   * @param {string} text
   * @param {number} at ms since 1970
   */
  say(text, at) {
    this.#said = [...this.#said, { text, at }].slice(-KEPT_LINES);
    this.#p2p.broadcast('/chat/line', { text, at });
  }

  leave() {
    this.#life.abort();
    this.relay.close();
    this.#p2p.close();
  }

  #listen() {
    const p2p = this.#p2p;
    for (const event of CHANGES) p2p.on(event, () => this.#raise('change'));
    this.relay.addEventListener('change', () => this.#raise('change'));
    p2p.on('peer_connecting', (peer) => {
      if (!this.#isHere(peer)) peer.reject('not of this room');
    });
    p2p.on('peer_connected', (peer) => this.#meet(peer));
    p2p.on('peer_disconnected', (peer) => {
      if (this.#isHere(peer)) this.#notice(`The connection to ${this.nameOf(peer)} is gone.`);
    });
    p2p.on('broadcast', (value, peer, address) => {
      const line = address === '/chat/line' ? readLine(value) : null;
      if (line) this.#hear(peer, line, false);
    });
  }

  /** @param {Peer} peer */
  #isHere({ id }) {
    return id.slice(0, -TOKEN_LENGTH) === this.#prefix;
  }

  /** @param {Peer} peer who is told what it missed */
  #meet(peer) {
    if (this.#heard.has(peer)) return; // connected again
    this.#heard.add(peer);
    peer.on('/chat/hello', (value) => this.#greeted(peer, value));
    for (const event of /** @type {const} */ (['path', 'disconnected', 'connected', 'closed'])) {
      peer.on(event, () => this.#raise('change'));
    }
    const inbox = new Inbox((file) => this.#raise('file', { file, peer, name: this.nameOf(peer) }));
    peer.on('/chat/file', (value) => inbox.expect(readFileNote(value)));
    peer.on('bytes', ({ readable }, address) => inbox.take(readable, address));
    peer.set('/chat/hello', { name: this.#name, lines: this.#said });
  }

  /**
   * @param {Peer} peer
   * @param {unknown} value
   */
  #greeted(peer, value) {
    const hello = readHello(value);
    if (!hello) return;
    if (!this.#names.has(peer.id)) this.#notice(`${hello.name} is here.`);
    this.#names.set(peer.id, hello.name);
    for (const line of hello.lines) this.#hear(peer, line, true);
    this.#raise('change');
  }

  /**
   * Lines of one page come in the order of their times, and once, though a newcomer may be told one twice.
   *
   * @param {Peer} peer
   * @param {Line} line
   * @param {boolean} earlier it was said before this page came
   */
  #hear(peer, { text, at }, earlier) {
    if (at <= (this.#last.get(peer) ?? 0)) return;
    this.#last.set(peer, at);
    this.#raise('line', { id: peer.id, name: this.nameOf(peer), text, at, earlier });
  }

  /** @param {string} text */
  #notice(text) {
    this.#raise('notice', { text });
  }

  /**
   * @param {string} type
   * @param {unknown} [detail]
   */
  #raise(type, detail) {
    if (!this.#life.signal.aborted) this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
