import { isCovered, isReachable, verdictText, wayOf } from '../common/peer-words.js';

/** @import { ClaspP2P, Peer } from '../../web/index.js' */
/** @import { Relay } from '../common/relay.js' */
/** @import { Tone } from '../common/status-line.js' */
/** @import { Settings } from './settings.js' */

/**
 * How the controller fares, in one sentence or two, the most pressing first.
 *
 * @param {ClaspP2P} p2p
 * @param {Relay} relay
 * @param {Settings} settings
 * @param {Peer | null} display
 * @returns {{tone: Tone, text: string}}
 */
export function describeDisplay(p2p, relay, settings, display) {
  if (display && isReachable(display)) return connected(relay, display);
  if (relay.trouble) return { tone: 'warn', text: relay.trouble };
  if (relay.state === 'connecting') {
    return { tone: 'busy', text: `Connecting to the relay at ${relay.url} …` };
  }
  if (display) return { tone: 'warn', text: 'The way to the display broke; looking for another.' };
  return waiting(p2p, settings.display);
}

/**
 * @param {Relay} relay
 * @param {Peer} display
 * @returns {{tone: Tone, text: string}}
 */
function connected(relay, display) {
  const text = isCovered(display)
    ? 'Connected by the relay: there is no direct way.'
    : `Connected with the display: ${wayOf(display)}.`;
  if (relay.trouble) return { tone: 'warn', text: `${text} ${relay.trouble}` };
  return { tone: isCovered(display) ? 'warn' : 'good', text };
}

/** Reasons that need no words but these. */
const PATIENT = ['NEVER_ANNOUNCED', 'CLOSED', 'IDLE', 'PEER_GONE', 'TIMED_OUT'];

/**
 * @param {ClaspP2P} p2p
 * @param {string} id
 * @returns {{tone: Tone, text: string}}
 */
function waiting(p2p, id) {
  const verdict = p2p.explain(id);
  if (PATIENT.includes(verdict.code)) {
    return { tone: 'info', text: 'Waiting for the display. Open it in a second tab.' };
  }
  if (verdict.code === 'CONNECTING') return { tone: 'busy', text: 'Connecting to the display …' };
  return { tone: 'warn', text: verdictText(verdict) };
}
