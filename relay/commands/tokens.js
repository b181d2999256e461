import { readFileSync } from 'node:fs';
import { UsageError } from './usage.js';

/** @typedef {import('../../js-glue/hub-tokens.js').TokenRights} TokenRights */

/** A name may hold "=" (base64 often ends so): it ends before the one that an action follows. */
const ENTRY = /^(.+?)=((?:read|r|write|w|admin|a|\*):.*)$/;

/**
 * `NAME=SCOPES`, scopes separated by commas. Errors never name the token.
 * @param {string} text
 * @param {string} where
 * @returns {[string, TokenRights]}
 */
function parseEntry(text, where) {
  const [, name, scopes] = ENTRY.exec(text) ?? /^(.+?)=(.*)$/.exec(text) ?? [];
  if (!name) throw new UsageError(`${where}: not NAME=SCOPES`);
  if (!scopes) throw new UsageError(`${where}: there are no scopes`);
  return [name, { scopes: scopes.split(','), where }];
}

/**
 * `NAME=SCOPES [expires=DATE]`
 * @param {string} line
 * @param {string} where
 * @returns {[string, TokenRights]}
 */
function parseLine(line, where) {
  const [entry, ...rest] = line.split(/\s+/);
  const [token, rights] = parseEntry(entry, where);
  for (const word of rest) {
    if (!word.startsWith('expires='))
      throw new UsageError(`${where}: "${word}" is not expires=DATE`);
    rights.expires = word.slice('expires='.length);
    if (Number.isNaN(Date.parse(rights.expires))) {
      throw new UsageError(`${where}: "${rights.expires}" is not an ISO date`);
    }
  }
  return [token, rights];
}

/**
 * One token a line; empty lines and those that begin with # are left out.
 * @param {string} text
 * @param {string} source
 */
function parseLines(text, source) {
  return text.split('\n').flatMap((line, index) => {
    const trimmed = line.trim();
    return trimmed && !trimmed.startsWith('#')
      ? [parseLine(trimmed, `${source}:${index + 1}`)]
      : [];
  });
}

/** @param {string} file */
function readTokens(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`--tokens: ${/** @type {Error} */ (cause).message}`, { cause });
  }
}

/**
 * All tokens of a command line.
 * @param {{ token?: string[], tokens?: string }} values of --token and --tokens
 * @param {string} [environment] CLASP_TOKENS
 * @returns {import('../../js-glue/hub-tokens.js').Tokens | undefined} undefined: none of the three was given
 * @throws {UsageError}
 */
export function tokensFrom({ token = [], tokens }, environment) {
  if (token.length === 0 && tokens === undefined && environment === undefined) return undefined;
  const entries = [
    ...token.map((text, index) => parseEntry(text, `--token ${index + 1}`)),
    ...(environment !== undefined ? parseLines(environment, 'CLASP_TOKENS') : []),
    ...(tokens !== undefined ? parseLines(readTokens(tokens), tokens) : []),
  ];
  /** @type {Map<string, TokenRights>} */
  const found = new Map();
  for (const [name, rights] of entries) {
    const before = found.get(name);
    if (before) throw new UsageError(`${rights.where}: the same token as ${before.where}`);
    found.set(name, rights);
  }
  return Object.fromEntries(found);
}
