import { SIGNAL_TYPES } from '../../web/clasp.js';
import { clientOptions, clientUsage, connected, tellLosses } from './connection.js';
import { isBehind, tell, valueLine, write } from './output.js';
import { UsageError, decimalFrom, given, numberFrom, wordFrom } from './usage.js';

export const summary = 'print what is written and published, as it comes';

export const usage = `Usage: clasp-p2p sub [options] PATTERN…

Prints "ADDRESS VALUE" a line until Ctrl+C: params as they are now, then what
comes. "*" is one segment or a part of one, "**" any number: quote them.

  --types LIST     of param,event,stream,gesture,timeline these alone
  --max-rate N     at most N values a second of one address, the newest
  --epsilon X      leave out numbers that differ by less from the last one
  --history N      first up to N published values from before
  --window MS      … of the last so many milliseconds
  --count N        end after N values
  --raw            values without their addresses; bytes as they are
${clientUsage}`;

/** @type {NonNullable<import('node:util').ParseArgsConfig['options']>} */
export const options = {
  ...clientOptions,
  types: { type: 'string' },
  'max-rate': { type: 'string' },
  epsilon: { type: 'string' },
  history: { type: 'string' },
  window: { type: 'string' },
  count: { type: 'string' },
  raw: { type: 'boolean' },
};

const COUNT_MAX = 0xffffffff;

/** @typedef {Record<string, any>} Values any: by `options` */

/** @param {Values} values @param {string} name */
const countOf = (values, name) =>
  given(values[name], (text) => numberFrom(`--${name}`, text, 1, COUNT_MAX));

/** @param {string} list @returns {import('../../web/clasp.js').SignalType[]} */
const typesFrom = (list) => list.split(',').map((it) => wordFrom('--types', it, SIGNAL_TYPES));

/** @param {Values} values @returns {import('../../web/clasp.js').SubscribeOptions} */
function subscribeOptions(values) {
  return {
    types: given(values.types, typesFrom),
    maxRate: countOf(values, 'max-rate'),
    epsilon: given(values.epsilon, (it) => decimalFrom('--epsilon', it, Number.MAX_VALUE)),
    history: countOf(values, 'history'),
    window: countOf(values, 'window'),
  };
}

/**
 * Prints values until there have been enough. Where nobody reads them fast enough they are left out, with a word about it.
 * @param {Values} values
 * @param {number} most
 * @param {() => void} done
 * @returns {import('../../web/clasp.js').Handler}
 */
function printer(values, most, done) {
  let printed = 0;
  let isSkipping = false;
  return (value, address) => {
    if (printed >= most) return;
    const wasSkipping = isSkipping;
    isSkipping = isBehind();
    if (isSkipping && !wasSkipping) tell('values are left out: nobody reads them fast enough');
    if (isSkipping) return;
    write(valueLine(value, address, values));
    if (++printed >= most) done();
  };
}

/**
 * @param {Values} values
 * @param {string[]} patterns
 */
export async function run(values, patterns) {
  if (patterns.length === 0) throw new UsageError('there is no PATTERN');
  const how = subscribeOptions(values);
  const most = countOf(values, 'count') ?? Infinity;
  await connected(values, async (connection) => {
    await connection.settled(); // all params that a router sends at the opening have come: none is printed twice
    if (!values.quiet) tellLosses(connection);
    await new Promise((resolve, reject) => {
      const print = printer(values, most, () => resolve(undefined));
      for (const pattern of patterns) connection.client.on(pattern, print, how);
      connection.ended().then(resolve, reject);
    });
  });
}
