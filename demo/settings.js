/** What the lobby asks, and how it is kept in the page's address. */

/**
 * @typedef {object} Settings
 * @property {string} room
 * @property {string} name shown to the others
 * @property {'camera' | 'pattern'} source
 * @property {'relay' | 'broadcast'} signalling
 * @property {string} relay WebSocket address, used when `signalling` is 'relay'
 */

export const ROOM_LENGTH = 64; // characters, as the lobby's field
export const NAME_LENGTH = 40;
const DEFAULT_ROOM = 'demo-room'; // one for all, so that two tabs meet without typing

const MOODS = ['Amber', 'Brisk', 'Calm', 'Early', 'Gentle', 'Keen', 'Mellow', 'Quiet', 'Sunny'];
const BIRDS = ['Finch', 'Heron', 'Kite', 'Lark', 'Magpie', 'Osprey', 'Robin', 'Swift', 'Wren'];

/**
 * @param {URL} page
 * @returns {Settings & {join: boolean}} `join`: enter the room without asking
 */
export function readSettings(page) {
  const given = page.searchParams;
  return {
    room: given.get('room')?.trim().slice(0, ROOM_LENGTH) || DEFAULT_ROOM,
    name: given.get('name')?.trim().slice(0, NAME_LENGTH) || randomName(),
    source: given.get('source') === 'pattern' ? 'pattern' : 'camera',
    signalling: given.get('signalling') === 'broadcast' ? 'broadcast' : 'relay',
    relay: given.get('relay') || defaultRelay(page),
    join: given.has('room') && given.get('join') === '1',
  };
}

/**
 * This page with these settings, for the address bar: a reload gives the same lobby or room.
 *
 * @param {URL} page
 * @param {Settings} settings
 * @param {boolean} joined
 */
export function pageLink(page, settings, joined) {
  const link = new URL(shareLink(page, settings));
  link.searchParams.set('name', settings.name);
  link.searchParams.set('source', settings.source);
  if (!joined) link.searchParams.delete('join');
  return link.href;
}

/**
 * The link for somebody else: it joins the same room, under a name and with a source of their own.
 *
 * @param {URL} page
 * @param {Settings} settings
 */
export function shareLink(page, settings) {
  const link = new URL(page.pathname, page);
  link.searchParams.set('room', settings.room);
  link.searchParams.set('signalling', settings.signalling);
  if (settings.signalling === 'relay' && settings.relay !== defaultRelay(page)) {
    link.searchParams.set('relay', settings.relay);
  }
  link.searchParams.set('join', '1');
  return link.href;
}

/**
 * What is wrong with a relay address, in words; '' if nothing.
 *
 * @param {URL} page
 * @param {string} address
 */
export function relayProblem(page, address) {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || !['ws:', 'wss:'].includes(url.protocol)) {
    return 'Write an address such as ws://localhost:7330 or wss://relay.example.';
  }
  if (page.protocol === 'https:' && url.protocol === 'ws:' && !isLoopback(url.hostname)) {
    return 'This page came by https, so the browser allows only wss:// here.';
  }
  return '';
}

/** @param {URL} page */
function defaultRelay(page) {
  const scheme = page.protocol === 'https:' && !isLoopback(page.hostname) ? 'wss' : 'ws';
  return `${scheme}://${page.hostname || 'localhost'}:7330`;
}

/** @param {string} hostname */
function isLoopback(hostname) {
  return ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}

function randomName() {
  const pick = (/** @type {string[]} */ words) => words[Math.floor(Math.random() * words.length)];
  return `${pick(MOODS)} ${pick(BIRDS)}`;
}
