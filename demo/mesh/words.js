import { isCovered, isReachable } from '../common/peer-words.js';
import { listNames } from '../common/ui.js';

/** @import { Peer } from '../../web/index.js' */
/** @import { Tone } from '../common/status-line.js' */
/** @import { Room } from './room.js' */

/**
 * The state of a room in one sentence or two, the most pressing first.
 *
 * @param {Room} room
 * @param {Peer[]} people
 * @returns {{tone: Tone, text: string}}
 */
export function describeRoom(room, people) {
  const { relay } = room;
  const here = people.filter(isReachable);
  const meanwhile = here.length > 0 ? ' Who is here stays connected; nobody new can join.' : '';
  if (relay.trouble) return { tone: 'warn', text: relay.trouble + meanwhile };
  if (relay.state === 'connecting') {
    return { tone: 'busy', text: `Connecting to the relay at ${relay.url} …` };
  }
  if (here.length > 0) return present(room, here);
  if (people.length > 0) return { tone: 'busy', text: 'Connecting …' };
  return {
    tone: 'info',
    text: 'Nobody else is in this room yet. Open this page in a second tab, or share the link.',
  };
}

/**
 * @param {Room} room
 * @param {Peer[]} people
 * @returns {{tone: Tone, text: string}}
 */
function present(room, people) {
  const text = `Connected with ${listNames(people.map((peer) => room.nameOf(peer)))}.`;
  const covered = people.filter(isCovered).map((peer) => room.nameOf(peer));
  if (covered.length === 0) return { tone: 'good', text };
  return { tone: 'warn', text: `${text} By the relay: ${listNames(covered)}.` };
}
