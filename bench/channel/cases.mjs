/** The rows of the table: which workload, who takes part in it and how, and what this project asks of itself. */

/** @typedef {import('./page/workloads.js').Use} Use */

/**
 * @typedef {object} Entry
 * @property {string} contestant as the table names it
 * @property {string} [tabs] whose tabs; the contestant's, unless said
 * @property {Partial<Use>} [use] where it is not as the case has it
 * @property {number} [least] samples in all rounds, at least; one in each, unless said
 */

/** @typedef {{key: string, name: string, unit: string, more?: boolean}} Figure `more`: the more the better */

/**
 * @typedef {object} Goal
 * @property {string} figure
 * @property {string} of a contestant
 * @property {string | string[]} [to] the ratio to this contestant, or to the best of these; missing: the figure itself
 * @property {string} [toCase] where the other one's figure is from; this case, unless said
 * @property {number} limit at most; at least, where more is better
 * @property {boolean} [noise] a ratio within that of raw to raw is met as well
 */

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {string} workload
 * @property {Use} use
 * @property {Entry[]} entries the first one is what the others are measured against
 * @property {Figure[]} figures
 * @property {Goal[]} goals
 * @property {boolean} [cold] without a round before the first
 */

const RAW = 'raw';
export const NOISE = 'raw again (noise)';
const OURS = 'clasp-p2p';
const RIVALS = ['simple-peer', 'peerjs', 'p2p'];

const KB = 1024;
const MAIN = ['main', 'bulk']; // lanes of the connection that all reliable warm cases share

/** Lanes of this package's warm connection: all of them. */
const OUR_LANES = ['main', 'bulk', 'set', 'loose', 'numbers', 'high', 'low'];

/** What each pair of tabs runs. @type {Record<string, string>} */
export const TABS = {
  [RAW]: 'raw',
  [NOISE]: 'raw',
  ...Object.fromEntries([...RIVALS, OURS].map((it) => [it, it])),
};

/** Raw first: it is what the others are measured against. @param {...Entry} ours @returns {Entry[]} */
const everybody = (...ours) => [
  ...[RAW, NOISE, ...RIVALS].map((contestant) => ({ contestant })),
  ...ours,
];

/** @param {Partial<Use>} [use] @param {string} [how] said behind the name @returns {Entry} on the warm connection */
const ours = (use, how = '') => ({
  contestant: OURS + how,
  tabs: OURS,
  use: { kept: OUR_LANES, ...use },
});

/** Ahead of the other libraries. @param {string} figure @param {string} [of] @returns {Goal} */
const ahead = (figure, of = OURS) => ({ figure, of, to: RIVALS, limit: 1, noise: true });

/** @type {Use} */
const USE = { lanes: ['main'], kept: MAIN, signalling: 'forwarder' };

/** @type {Figure[]} */
const TIMES = [
  { key: 'p50', name: 'p50', unit: 'ms' },
  { key: 'p99', name: 'p99', unit: 'ms' },
];

/** @type {Figure[]} */
const RATE_AND_GAP = [
  { key: 'rate', name: 'rate', unit: 'MB/s', more: true },
  { key: 'gap', name: 'longest gap', unit: 'ms' },
];

/** @type {Case} */
const SET_UP = {
  name: 'set-up',
  workload: 'setUp',
  use: { lanes: ['main'], signalling: 'forwarder', count: 5 },
  entries: [
    ...everybody({ contestant: OURS }),
    { contestant: 'raw by BroadcastChannel', tabs: RAW, use: { signalling: 'broadcast' } },
    { contestant: 'raw by the relay', tabs: RAW, use: { signalling: 'relay' } },
  ],
  figures: [
    { key: 'open', name: 'offer to open', unit: 'ms' },
    { key: 'echo', name: 'offer to first echo', unit: 'ms' },
  ],
  goals: [
    { figure: 'open', of: OURS, to: [RAW, 'raw by the relay'], limit: 1, noise: true },
    ahead('open'),
    ahead('echo'),
  ],
};

/** @param {number} size @returns {Case} */
const start = (size) => ({
  name: `first second, ${size / KB} KB`,
  cold: true,
  workload: 'start',
  use: { lanes: ['bulk'], signalling: 'forwarder', size, span: 1000 },
  entries: [
    { contestant: 'raw, receiver credit', tabs: RAW, use: { lanes: ['credit'] }, least: 20 },
    { contestant: 'raw, high water', tabs: RAW, least: 20 },
    ...RIVALS.map((contestant) => ({ contestant })),
    { contestant: OURS, least: 20 },
  ],
  figures: RATE_AND_GAP,
  goals: [
    { figure: 'rate', of: OURS, to: 'raw, receiver credit', limit: 0.95 },
    { figure: 'gap', of: OURS, limit: 25 },
    ahead('rate'),
    ahead('gap'),
  ],
});

/** @type {Goal} */
const rateOfRaw = { figure: 'rate', of: OURS, to: RAW, limit: 0.98, noise: true };

/** @param {number} size @returns {Case} */
const bulk = (size) => ({
  name: `bulk, ${size / KB} KB`,
  workload: 'bulk',
  use: { ...USE, lanes: ['bulk'], size, count: (8 << 20) / size },
  entries: everybody(ours()),
  figures: RATE_AND_GAP,
  goals: [
    ...(size >= 16 * KB ? [rateOfRaw] : []),
    ...(size === 16 * KB ? [{ figure: 'gap', of: OURS, to: RAW, limit: 0.7 }] : []),
    ahead('rate'),
    ahead('gap'),
  ],
});

/** @param {string} name @param {Use} use @param {[Entry, number][]} ours with how many times raw's rate they are to have @returns {Case} */
const flood = (name, use, ours) => ({
  name: `64-byte messages, ${name}`,
  workload: 'flood',
  use: { span: 300, ...use },
  entries: everybody(...ours.map(([entry]) => entry)),
  figures: [{ key: 'rate', name: 'delivered', unit: 'k/s', more: true }],
  goals: ours.flatMap(([{ contestant }, limit]) => [
    { figure: 'rate', of: contestant, to: RAW, limit },
    ahead('rate', contestant),
  ]),
});

const SET = ', set()';
const NO_CHANNEL = ', without channels of their own';
const HIGH = ', high beside low';

/** @type {Case} */
const PING_PONG = {
  name: 'ping-pong',
  workload: 'pingPong',
  use: { ...USE, count: 500 },
  entries: everybody(ours(), ours({ lanes: ['set'] }, SET)),
  figures: TIMES,
  goals: [OURS, OURS + SET].flatMap((of) => [
    { figure: 'p50', of, to: RAW, limit: 1.05, noise: true },
    { figure: 'p99', of, to: RAW, limit: 1.1, noise: true },
    ahead('p50', of),
    ahead('p99', of),
  ]),
};

/** @type {Case} */
const UNDER_BULK = {
  name: 'ping-pong under bulk',
  workload: 'pingUnderBulk',
  use: { ...USE, lanes: MAIN, count: 200, span: 1000 },
  entries: everybody(
    ours({ lanes: ['main', 'low'] }, ', bulk on a low channel'),
    ours({ lanes: ['high', 'low'] }, HIGH),
    ours({}, NO_CHANNEL),
  ),
  figures: [...TIMES, { key: 'rate', name: 'rate of the bulk', unit: 'MB/s', more: true }],
  goals: [', bulk on a low channel', HIGH].flatMap((how) => [
    { figure: 'p99', of: OURS + how, to: OURS, toCase: 'ping-pong', limit: 3 },
    ahead('p99', OURS + how),
  ]),
};

/** @type {Case} */
const TWO_AT_ONCE = {
  name: 'two at once',
  workload: 'precedence',
  use: { ...USE, lanes: MAIN, size: 16 * KB, count: 256 },
  entries: everybody(ours({ lanes: ['high', 'low'] }, HIGH)).filter(
    ({ contestant }) => contestant !== 'simple-peer', // it has one channel
  ),
  figures: [{ key: 'share', name: "first one's time, of the other's", unit: '×' }],
  goals: [{ figure: 'share', of: OURS + HIGH, limit: 0.95 }, ahead('share', OURS + HIGH)],
};

/** @type {Case[]} */
export const CASES = [
  SET_UP,
  ...[1, 16].map((size) => start(size * KB)),
  PING_PONG,
  UNDER_BULK,
  ...[1, 16, 64, 256].map((size) => bulk(size * KB)),
  flood('reliable', USE, [
    [ours(), 7],
    [ours({ lanes: ['numbers'] }, ', SETs of numbers'), 12],
  ]),
  flood('unreliable', { lanes: ['loose'], signalling: 'forwarder' }, [[ours(), 6]]),
  TWO_AT_ONCE,
];
