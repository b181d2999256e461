/** The suite `dispatch`: from the bytes of a SET to the handlers of its address. */
import { encode } from '@clasp-to/core';

import { BEST_STACK, DISPATCHERS, OUR_DISPATCHER, OURS } from './dispatchers.js';
import { ADDRESSES, CALLS, handlersOf, newTally, VALUES } from './handlers.js';
import { ownCopy } from './measure.js';
import { coldSets, FreshPool, hotSets, patternsOf } from './subscriptions.js';

/** @typedef {import('./dispatchers.js').DispatcherEntry} DispatcherEntry */
/** @typedef {import('./measure.js').Case} Case */
/** @typedef {import('./measure.js').Contestant} Contestant */
/** @typedef {import('./subscriptions.js').Encode} Encode */
/** @typedef {import('./subscriptions.js').SetMessage} SetMessage */

const HOT_COUNTS = [1, 10, 100, 1000, 10_000];
const BUNDLE_COUNTS = [1, 1000];
const COLD_COUNTS = [100, 1000, 10_000];
const COLD_GOALS = [1000, 10_000];
const COLD_MOST = 200_000; // messages in one sample: each needs bytes of its own

/**
 * @param {(input: any) => void} deliver
 * @param {any[]} inputs any: what the contestant takes
 * @param {number} mask -1 where there is an input for each
 * @param {number} count
 */
function deliverLoop(deliver, inputs, mask, count) {
  for (let i = 0; i < count; i++) deliver(inputs[i & mask]);
}

/** What a pattern says, for the check alone. @param {string} pattern */
function regexpOf(pattern) {
  const source = pattern.replace(/\*\*|\*/g, (it) => (it === '*' ? '[^/]+' : '.*'));
  return new RegExp(`^${source}$`);
}

/**
 * @param {string} name
 * @param {Float64Array} tally after each of the messages was delivered once
 * @param {SetMessage[]} messages
 * @param {string[]} patterns
 * @throws {Error} when other handlers were called than the patterns say, or with something else
 */
function check(name, tally, messages, patterns) {
  const regexps = patterns.map(regexpOf);
  const expected = new Float64Array(tally.length);
  for (const { address, value } of messages) {
    const calls = regexps.filter((it) => it.test(address)).length;
    expected[CALLS] += calls;
    expected[VALUES] += calls * value;
    expected[ADDRESSES] += calls * address.charCodeAt(address.length - 1);
  }
  if (expected[CALLS] === 0 || expected.some((it, i) => Math.abs(it - tally[i]) > 1e-6))
    throw new Error(`${name} calls other handlers than the patterns say`);
}

/** @param {DispatcherEntry} entry @param {SetMessage[]} messages */
function inputsOf({ encode, toInput = (bytes) => bytes }, messages) {
  return encode ? messages.map((message) => toInput(encode(message))) : messages;
}

/**
 * A contestant with its subscriptions.
 * @param {DispatcherEntry} entry
 * @param {number} count of subscriptions
 * @param {SetMessage[]} messages that will arrive
 */
async function opened(entry, count, messages) {
  const [patterns, tally, loop] = [patternsOf(count), newTally(), ownCopy(deliverLoop)];
  const addresses = messages.map((message) => message.address);
  const { deliver, close } = await entry.open(patterns, handlersOf(count, tally), addresses);
  /** @param {any[]} inputs @param {number} mask @param {number} times */
  const run = (inputs, mask, times) => {
    loop(deliver, inputs, mask, times);
    return tally[VALUES];
  };
  /** @param {any[]} inputs @param {number} times so many of them hold each message once */
  const verify = (inputs, times) => {
    run(inputs, -1, times);
    check(entry.name, tally, messages, patterns);
  };
  return { run, verify, close };
}

/** @param {DispatcherEntry} entry @param {number} count of subscriptions @returns {Contestant} */
function hot(entry, count) {
  return {
    name: entry.name,
    most: entry.most,
    async open() {
      const messages = hotSets(count);
      const { run, verify, close } = await opened(entry, count, messages);
      const inputs = inputsOf(entry, messages);
      verify(inputs, inputs.length);
      return { run: (times) => run(inputs, inputs.length - 1, times), close };
    },
  };
}

/** @param {DispatcherEntry & {encode: Encode}} entry @param {number} count of subscriptions @returns {Contestant} */
function cold(entry, count) {
  const { name, encode, toInput, most = COLD_MOST } = entry;
  return {
    name,
    most,
    async open() {
      const messages = coldSets(count);
      const { run, verify, close } = await opened(entry, count, messages);
      const pool = new FreshPool(messages, encode);
      /** @type {unknown[]} */ let inputs = [];
      const prepare = (/** @type {number} */ times) => {
        const fresh = pool.take(times);
        inputs = toInput ? fresh.slice(0, times).map(toInput) : fresh;
      };
      prepare(messages.length);
      verify(inputs, messages.length);
      return { prepare, run: (times) => run(inputs, -1, times), close };
    },
  };
}

/** The same messages as single ones, in BUNDLEs that begin with another one each. @param {number} count @returns {Contestant} */
function bundled(count) {
  const variants = 8;
  return {
    name: `${OURS}, BUNDLE`,
    weight: hotSets(count).length,
    async open() {
      const messages = hotSets(count);
      const { run, verify, close } = await opened(OUR_DISPATCHER, count, messages);
      const inputs = Array.from({ length: variants }, (_, i) =>
        encode({ type: 'BUNDLE', messages: [...messages.slice(i), ...messages.slice(0, i)] }),
      );
      verify(inputs, 1);
      return { run: (times) => run(inputs, variants - 1, times), close };
    },
  };
}

/** @param {number} count */
const grouped = (count) => count.toLocaleString('en');

/** @param {number} count @returns {Case} */
const hotCase = (count) => ({
  name: `hot, N = ${grouped(count)}`,
  contestants: DISPATCHERS.map((entry) => hot(entry, count)),
  goals: [{ of: OURS, rivals: [BEST_STACK], factor: 3 }],
});

/** @param {DispatcherEntry} entry @returns {entry is DispatcherEntry & {encode: Encode}} */
const takesBytes = (entry) => entry.encode !== undefined;

/** @param {number} count @returns {Case} */
function coldCase(count) {
  const entries = DISPATCHERS.filter(takesBytes);
  const rivals = entries.map((entry) => entry.name).filter((name) => name !== OURS);
  return {
    name: `cold, N = ${grouped(count)}`,
    contestants: entries.map((entry) => cold(entry, count)),
    goals: COLD_GOALS.includes(count) ? [{ of: OURS, rivals, factor: 4 }] : [],
  };
}

/** @param {string} name @param {Contestant} contestant @returns {Contestant} */
const named = (name, contestant) => ({ ...contestant, name });

/** Whether matching grows with subscriptions. @returns {Case} */
function growthCase() {
  const contestants = [100, 10_000].map((count) =>
    named(`${OURS}, N = ${grouped(count)}`, hot(OUR_DISPATCHER, count)),
  );
  const [few, many] = contestants.map((it) => it.name);
  return {
    name: 'hot, many subscriptions against few',
    contestants,
    goals: [{ of: many, rivals: [few], factor: 0.8 }],
  };
}

/** @param {number} count @returns {Case} */
function bundleCase(count) {
  const [single, bundle] = [
    named(`${OURS}, single frames`, hot(OUR_DISPATCHER, count)),
    bundled(count),
  ];
  return {
    name: `hot, BUNDLE 64 against single frames, N = ${grouped(count)}`,
    contestants: [single, bundle],
    goals: [{ of: bundle.name, rivals: [single.name], factor: 2 }],
  };
}

/** @returns {{cases: Case[], notes: string[]}} */
export function dispatch() {
  return {
    cases: [
      ...HOT_COUNTS.map(hotCase),
      ...COLD_COUNTS.map(coldCase),
      growthCase(),
      ...BUNDLE_COUNTS.map(bundleCase),
    ],
    notes: [
      'Hot messages reach three handlers each (one at N = 1), cold ones two.',
      '"Match only" gets decoded messages: nothing that decodes can be as fast.',
    ],
  };
}
