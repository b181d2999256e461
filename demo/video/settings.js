import { defaultRelay } from '../common/relay-address.js';
import { randomName } from '../common/names.js';

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
