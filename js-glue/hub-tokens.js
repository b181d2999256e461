import { ClaspError } from './error.js';

/**
 * @typedef {object} TokenRights what a client with a token may do
 * @property {string[]} scopes such as `read:/stage/**`: read (r), write (w, includes read) or admin (a, *), and a pattern
 * @property {Date | number | string} [expires] when it ends, also for a client that is connected: a Date, milliseconds since
 *   the epoch, or an ISO date; never by default
 * @property {string} [where] what errors call it, `tokens.txt:3` say, in place of its place in the list
 */

/** @typedef {Record<string, string[] | TokenRights>} Tokens by what a client sends as its token: keep them secret */

const encoder = new TextEncoder();

/**
 * @param {TokenRights['expires']} expires
 * @param {string} which
 * @returns {number} microseconds; 0: never
 */
function expiryOf(expires, which) {
  if (expires === undefined) return 0;
  const time_us = new Date(expires).getTime() * 1000;
  if (time_us > 0) return time_us;
  throw new ClaspError('BAD_OPTION', `${which} expires at no date that could be`);
}

/** @param {string} text */
function textField(text) {
  const bytes = encoder.encode(text);
  if (bytes.length > 0xffff) throw new ClaspError('TOO_LARGE');
  const field = new Uint8Array(2 + bytes.length);
  new DataView(field.buffer).setUint16(0, bytes.length);
  field.set(bytes, 2);
  return field;
}

/**
 * @param {number} size in bytes
 * @param {number | bigint} value
 */
function number(size, value) {
  const field = new DataView(new ArrayBuffer(8));
  field.setBigUint64(0, BigInt(value));
  return new Uint8Array(field.buffer, 8 - size);
}

/**
 * @param {[string, string[] | TokenRights]} entry
 * @param {number} index
 * @param {(scope: string) => unknown} check
 */
function tokenFields([token, rights], index, check) {
  const given = Array.isArray(rights) ? { scopes: rights } : rights;
  const { scopes, expires, where: which = `token ${index + 1}` } = given; // never its text
  if (token === '') throw new ClaspError('BAD_OPTION', `${which} is empty`);
  for (const scope of scopes) {
    try {
      check(scope);
    } catch (cause) {
      const why = /** @type {Error} */ (cause).message;
      throw new ClaspError('BAD_OPTION', `${which}: "${scope}" is no scope: ${why}`, { cause });
    }
  }
  const head = [textField(token), number(8, expiryOf(expires, which)), number(2, scopes.length)];
  return [...head, ...scopes.map(textField)];
}

/**
 * The list that clasp_hub_set_tokens() takes (src/hub/hub.h).
 * @param {Tokens} tokens
 * @param {(scope: string) => unknown} check throws when a scope is none
 * @throws {ClaspError} BAD_OPTION, which names a token by its place and never by its text; TOO_LARGE
 */
export function packTokens(tokens, check) {
  const entries = Object.entries(tokens);
  const fields = entries.flatMap((entry, index) => tokenFields(entry, index, check));
  const parts = [number(4, entries.length), ...fields];
  const list = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    list.set(part, at);
    at += part.length;
  }
  return list;
}
