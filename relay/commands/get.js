import { clientOptions, clientUsage, connected } from './connection.js';
import { EXIT, Failure } from './exit.js';
import { valueAlone, write } from './output.js';
import { UsageError } from './usage.js';

export const summary = 'print params';

export const usage = `Usage: clasp-p2p get [options] ADDRESS…

Prints the values of params as they are now, one a line and in the order asked
for: text as it is, all else as JSON, bytes as {"$bytes": "00ff"}.

  --raw            bytes as they are, without a line end
${clientUsage}`;

/** @type {NonNullable<import('node:util').ParseArgsConfig['options']>} */
export const options = { ...clientOptions, raw: { type: 'boolean' } };

const AT_ONCE = 64; // questions on their way

/** @typedef {import('./connection.js').Connection} Connection */

/**
 * The values of some params. A router is silent about one that it has not; but it answers in order, so what is answered
 * after it tells.
 * @param {Connection} connection
 * @param {string[]} addresses
 * @returns {Promise<({value: any} | undefined)[]>} any: the value; undefined: there is no such param
 */
async function ask({ client, answer }, addresses) {
  const found = addresses.map((address) => client.get(address).then((value) => ({ value })));
  const after = client.query('/clasp/none').then(() => undefined);
  return answer(Promise.all(found.map((value) => Promise.race([value, after]))));
}

/**
 * @param {Record<string, any>} values any: by `options`
 * @param {string[]} addresses
 */
export async function run(values, addresses) {
  if (addresses.length === 0) throw new UsageError('there is no ADDRESS');
  /** @type {string[]} */ const missing = [];
  await connected(values, async (connection) => {
    for (let i = 0; i < addresses.length; i += AT_ONCE) {
      const some = addresses.slice(i, i + AT_ONCE);
      (await ask(connection, some)).forEach((found, at) => {
        if (found) write(valueAlone(found.value, some[at], values));
        else missing.push(some[at]);
      });
      await connection.printed();
    }
  });
  if (missing.length > 0) throw new Failure(EXIT.NO_PARAM, `no such param: ${missing.join(', ')}`);
}
