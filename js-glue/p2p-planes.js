import { ON_DECIDE, P2P_STATES, PEER_ANNOUNCED, PEER_OURS } from './abi.gen.js';
import { textOf } from './core.js';
import { ClaspError } from './error.js';
import { PeerPlane } from './p2p-peer.js';
import { cut } from './words.js';

/** @typedef {import('./collector.js').Effect} Effect */
/** @typedef {import('./p2p-host.js').P2PEvents} P2PEvents */
/** @typedef {import('./p2p-host.js').P2PHost} P2PHost */

const LOOK_MS = 20; // after a peer has connected, whose first messages go before the browser counts what it knows of the path
const REFUSAL_MAX = 511; // bytes; of more the core tells none (CLASP_P2P_REASON_MAX)

/** @type {import('./p2p-peer.js').PeerState[]} */
const STATES = /** @type {any} in the core's order */ (
  P2P_STATES.map((name) => name.toLowerCase())
);

/** An application's peers: who they are, how they are, and by which way they are reached. */
export class Planes {
  #host;
  #events;

  /** @type {Map<number, PeerPlane>} */
  byHandle = new Map();

  /** @param {P2PHost} host @param {P2PEvents} events */
  constructor(host, events) {
    this.#host = host;
    this.#events = events;
  }

  all() {
    return [...this.byHandle.values()];
  }

  /** @param {string} id or session @returns {PeerPlane | undefined} */
  find(id) {
    return this.all().find((plane) => plane.id === id || plane.session === id);
  }

  /** Whom a handle means. @param {Effect} effect of P2P_PEER */
  named({ a, b, number, bytes }) {
    if (bytes.length === 0) return this.#forget(a);
    const id = textOf(bytes.subarray(0, number));
    const session = textOf(bytes.subarray(number));
    const plane = this.byHandle.get(a) ?? new PeerPlane(this.#host, a, id, session);
    const isAnnounced = (b & PEER_ANNOUNCED) !== 0;
    const isNews = isAnnounced && (!plane.isAnnounced || plane.session !== session);
    this.byHandle.set(a, plane);
    const before = plane.id;
    Object.assign(plane, { id, session, isAnnounced, isOurs: (b & PEER_OURS) !== 0 });
    if (before !== id) this.#events.named(plane, before);
    if (isNews) this.#events.announced(plane);
  }

  /** @param {number} handle */
  #forget(handle) {
    const gone = this.byHandle.get(handle);
    if (gone) gone.isOver = true;
    this.byHandle.delete(handle);
  }

  /** @param {PeerPlane} plane @param {Effect} effect of P2P_PEER_STATE */
  turned(plane, { b, number, bytes }) {
    plane.state = STATES[b];
    const error = number ? ClaspError.of(number, textOf(bytes)) : undefined;
    const isEnd = plane.state === 'failed' || plane.state === 'closed';
    plane.isWanted = !isEnd && plane.state !== 'known';
    if (isEnd) plane.path = null;
    if (plane.state === 'connected') setTimeout(() => this.lookUp(plane), LOOK_MS);
    this.#events.turned(plane, error);
    if (plane.state === 'connected') this.#introduce(plane);
    if (!isEnd) return;
    plane.isIntroduced = false;
    plane.drop(error ?? new ClaspError('NOT_CONNECTED'));
    plane.again();
  }

  /** @param {PeerPlane} plane */
  #introduce(plane) {
    if (plane.isIntroduced) return;
    plane.isIntroduced = true;
    this.#events.introduced(plane);
  }

  /** May it come in? Only the answer to the latest question counts. @param {PeerPlane} plane */
  async ask(plane) {
    const asked = ++plane.questions;
    plane.isAsked = true;
    plane.refusal = undefined;
    const answer = this.#events.ask(plane);
    const refusal = answer ? await answer : undefined;
    if (asked !== plane.questions) return;
    plane.isAsked = false;
    const words = cut(refusal ?? '', REFUSAL_MAX);
    this.#host.input(ON_DECIDE, plane.handle, Number(refusal === undefined), 0, words);
  }

  /** The router carries, or does no more. @param {PeerPlane} plane @param {boolean} isOn */
  covered(plane, isOn) {
    if (!isOn) return this.lookUp(plane);
    if (plane.path?.type === 'router') return; // anew
    plane.path = { type: 'router', protocol: 'ws', rtt: null };
    for (const channel of plane.channels.values()) channel.carry();
    this.#events.path(plane);
    this.#introduce(plane);
  }

  /** Which direct path is in use? It is told when it is another one. @param {PeerPlane} plane */
  async lookUp(plane) {
    const path = await plane.directPath().catch(() => null);
    if (!path || this.#host.isOver || plane.state !== 'connected') return;
    const isSame = plane.path?.type === path.type && plane.path.protocol === path.protocol;
    plane.path = path;
    if (!isSame) this.#events.path(plane);
  }
}
