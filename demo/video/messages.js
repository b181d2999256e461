/** What travels between two pages of the demo. All of it came from a stranger: check, then use. */

import { NAME_LENGTH } from './settings.js';

export const TEXT_LENGTH = 2000; // characters in one chat message, as the field's maxlength
const PACKET_LENGTH = 16_000; // characters; TEXT_LENGTH escaped as \uXXXX, and the rest, fit in
const TOKEN_LENGTH = 64;
const MAX_AHEAD_MS = 60_000; // clocks differ; a message further in the future is dated now

/**
 * @typedef {object} ChatText
 * @property {string} text
 * @property {number} at ms since 1970, by the writer's clock
 */

/**
 * @param {ChatText} message
 * @returns {string} JSON
 */
export function encodeChat({ text, at }) {
  return JSON.stringify({ text: text.slice(0, TEXT_LENGTH), at });
}

/**
 * @param {unknown} packet
 * @returns {ChatText | null} null when it is not a chat message
 */
export function decodeChat(packet) {
  if (typeof packet !== 'string' || packet.length > PACKET_LENGTH) return null;
  const { text, at } = parseObject(packet);
  if (typeof text !== 'string' || text === '') return null;
  const now = Date.now();
  const dated = typeof at === 'number' && at > 0 && at < now + MAX_AHEAD_MS;
  return { text: text.slice(0, TEXT_LENGTH), at: dated ? at : now };
}

/**
 * What a Sender tells about itself.
 *
 * @param {any} state anything at all
 */
export function readState(state) {
  const name = typeof state?.name === 'string' ? state.name.trim().slice(0, NAME_LENGTH) : '';
  return {
    name: name || 'Somebody',
    audio: state?.audio !== false,
    video: state?.video !== false,
    participant: readToken(state?.participant),
  };
}

/**
 * The random word by which the Sender and the Receiver of one page are known to belong together.
 *
 * @param {unknown} token
 * @returns {string} '' when there is none
 */
export function readToken(token) {
  return typeof token === 'string' ? token.slice(0, TOKEN_LENGTH) : '';
}

export function newToken() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * @param {string} json
 * @returns {any} {} when it is not an object's JSON
 */
function parseObject(json) {
  try {
    return Object(JSON.parse(json));
  } catch {
    return {};
  }
}
