import {
  EFFECT_HUB_CLOSE,
  EFFECT_HUB_EVENT,
  EFFECT_HUB_JOINS,
  EFFECT_HUB_SEND,
  EFFECT_HUB_SLOW,
  FRAME_MAX,
  HUB_EVENT,
  HUB_NO_JOURNAL,
  HUB_OPTIONS,
  HUB_STATS,
} from './abi.gen.js';
import { now } from './clock.js';
import { Core, textOf } from './core.js';
import { check } from './error.js';
import { HUB } from './hub-module.js';
import { packTokens } from './hub-tokens.js';

/**
 * @typedef {object} HubHost carries out what the hub decides
 * @property {(sessions: Uint32Array, frame: Uint8Array) => void} send one frame for all of these; both are yours
 * @property {(session: number, code: number, reason: string) => void} close the hub has forgotten this session already
 * @property {(session: number) => void} [joins] from now on this session takes several frames in one message
 * @property {(session: number) => void} [slow] it is over its rate: what it sends may wait for longer than that of others
 * @property {(session: number, event: 'opened' | 'closed' | 'given-up', text: string) => void} tell for a log
 */

/**
 * @typedef {object} HubLimits 0 or missing: the default of src/base/limits.h
 * @property {number} [maxSessions] at once
 * @property {number} [maxSubscriptions] of one session
 * @property {number} [maxParams] held at once
 * @property {number} [messagesPerSecond] of one session; a bundle counts as its members
 * @property {number} [journalBytes] of the messages kept for REPLAY and for the history of new subscriptions; 4 MiB by default, at
 *   most 64 MiB. 0: nothing is kept, and REPLAY is answered by ERROR 501
 * @property {number} [journalEntries] messages kept: 16,384 by default, at most 262,144
 * @property {number} [journalSeconds] for how long: 3,600 by default, at most a week
 * @property {number} [maxSessionsPerAddress] of one remote address, an IPv6 one standing for its /64; no limit by default
 * @property {number} [ratePerAddress] messages a second of all sessions of one remote address; no limit by default
 */

export { FRAME_MAX }; // bytes
const encoder = new TextEncoder();

/**
 * What hub_start() takes: the options as numbers in their order, then the name.
 * @param {string} name
 * @param {HubLimits} limits
 */
function startInput(name, limits) {
  /** @type {Record<string, number | undefined>} */
  const values = { ...limits };
  if (limits.journalBytes === 0) values.journalBytes = HUB_NO_JOURNAL;
  const numbers = Uint32Array.from(HUB_OPTIONS, (option) => values[option] ?? 0);
  const text = encoder.encode(name);
  const input = new Uint8Array(numbers.byteLength + text.length);
  input.set(new Uint8Array(numbers.buffer));
  input.set(text, numbers.byteLength);
  return input;
}

/** Metrics of a hub, in order: their names and what they count. */
export const HUB_METRICS = HUB_STATS;

const EVENT_NAMES = new Map(
  Object.entries(HUB_EVENT).map(([name, value]) => [
    value,
    /** @type {'opened' | 'closed' | 'given-up'} */ (name.toLowerCase().replace('_', '-')),
  ]),
);

/** The relay's side of CLASP in a module of its own (src/hub/hub.h): connections in, what to send to whom out. */
export class Hub {
  #core;

  /**
   * @param {Core} core of the relay's module
   * @param {HubHost} host
   */
  constructor(core, host) {
    this.#core = core;
    core.own(0, {
      [EFFECT_HUB_SEND]({ a, bytes }) {
        host.send(new Uint32Array(bytes.buffer, bytes.byteOffset, a), bytes.subarray(a * 4));
      },
      [EFFECT_HUB_JOINS]: ({ a }) => host.joins?.(a),
      [EFFECT_HUB_SLOW]: ({ a }) => host.slow?.(a),
      [EFFECT_HUB_CLOSE]: ({ a, b, bytes }) => host.close(a, b, textOf(bytes)),
      [EFFECT_HUB_EVENT]({ a, b, bytes }) {
        const event = EVENT_NAMES.get(b);
        if (event) host.tell(a, event, textOf(bytes));
      },
    });
  }

  /**
   * @param {string} name as WELCOME carries it; '': the default
   * @param {HubLimits} limits
   * @param {HubHost} host
   * @throws {import('./error.js').ClaspError} LOAD, NO_MEMORY
   */
  static async open(name, limits, host) {
    const core = await Core.open(HUB);
    const hub = new Hub(core, host);
    const len = core.put(startInput(name, limits));
    check(core.call('hub_start', len, HUB_OPTIONS.length));
    return hub;
  }

  /**
   * From now on HELLO needs one of these tokens. Sessions that are open go on as the new list says.
   * @param {import('./hub-tokens.js').Tokens} tokens
   * @throws {import('./error.js').ClaspError} BAD_OPTION: which token, and why; TOO_LARGE, NO_MEMORY. Nothing has changed then.
   */
  setTokens(tokens) {
    const list = packTokens(tokens, (scope) => {
      check(this.#core.call('hub_check_scope', this.#core.put(scope)));
    });
    check(this.#core.call('hub_tokens', this.#core.put(list), now()));
  }

  /** @param {string} token true if it is an admin's, and valid */
  isAdmin(token) {
    return this.#core.call('hub_is_admin', this.#core.put(token), now()) === 1;
  }

  /**
   * A connection came.
   * @param {readonly [high: number, low: number]} [host] what stands for its remote address in the limits; none: not counted
   * @returns {number} its session
   * @throws {import('./error.js').ClaspError} LIMIT: there are too many
   */
  connected([high, low] = [0, 0]) {
    return check(this.#core.call('hub_connected', high, low, now()));
  }

  /** @param {number} session its connection is gone */
  disconnected(session) {
    this.#core.call('hub_disconnected', session, now());
  }

  /**
   * @param {number} session
   * @param {Uint8Array} message what follows the longest frame that there is has no meaning, and goes no further
   * @returns {Uint8Array | undefined} frames of it that are left for another turn; none: all is done
   */
  received(session, message) {
    const bytes = message.length > FRAME_MAX ? message.subarray(0, FRAME_MAX) : message;
    const used = this.#core.call('hub_received', session, this.#core.put(bytes), now());
    return used >= 0 && used < bytes.length ? bytes.subarray(used) : undefined;
  }

  /**
   * Frames were not sent to a session because it did not take them; now it does again.
   * @param {number} session
   * @param {number} count
   */
  leftOut(session, count) {
    this.#core.call('hub_left_out', session, count, now());
  }

  /** @returns {Record<string, number>} by the names of HUB_METRICS */
  stats() {
    const entries = HUB_STATS.map(({ name }, i) => [name, this.#core.call('hub_stat', i)]);
    return Object.fromEntries(entries);
  }

  /** No deadline fires any more. */
  close() {
    this.#core.close();
  }
}
