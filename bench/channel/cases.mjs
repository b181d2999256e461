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
const RIVALS = ['simple-peer', 'peerjs', 'p2p'];

const KB = 1024;
const MAIN = ['main', 'bulk']; // lanes of the connection that all reliable warm cases share

/** What each pair of tabs runs. @type {Record<string, string>} */
export const TABS = {
  [RAW]: 'raw',
  [NOISE]: 'raw',
  ...Object.fromEntries(RIVALS.map((it) => [it, it])),
};

/** @param {Entry[]} [others] @returns {Entry[]} raw first: it is what the others are measured against */
const everybody = (others = []) =>
  [RAW, NOISE, ...RIVALS].map((contestant) => /** @type {Entry} */ ({ contestant })).concat(others);

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
  entries: everybody([
    { contestant: 'raw by BroadcastChannel', tabs: RAW, use: { signalling: 'broadcast' } },
    { contestant: 'raw by the relay', tabs: RAW, use: { signalling: 'relay' } },
  ]),
  figures: [
    { key: 'open', name: 'offer to open', unit: 'ms' },
    { key: 'echo', name: 'offer to first echo', unit: 'ms' },
  ],
  goals: [],
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
  ],
  figures: RATE_AND_GAP,
  goals: [],
});

/** @param {number} size @returns {Case} */
const bulk = (size) => ({
  name: `bulk, ${size / KB} KB`,
  workload: 'bulk',
  use: { ...USE, lanes: ['bulk'], size, count: (8 << 20) / size },
  entries: everybody(),
  figures: RATE_AND_GAP,
  goals: [],
});

/** @param {string} name @param {Use} use @returns {Case} */
const flood = (name, use) => ({
  name: `64-byte messages, ${name}`,
  workload: 'flood',
  use: { span: 300, ...use },
  entries: everybody(),
  figures: [{ key: 'rate', name: 'delivered', unit: 'k/s', more: true }],
  goals: [],
});

/** @type {Case[]} */
export const CASES = [
  SET_UP,
  ...[1 * KB, 16 * KB].map(start),
  {
    name: 'ping-pong',
    workload: 'pingPong',
    use: { ...USE, count: 500 },
    entries: everybody(),
    figures: TIMES,
    goals: [],
  },
  {
    name: 'ping-pong under bulk',
    workload: 'pingUnderBulk',
    use: { ...USE, lanes: MAIN, count: 200, span: 1000 },
    entries: everybody(),
    figures: [...TIMES, { key: 'rate', name: 'rate of the bulk', unit: 'MB/s', more: true }],
    goals: [],
  },
  ...[1, 16, 64, 256].map((size) => bulk(size * KB)),
  flood('reliable', USE),
  flood('unreliable', { lanes: ['loose'], signalling: 'forwarder' }),
  {
    name: 'two at once',
    workload: 'precedence',
    use: { ...USE, lanes: MAIN, size: 16 * KB, count: 256 },
    entries: everybody().filter(({ contestant }) => contestant !== 'simple-peer'), // it has one channel
    figures: [{ key: 'share', name: "first one's time, of the other's", unit: '×' }],
    goals: [],
  },
];
