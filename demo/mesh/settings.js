import { randomName } from '../common/names.js';
import { defaultRelay, relayProblem } from '../common/relay-address.js';

/** What the lobby asks, and how it is kept in the page's address. */

/**
 * @typedef {object} Settings
 * @property {string} room
 * @property {string} name shown to the others
 * @property {string} relay WebSocket address
 * @property {boolean} direct false: no direct path is tried, so that the relay carries everything
 */

export const ROOM_LENGTH = 32; // UTF-16 units: with the rest it has to fit an id of 256 bytes
export const NAME_LENGTH = 40;
const DEFAULT_ROOM = 'mesh'; // one for all, so that tabs meet without typing

/**
 * @param {URL} page
 * @returns {Settings & {join: boolean}} `join`: enter the room without asking
 */
export function readSettings(page) {
  const given = page.searchParams;
  const relay = given.get('relay') ?? '';
  return {
    room: given.get('room')?.trim().slice(0, ROOM_LENGTH) || DEFAULT_ROOM,
    name: given.get('name')?.trim().slice(0, NAME_LENGTH) || randomName(),
    relay: relay && relayProblem(page, relay) === '' ? relay : defaultRelay(page),
    direct: given.get('direct') !== 'off',
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
  if (!joined) link.searchParams.delete('join');
  return link.href;
}

/**
 * The link for somebody else: it joins the same room, under a name of their own.
 *
 * @param {URL} page
 * @param {Settings} settings
 */
export function shareLink(page, { room, relay, direct }) {
  const link = new URL(page.pathname, page);
  link.searchParams.set('room', room);
  if (relay !== defaultRelay(page)) link.searchParams.set('relay', relay);
  if (!direct) link.searchParams.set('direct', 'off');
  link.searchParams.set('join', '1');
  return link.href;
}
