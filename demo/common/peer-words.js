/** A peer's state in words, the same on every page. */

/** @import { Peer } from '../../web/index.js' */
/** @import { Tone } from './status-line.js' */

/** By the type of the path. */
const WAYS = {
  host: 'direct, local network',
  srflx: 'direct, across the internet',
  prflx: 'direct, across the internet',
  relay: 'by a TURN server',
  router: 'by the relay',
};

const STATES = {
  connecting: 'connecting',
  connected: 'connected',
  disconnected: 'looking for a way',
  failed: 'not reached',
  closed: 'gone',
};

/** Directly or by the relay. @param {Peer} peer */
export function isReachable(peer) {
  return peer.state === 'connected' || (peer.state === 'disconnected' && isCovered(peer));
}

/** @param {Peer} peer */
export function stateOf(peer) {
  return isReachable(peer) ? STATES.connected : STATES[peer.state];
}

/** @param {Peer} peer */
export function wayOf({ path }) {
  return path ? WAYS[path.type] : 'no way yet';
}

/** @param {Peer} peer */
export function isCovered({ path }) {
  return path?.type === 'router';
}

/**
 * @param {Peer} peer
 * @returns {Tone}
 */
export function toneOf(peer) {
  if (peer.state === 'connecting') return 'busy';
  return peer.state === 'connected' && !isCovered(peer) ? 'good' : 'warn';
}

/** @param {number | null | undefined} ms */
export function milliseconds(ms) {
  if (typeof ms !== 'number') return '–';
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

const UNITS = ['B', 'kB', 'MB', 'GB'];

/** @param {number} count of bytes */
export function bytes(count) {
  const power = Math.min(Math.floor(Math.log10(Math.max(count, 1)) / 3), UNITS.length - 1);
  const value = count / 1000 ** power;
  return `${power > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} ${UNITS[power]}`;
}

/**
 * Why a peer is not there, as the package explains it.
 *
 * @param {{message: string, next: string}} verdict
 */
export function verdictText({ message, next }) {
  return [message, next].map((text) => `${text[0]?.toUpperCase()}${text.slice(1)}.`).join(' ');
}
