import { Receiver, Sender } from '../../web/index.js';
import { decodeChat, encodeChat, newToken, readState, readToken } from './messages.js';
import { Signalling } from './signalling.js';

/** @import { Settings } from './settings.js' */
/** @typedef {Awaited<ReturnType<Receiver['stats']>>} LinkStats */

/**
 * @typedef {object} Person somebody else in the room
 * @property {string} id of the Sender on the other page
 * @property {string} name
 * @property {boolean} audio
 * @property {boolean} video
 * @property {'connecting' | 'connected' | 'recovering'} state
 * @property {MediaStream | null} stream
 * @property {string} participant '' when the other page is not this demo
 */

const CHANGES = /** @type {const} */ (['stream', 'sync', 'recovering']);
const MAX_LINKS = 256; // participants whose Receiver is remembered, for statistics only

/**
 * One joined room: a Sender for the own media, a Receiver for everybody else's, one driver.
 *
 * Raises `change` (people or signalling), `message` {id, name, text, at}, `notice` {text}.
 * After `leave()` it raises nothing; join again with a new Room.
 */
export class Room extends EventTarget {
  #settings;
  #signalling;
  #sender;
  #receiver;
  #life = new AbortController();
  #participant = newToken();
  /** @type {Map<string, string>} participant → id of its Receiver, oldest first */
  #links = new Map();
  /** @type {Set<string>} ids of the Senders that are connected, or were until their path broke */
  #met = new Set();

  /** @param {Settings} settings */
  constructor(settings) {
    super();
    this.#settings = settings;
    this.#signalling = new Signalling(settings);
    const { driver } = this.#signalling;
    const options = this.#signalling.url ? { driver } : { driver, iceServers: [] };
    const verify = (/** @type {string} */ id, /** @type {any} */ credentials) =>
      this.#admit(id, readToken(credentials?.participant));
    this.#sender = new Sender({ ...options, verify });
    this.#receiver = new Receiver(options);
    this.#listen();
  }

  get signalling() {
    return this.#signalling;
  }

  /** @returns {Person[]} in the order in which they came */
  get people() {
    return [...this.#receiver.peers.values()].map(({ id, state, stream, remoteState }) => ({
      id,
      state,
      stream,
      ...readState(remoteState),
    }));
  }

  /**
   * @param {MediaStream} stream stays the caller's
   * @param {{audio: boolean, video: boolean}} state
   * @returns {Promise<void>} settles when both listen; rejects as Sender.start and Receiver.start do
   */
  async join(stream, state) {
    const { room } = this.#settings;
    await Promise.all([
      this.#sender.start({ room, stream, state: this.#describe(state), dataChannel: true }),
      this.#receiver.start({ room, credentials: { participant: this.#participant } }),
    ]);
  }

  leave() {
    this.#life.abort();
    this.#sender.stop();
    this.#receiver.stop();
    this.#signalling.close();
  }

  /**
   * @param {string} text
   * @param {number} at ms since 1970
   * @returns {Promise<number>} how many people it was handed to
   */
  send(text, at) {
    return this.#sender.send(encodeChat({ text, at }));
  }

  /** @param {{audio: boolean, video: boolean}} state told to everybody */
  update(state) {
    if (this.#sender.started) this.#sender.sync(this.#describe(state));
  }

  /** @param {MediaStream} stream takes the place of the one given before */
  async replaceStream(stream) {
    if (this.#sender.started) await this.#sender.replaceStream(stream);
  }

  /**
   * @param {Person} person
   * @returns {Promise<{received: LinkStats | null, sent: LinkStats | null}>} null: no such link now
   */
  async sample({ id, participant }) {
    const link = this.#links.get(participant);
    const [received, sent] = await Promise.all([
      this.#receiver.stats(id).catch(() => null),
      link && this.#sender.peers.has(link) ? this.#sender.stats(link).catch(() => null) : null,
    ]);
    return { received, sent };
  }

  /** @param {{audio: boolean, video: boolean}} state */
  #describe(state) {
    return { ...state, name: this.#settings.name, participant: this.#participant };
  }

  /**
   * Everybody may watch but this page itself, whose Receiver hears the Sender beside it.
   *
   * @param {string} id
   * @param {string} participant
   */
  #admit(id, participant) {
    if (participant === this.#participant) return false;
    if (participant !== '') {
      this.#links.delete(participant);
      this.#links.set(participant, id);
      if (this.#links.size > MAX_LINKS) this.#links.delete([...this.#links.keys()][0]);
    }
    return true;
  }

  #listen() {
    const { signal } = this.#life;
    const receiver = this.#receiver;
    for (const type of CHANGES) receiver.addEventListener(type, () => this.#changed(), { signal });
    receiver.addEventListener('connect', ({ detail }) => this.#connected(detail), { signal });
    receiver.addEventListener('recovered', ({ detail }) => this.#recovered(detail), { signal });
    receiver.addEventListener('dispose', ({ detail }) => this.#disposed(detail), { signal });
    receiver.addEventListener('message', ({ detail }) => this.#heard(detail), { signal });
    receiver.addEventListener('error', ({ detail }) => this.#failed(detail.error), { signal });
    this.#sender.addEventListener('error', ({ detail }) => this.#failed(detail.error), { signal });
    this.#signalling.addEventListener('change', () => this.#changed(), { signal });
  }

  /** @param {{id: string, state: unknown}} detail */
  #connected({ id, state }) {
    this.#met.add(id);
    this.#notice(`${readState(state).name} joined.`);
    this.#changed();
  }

  /** @param {{state: unknown}} detail */
  #recovered({ state }) {
    this.#notice(`The connection to ${readState(state).name} is back.`);
    this.#changed();
  }

  /** @param {{id: string, state: unknown, error?: Error}} detail */
  #disposed({ id, state, error }) {
    const { name } = readState(state);
    if (error) this.#notice(`The connection to ${name} ended: ${error.message}.`);
    else if (this.#met.has(id)) this.#notice(`${name} left.`);
    this.#met.delete(id);
    this.#changed();
  }

  /** @param {{id: string, message: unknown, state: unknown}} detail */
  #heard({ id, message, state }) {
    const chat = decodeChat(message);
    if (chat) this.#raise('message', { id, name: readState(state).name, ...chat });
  }

  /** @param {Error & {code?: string}} error told by the status line already if the relay is its cause */
  #failed(error) {
    const isRelay = error.code === 'RELAY_UNREACHABLE' || error.code === 'DRIVER';
    if (isRelay && this.#signalling.state !== 'open') return;
    this.#notice(`Something went wrong: ${error.message}.`);
  }

  #changed() {
    this.#raise('change');
  }

  /** @param {string} text */
  #notice(text) {
    this.#raise('notice', { text: text.replace(/\.+$/, '.') });
  }

  /**
   * @param {string} type
   * @param {unknown} [detail]
   */
  #raise(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
