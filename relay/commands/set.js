import { clientOptions, clientUsage, connected, tellLosses } from './connection.js';
import { readValue, valueOptions, valueUsage } from './input.js';
import { write } from './output.js';
import { UsageError, given, numberFrom } from './usage.js';
import { toDocument } from './value-json.js';

export const summary = 'write a param';

export const usage = `Usage: clasp-p2p set [options] ADDRESS VALUE

Writes a param and prints its revision. VALUE is JSON where it is well-formed,
or else text; "-": all of stdin.

${valueUsage}
  --lock           take its lock, which ends with the connection …
  --hold           … so stay, and hold it until Ctrl+C
  --unlock         release its lock
  --ttl S          seconds that the param lives (3600; 0: for ever)
  --absolute       the ttl counts from now, not from the last access
  --revision N     only if the param has this revision
${clientUsage}`;

/** @type {NonNullable<import('node:util').ParseArgsConfig['options']>} */
export const options = {
  ...clientOptions,
  ...valueOptions,
  lock: { type: 'boolean' },
  hold: { type: 'boolean' },
  unlock: { type: 'boolean' },
  ttl: { type: 'string' },
  absolute: { type: 'boolean' },
  revision: { type: 'string' },
};

const TTL_MAX = 0x7fffffff;

/** @typedef {Record<string, any>} Values any: by `options` */

/** @param {Values} values @returns {import('../../web/clasp.js').SetOptions} */
function setOptions({ lock, hold, unlock, ttl, absolute, revision }) {
  if (lock && unlock) throw new UsageError('--lock or --unlock, not both');
  if (hold && !lock) throw new UsageError('--hold goes with --lock');
  if (absolute && ttl === undefined) throw new UsageError('--absolute goes with --ttl');
  return {
    lock,
    unlock,
    absolute,
    ttl: given(ttl, (it) => numberFrom('--ttl', it, 0, TTL_MAX)),
    revision: given(revision, (it) => numberFrom('--revision', it, 0, Number.MAX_SAFE_INTEGER)),
  };
}

/**
 * @param {Values} values
 * @param {string[]} words
 */
export async function run(values, [address, word, ...rest]) {
  if (address === undefined) throw new UsageError('there is no ADDRESS');
  if (rest.length > 0) throw new UsageError(`"${rest[0]}" is too much: ADDRESS and VALUE`);
  const how = setOptions(values);
  const value = await readValue(word, values);
  await connected(values, async (connection) => {
    const revision = await connection.answer(connection.client.set(address, value, how));
    if (values.json) write(`${toDocument({ address, value, revision })}\n`);
    else if (!values.quiet) write(`${revision}\n`);
    if (!values.hold) return;
    if (!values.quiet) tellLosses(connection);
    await connection.ended();
  });
}
