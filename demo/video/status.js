import { listNames } from '../common/ui.js';

/** @import { Person } from './room.js' */
/** @import { SignallingState } from './signalling.js' */
/** @import { Tone } from '../common/status-line.js' */

/**
 * The state of a call in one sentence or two, the most pressing first.
 *
 * @param {{state: SignallingState, url: string}} signalling
 * @param {Person[]} people
 * @returns {{tone: Tone, text: string}}
 */
export function describeCall({ state, url }, people) {
  const recovering = people.filter((person) => person.state === 'recovering');
  if (state === 'unreachable') return { tone: 'warn', text: unreachable(url) };
  if (state === 'lost') return { tone: 'warn', text: lost(url, people.length) };
  if (state === 'connecting') return { tone: 'busy', text: `Connecting to the relay at ${url} …` };
  if (recovering.length > 0) return { tone: 'warn', text: broke(recovering) };
  return present(people);
}

/** @param {string} url */
function unreachable(url) {
  return `Cannot reach the relay at ${url} — trying again. Is it running?`;
}

/**
 * @param {string} url
 * @param {number} count
 */
function lost(url, count) {
  const meanwhile = count > 0 ? ' Whoever you see stays connected; nobody new can join.' : '';
  return `Lost the relay at ${url} — trying again.${meanwhile}`;
}

/** @param {Person[]} people */
function broke(people) {
  return `The connection to ${namesOf(people)} broke; restoring it.`;
}

/**
 * @param {Person[]} people
 * @returns {{tone: Tone, text: string}}
 */
function present(people) {
  const connected = people.filter((person) => person.state === 'connected');
  if (connected.length > 0) return { tone: 'good', text: `Connected with ${namesOf(connected)}.` };
  if (people.length > 0) return { tone: 'busy', text: `Connecting with ${namesOf(people)} …` };
  return {
    tone: 'info',
    text: 'Nobody else is in this room yet. Open this page in a second tab, or share the link.',
  };
}

/** @param {Person[]} people */
function namesOf(people) {
  return listNames(people.map((person) => person.name));
}
