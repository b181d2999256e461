import {
  CONFERENCE_EVENT as ON,
  EFFECT_DROP,
  EFFECT_LINK_ANSWER,
  EFFECT_LINK_APPLY,
  EFFECT_LINK_CANDIDATE,
  EFFECT_LINK_CLOSE,
  EFFECT_LINK_OFFER,
  EFFECT_LINK_OPEN,
  EFFECT_PEER,
  EFFECT_PEER_CONNECTED,
  EFFECT_PEER_DISPOSED,
  EFFECT_PEER_ERROR,
  EFFECT_PEER_RECOVERING,
  EFFECT_PEER_STATE,
  EFFECT_SIGNAL,
  EFFECT_TRANSMIT,
  EFFECT_VERIFY,
  ERR,
  LINK_EVENT,
  LINK_OPEN_CHANNEL,
  ROLE,
} from './abi.gen.js';
import { textOf } from './core.js';
import { ClaspError, check } from './error.js';
import { replaceTracks } from './media.js';
import { PeerLink } from './peer-link.js';
import { isMessage } from './send-queue.js';
import { linkStats } from './stats.js';

/** @typedef {import('./core.js').Core} Core */
/** @typedef {import('./collector.js').Effect} Effect */
/** @typedef {import('./send-queue.js').Message} Message */
/** @typedef {import('./stats.js').LinkStats} LinkStats */

/**
 * @typedef {object} Peer the other side of one connection
 * @property {string} id
 * @property {'connecting' | 'connected' | 'recovering'} state
 * @property {RTCPeerConnection} peer
 * @property {RTCDataChannel | null} channel null until it is open
 * @property {any} remoteState what a Sender has said of itself; any: the application's
 * @property {MediaStream | null} stream null until one arrives
 */

/** @typedef {'connect' | 'recovered' | 'recovering' | 'dispose' | 'channel' | 'message' | 'stream' | 'sync'} PeerEvent */

/**
 * @typedef {object} HostOptions
 * @property {import('./rtc.js').Connections} connections
 * @property {(to: string, message: object) => void} emit a signal, to one id, or to the room when that is empty
 * @property {(id: string, credentials: any) => unknown} [verify] any: whatever JSON said
 * @property {(type: PeerEvent, peer: Peer, extra?: object) => void} raise
 * @property {(error: ClaspError, id?: string) => void} fail a fault that ends nothing
 */

/** @typedef {{data: Message, expected: number, settled: number, sent: number, error?: ClaspError,
 *   resolve: (peers: number) => void, reject: (error: ClaspError) => void}} Ticket */

/** @typedef {{id: string, handle: number, link?: PeerLink, info?: Peer,
 *   remoteState?: any, sample?: import('./stats.js').Sample}} Entry any: the application's JSON */

const UP = 1;
const YES = 1;

/** @param {unknown} value @param {string} what */
function json(value, what) {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw new ClaspError('BAD_OPTION', `${what} cannot be written as JSON`, { cause });
  }
}

/** Carries out what one conference of the core wants, from start to stop. Decides nothing. */
export class ConferenceHost {
  #core;
  #handle;
  #options;
  /** @type {Map<number, Entry>} */ #entries = new Map();
  /** @type {Map<number, Ticket>} */ #tickets = new Map();
  #lastTicket = 0;
  #isOver = false;

  /** What the application sees: those with a connection, by id. @type {Map<string, Peer>} */
  peers = new Map();

  /**
   * @param {Core} core
   * @param {keyof typeof ROLE} role
   * @param {HostOptions} options
   */
  constructor(core, role, options) {
    this.#core = core;
    this.#options = options;
    this.#handle = check(core.call('conference_new', ROLE[role]));
    core.own(this.#handle, this.#handlers());
  }

  /**
   * @param {object} config of clasp_conference_start()
   * @throws {ClaspError}
   */
  start(config) {
    const result = this.#tell(ON.START, 0, 0, json(config, 'an option'));
    if (result === ERR.BAD_SIGNAL || result === ERR.BAD_JSON) {
      throw new ClaspError(
        'BAD_OPTION',
        'a number out of its range, an id too long, or no such state',
      );
    }
    check(result);
  }

  /** Says goodbye to every peer. Nothing is raised after it returns. */
  stop() {
    this.#tell(ON.STOP);
    this.#core.drain(); // even when called by a handler
    this.#isOver = true;
    this.#core.disown(this.#handle);
    this.#core.call('conference_free', this.#handle);
  }

  /** @param {unknown} message from the driver */
  signal(message) {
    try {
      this.#tell(ON.SIGNAL, 0, 0, JSON.stringify(message) ?? '');
    } catch (cause) {
      this.#options.fail(new ClaspError('BAD_SIGNAL', undefined, { cause }));
    }
  }

  /** @param {boolean} isUp whether the driver's way works */
  signalling(isUp) {
    this.#tell(ON.SIGNALLING, 0, isUp ? UP : 0);
  }

  /**
   * @param {object} state
   * @param {boolean} merge
   * @throws {ClaspError}
   */
  sync(state, merge) {
    check(this.#tell(ON.SYNC, 0, Number(merge), json(state, 'the state')));
  }

  /** @param {string} id */
  disconnect(id) {
    const entry = this.#entryOf(id);
    if (entry) this.#tell(ON.DISPOSE, entry.handle);
  }

  /**
   * @param {unknown} data
   * @param {string} [id] all peers when missing
   * @returns {Promise<number>} peers that it was handed to
   */
  send(data, id) {
    return new Promise((resolve, reject) => {
      if (!isMessage(data))
        throw new ClaspError('BAD_OPTION', 'data: a string, Blob, ArrayBuffer or view');
      const entry = id === undefined ? undefined : this.#entryOf(id);
      if (id !== undefined && !entry)
        throw new ClaspError('NOT_CONNECTED', `no connection with ${id}`);
      const number = (this.#lastTicket = (this.#lastTicket + 1) >>> 0 || 1); // 0 is none
      const ticket = { data, expected: 0, settled: 0, sent: 0, resolve, reject };
      this.#tickets.set(number, ticket);
      const reached = this.#tell(ON.SEND, entry?.handle, number);
      if (reached < 0) this.#tickets.delete(number);
      ticket.expected = Math.max(check(reached), 1); // with nobody there it waits for one
    });
  }

  /**
   * @param {MediaStream} stream
   * @returns {Promise<void>}
   */
  async replaceStream(stream) {
    this.#options.connections.discard();
    const results = await Promise.all(
      [...this.peers.values()].map(({ peer }) => replaceTracks(peer, stream)),
    );
    if (results.includes(false)) {
      throw new ClaspError(
        'NEGOTIATION',
        'only new connections will have the tracks of a kind that was not sent before',
      );
    }
  }

  /**
   * @param {string} id
   * @returns {Promise<LinkStats>}
   */
  async stats(id) {
    const entry = this.#entryOf(id);
    if (!entry?.info) throw new ClaspError('NOT_CONNECTED', `no connection with ${id}`);
    const { stats, sample } = await linkStats(entry.info.peer, entry.sample);
    entry.sample = sample;
    return stats;
  }

  /** @type {(event: number, peer?: number, b?: number, input?: string) => number} */
  #tell(event, peer, b, input) {
    return this.#isOver ? 0 : this.#core.conference(this.#handle, event, peer, b, input);
  }

  /** @param {string} id */
  #entryOf(id) {
    return [...this.#entries.values()].find((entry) => entry.id === id && entry.info);
  }

  /** @returns {Record<number, (effect: Effect) => void>} */
  #handlers() {
    /** @type {(effect: Effect) => PeerLink | undefined} */
    const link = ({ a }) => this.#entries.get(a)?.link;
    return {
      [EFFECT_SIGNAL]: ({ a, bytes }) => {
        this.#options.emit(textOf(bytes.subarray(0, a)), JSON.parse(textOf(bytes.subarray(a))));
      },
      [EFFECT_PEER]: ({ a, bytes }) => this.#named(a, textOf(bytes)),
      [EFFECT_VERIFY]: (effect) => void this.#verify(effect),
      [EFFECT_LINK_OPEN]: (effect) => this.#open(effect),
      [EFFECT_LINK_OFFER]: (effect) => link(effect)?.offer(effect.b),
      [EFFECT_LINK_ANSWER]: (effect) => link(effect)?.answer(effect.b, textOf(effect.bytes)),
      [EFFECT_LINK_APPLY]: (effect) => link(effect)?.apply(effect.b, textOf(effect.bytes)),
      [EFFECT_LINK_CANDIDATE]: (effect) => link(effect)?.addCandidate(textOf(effect.bytes)),
      [EFFECT_LINK_CLOSE]: (effect) => link(effect)?.close(),
      [EFFECT_PEER_STATE]: (effect) => this.#stateCame(effect),
      [EFFECT_PEER_CONNECTED]: ({ a, b }) =>
        this.#turn(a, 'connected', b ? 'recovered' : 'connect'),
      [EFFECT_PEER_RECOVERING]: ({ a }) => this.#turn(a, 'recovering', 'recovering'),
      [EFFECT_PEER_DISPOSED]: (effect) => this.#disposed(effect),
      [EFFECT_PEER_ERROR]: ({ a, b, bytes }) => {
        this.#options.fail(ClaspError.of(b | 0, textOf(bytes)), this.#entries.get(a)?.id);
      },
      [EFFECT_TRANSMIT]: (effect) => this.#transmit(effect),
      [EFFECT_DROP]: (effect) => this.#drop(effect),
    };
  }

  /**
   * @param {number} handle
   * @param {string} id empty: the handle means nobody any more
   */
  #named(handle, id) {
    if (id) this.#entries.set(handle, { id, handle });
    else this.#entries.delete(handle);
  }

  /** @param {Effect} effect */
  async #verify({ a, bytes }) {
    const id = this.#entries.get(a)?.id ?? '';
    let isAccepted = false;
    try {
      const credentials = bytes.length > 0 ? JSON.parse(textOf(bytes)) : undefined;
      isAccepted = Boolean(await this.#options.verify?.(id, credentials));
    } catch (cause) {
      if (!this.#isOver) this.#options.fail(new ClaspError('VERIFY', undefined, { cause }), id);
    }
    this.#tell(ON.VERIFIED, a, isAccepted ? YES : 0);
  }

  /** @param {Effect} effect */
  #open({ a, b, bytes }) {
    const entry = this.#entries.get(a);
    if (!entry) return;
    const report = (/** @type {number} */ event, arg = 0, text = '') => {
      this.#tell(ON.LINK, a, event | (arg << 8), text);
    };
    try {
      const peer = this.#options.connections.take();
      /** @type {Peer} */
      const info = {
        id: entry.id,
        state: 'connecting',
        peer,
        channel: null,
        remoteState: undefined,
        stream: null,
      };
      const link = new PeerLink(peer, textOf(bytes), {
        report,
        raise: (type, value) => this.#came(info, type, value),
      });
      Object.assign(entry, { info, link });
      this.peers.set(entry.id, info);
      if (b & LINK_OPEN_CHANNEL) link.openChannel();
    } catch (cause) {
      report(LINK_EVENT.REFUSED, 0, String(cause));
    }
  }

  /** @type {(info: Peer, type: 'channel' | 'message' | 'stream', value: any) => void} any: as LinkHost.raise */
  #came(info, type, value) {
    if (type !== 'message') info[type] = value;
    this.#options.raise(type, info, { [type]: value });
  }

  /** @param {Effect} effect */
  #stateCame({ a, b, bytes }) {
    const info = this.#entries.get(a)?.info;
    if (!info) return;
    info.remoteState = bytes.length > 0 ? JSON.parse(textOf(bytes)) : undefined;
    if (b) this.#options.raise('sync', info);
  }

  /** @type {(handle: number, state: Peer['state'], type: PeerEvent) => void} */
  #turn(handle, state, type) {
    const info = this.#entries.get(handle)?.info;
    if (!info) return;
    info.state = state;
    this.#options.raise(type, info);
  }

  /** @param {Effect} effect */
  #disposed({ a, b, bytes }) {
    const { id = '', info } = this.#entries.get(a) ?? {};
    const error = b ? ClaspError.of(b | 0, textOf(bytes)) : undefined;
    this.#entries.delete(a);
    if (this.peers.get(id) === info) this.peers.delete(id);
    if (info) this.#options.raise('dispose', info, error && { error });
    else if (error) this.#options.fail(error, id);
  }

  /** @param {Effect} effect */
  #transmit({ a, b }) {
    const data = this.#tickets.get(b)?.data;
    const sent = this.#entries.get(a)?.link?.send(/** @type {Message} */ (data));
    sent?.then(
      () => this.#settle(b),
      (error) => this.#settle(b, error),
    );
  }

  /** @param {Effect} effect */
  async #drop({ a, b }) {
    await undefined; // a peer that goes has gone by then
    const isFull = !this.#isOver && (!a || this.#entries.has(a));
    this.#settle(b, new ClaspError(isFull ? 'QUEUE_FULL' : 'PEER_GONE'));
  }

  /**
   * What became of a message with one peer.
   * @param {number} number
   * @param {ClaspError} [error]
   */
  #settle(number, error) {
    const ticket = this.#tickets.get(number);
    if (!ticket) return;
    ticket.settled++;
    if (!error) ticket.sent++;
    ticket.error ??= error;
    if (ticket.settled < ticket.expected) return;
    this.#tickets.delete(number);
    if (ticket.sent > 0 || !ticket.error) ticket.resolve(ticket.sent);
    else ticket.reject(ticket.error);
  }
}
