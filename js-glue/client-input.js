/** What a client asks of a router, as the inputs of its session take it (src/wasm/abi.h). */
import { PHASE, SIGNAL, TYPE_ALL } from './abi.gen.js';
import { ClaspError } from './error.js';
import { addU32, addU64 } from './value.js';

/** @typedef {'param' | 'event' | 'stream' | 'gesture' | 'timeline'} SignalType */
/** @typedef {'start' | 'move' | 'end' | 'cancel'} Phase */

/**
 * @typedef {object} SubscribeOptions a router of another make may ignore those but `types`
 * @property {SignalType[]} [types] all by default
 * @property {number} [maxRate] params, values of streams and moves of gestures a second, of one address; the newest one is never
 *   lost. Events, timelines and other phases of gestures are not counted
 * @property {number} [epsilon] numbers (params, values of streams) that differ by less from the last one are left out
 * @property {number} [history] published values from before, at most so many
 * @property {number} [window] published values from before, of so many milliseconds
 */

/**
 * @typedef {object} SetOptions
 * @property {boolean} [lock] take the lock: until it is released nobody else can write
 * @property {boolean} [unlock] release it
 * @property {number} [ttl] seconds that the param lives; 0: for ever
 * @property {boolean} [absolute] the ttl counts from this write, not from the last access
 * @property {number} [revision] that the param is expected to have; REVISION_CONFLICT otherwise
 * @property {'fire' | 'confirm' | 'commit'} [qos] `fire`: not sent again after a loss; `confirm` by default
 */

/**
 * @typedef {object} PublishOptions
 * @property {number} [id] of a gesture
 * @property {Phase} [phase] of a gesture
 * @property {number} [timestamp] microseconds by the router's clock
 * @property {number[]} [samples] in place of the value
 * @property {number} [rate] of the samples, a second
 */

/**
 * @typedef {object} SignalDefinition what a program announces
 * @property {string} address
 * @property {SignalType} type
 * @property {string} [datatype]
 * @property {string} [access]
 * @property {{unit?: string, range?: [number, number], default?: any, description?: string}} [meta] any: a value
 */

/** More than a u32. */
export const U32 = 0x100000000;

/** Bits of a SET's flags in the door's event (src/wasm/abi.h). */
const LOCK = 1;
const UNLOCK = 2;
const TTL = 4;
const REVISION = 8;
const QOS = { fire: 32, confirm: 0, commit: 16 };

/** … of a PUBLISH's. */
export const HAS_VALUE = 1;
export const HAS_SAMPLES = 2;
export const HAS_ID = 4;
export const HAS_TIMESTAMP = 8;
export const HAS_RATE = 16;

const TTL_ABSOLUTE = 0x80000000;
const TTL_MAX = 0x7fffffff;

/** Features of HELLO by name. @type {Record<SignalType, number>} */
export const FEATURE_BITS = { param: 0x80, event: 0x40, stream: 0x20, gesture: 0x10, timeline: 8 };

export const PHASES = /** @type {Phase[]} */ (Object.keys(PHASE).map((name) => name.toLowerCase()));

/** @type {Map<string, number>} */
const SIGNALS = new Map(Object.entries(SIGNAL).map(([name, code]) => [name.toLowerCase(), code]));

/** @param {string} what @param {unknown} number @param {number} most */
export function integer(what, number, most) {
  if (Number.isInteger(number) && Number(number) >= 0 && Number(number) <= most)
    return Number(number);
  throw new ClaspError('BAD_OPTION', `${what}: an integer from 0 to ${most}`);
}

/** @param {string} what @param {number} time */
export function microseconds(what, time) {
  if (Number.isFinite(time) && time >= 0) return BigInt(Math.round(time));
  throw new ClaspError('BAD_OPTION', `${what}: microseconds from 0 up`);
}

/** @param {string} name */
export function signalCode(name) {
  const code = SIGNALS.get(name);
  if (code === undefined) throw new ClaspError('BAD_OPTION', `"${name}" is no signal type`);
  return code;
}

/** As `kind` of a session. @param {SignalType} signal no gesture */
export const kindOf = (signal) =>
  signal === 'param' || signal === 'stream' ? signalCode(signal) + 1 : 0;

/** Where a type mask has its bit. @param {SignalType[] | undefined} types */
export function typeMask(types) {
  if (types === undefined) return TYPE_ALL;
  if (Array.isArray(types) && types.length > 0)
    return types.reduce((mask, type) => mask | (1 << signalCode(type)), 0);
  throw new ClaspError('BAD_OPTION', 'types: a list of one signal type or more');
}

/**
 * Optional numbers of an event: the flag of each that is there, and in what form it follows.
 * @param {[number | undefined, number, (number: number) => void][]} fields
 * @returns {{flags: number, add: () => void}}
 */
export function optional(fields) {
  const given = fields.filter(([value]) => value !== undefined);
  return {
    flags: given.reduce((flags, [, flag]) => flags | flag, 0),
    add: () => given.forEach(([value, , write]) => write(/** @type {number} */ (value))),
  };
}

/**
 * Add what follows the value of a SET.
 * @param {SetOptions} options
 * @returns {number} its flags
 * @throws {ClaspError} BAD_OPTION
 */
export function addSetOptions({ lock, unlock, ttl, absolute, revision, qos = 'confirm' }) {
  if (!Object.hasOwn(QOS, qos)) throw new ClaspError('BAD_OPTION', `"${qos}" is no QoS`);
  if (ttl !== undefined)
    addU32((integer('ttl', ttl, TTL_MAX) | (absolute ? TTL_ABSOLUTE : 0)) >>> 0);
  if (revision !== undefined) addU64(integer('revision', revision, Number.MAX_SAFE_INTEGER));
  return (
    (lock ? LOCK : 0) |
    (unlock ? UNLOCK : 0) |
    (ttl !== undefined ? TTL : 0) |
    (revision !== undefined ? REVISION : 0) |
    QOS[qos]
  );
}
