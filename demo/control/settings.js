import { newToken } from '../common/names.js';
import { relayOf } from '../common/relay.js';

const ID_LENGTH = 64; // characters
export const DEFAULT_DISPLAY = 'display';

/**
 * @typedef {object} Settings
 * @property {string} relay WebSocket address
 * @property {string} display id of the display that is controlled
 * @property {boolean} direct false: no direct path is tried, so that the relay carries everything
 */

/**
 * @param {URL} page
 * @returns {Settings}
 */
export function readSettings(page) {
  const given = page.searchParams;
  const display = given
    .get('display')
    ?.replace(/[/*\p{Cc}]/gu, '')
    .slice(0, ID_LENGTH);
  return {
    relay: relayOf(page),
    display: display || DEFAULT_DISPLAY,
    direct: given.get('direct') !== 'off',
  };
}

/**
 * Another page of this demo, with the settings of this one.
 *
 * @param {URL} page
 * @param {string} file
 */
export function linkTo(page, file) {
  const link = new URL(file, page);
  link.search = page.search;
  return link.href;
}

/**
 * Options for ClaspP2P.
 *
 * @param {Settings} settings
 */
export function peerOptions({ relay, direct }) {
  if (direct) return { signaling: relay };
  return {
    signaling: relay,
    rtcConfig: { iceServers: [] },
    iceTransportPolicy: /** @type {const} */ ('relay'), // without a TURN server that finds no path at all
    timeout: 3000, // so there is nothing to wait for
  };
}

/** An id for a page that controls: there may be several. */
export function newControllerId() {
  return `controller-${newToken()}`;
}

/** @param {string} id */
export function isController(id) {
  return id.startsWith('controller');
}
