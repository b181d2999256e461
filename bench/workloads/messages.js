/** What is encoded and decoded: for each case some messages, and how to read what came back. */
import { randomNumbers } from './measure.js';

/**
 * @typedef {object} Kind
 * @property {string} name
 * @property {number} variants a power of two
 * @property {(i: number, random: () => number) => any} make any: a message, whatever its type
 * @property {(message: any) => number} read reads all that counts as decoded; uses nothing around it (see ownCopy)
 */

const TIMESTAMP = 1704067200000000; // microseconds

/** @type {Kind['make']} */
const set = (i, random) => ({ type: 'SET', address: `/a/b/c${i}`, value: random() });

/**
 * @param {string} address
 * @param {string} signal
 * @param {unknown} value
 * @param {number} i
 */
const publish = (address, signal, value, i) => {
  return { type: 'PUBLISH', address, signal, value, timestamp: TIMESTAMP + i * 16_667 };
};

/** @param {number} count @returns {Kind['make']} */
const snapshot = (count) => (i, random) => ({
  type: 'SNAPSHOT',
  params: Array.from({ length: count }, (_, k) => ({
    address: `/mixer/channel/${k}/level`,
    value: random(),
    revision: i * count + k + 1,
  })),
});

/** @type {Kind['read']} */
const readNumber = (m) => m.type.length + m.address.charCodeAt(m.address.length - 1) + m.value;

/** @type {Kind['read']} */
const readMap = ({ type, address, value }) =>
  type.length +
  address.charCodeAt(address.length - 1) +
  value.x +
  value.y +
  value.pressure +
  value.id.charCodeAt(value.id.length - 1);

/** @type {Kind['read']} */
const readBytes = ({ type, address, value }) =>
  type.length + address.charCodeAt(address.length - 1) + value[0] + value[value.length - 1];

/** @type {Kind['read']} */
const readBundle = ({ type, messages }) => {
  let sum = type.length;
  for (let i = 0; i < messages.length; i++) {
    const m = messages[i];
    sum += m.type.length + m.address.charCodeAt(m.address.length - 1) + m.value;
  }
  return sum;
};

/** @type {Kind['read']} */
const readSnapshot = ({ type, params }) => {
  let sum = type.length;
  for (let i = 0; i < params.length; i++) {
    const p = params[i];
    sum += p.address.charCodeAt(p.address.length - 1) + p.value + p.revision;
  }
  return sum;
};

/** @type {Kind[]} */
export const KINDS = [
  { name: 'SET float', variants: 64, make: set, read: readNumber },
  {
    name: 'PUBLISH stream',
    variants: 64,
    make: (i, random) => publish(`/sensor/imu/${i}/x`, 'stream', random(), i),
    read: readNumber,
  },
  {
    name: 'PUBLISH event map',
    variants: 64,
    make(i, random) {
      const value = { x: random(), y: random(), pressure: random(), id: 'finger-1' };
      return publish(`/touch/surface/${i}`, 'event', value, i);
    },
    read: readMap,
  },
  {
    name: 'PUBLISH 1 KB bytes',
    variants: 16,
    make(i, random) {
      const value = Uint8Array.from({ length: 1024 }, () => random() * 256);
      return publish(`/video/room/${i}`, 'stream', value, i);
    },
    read: readBytes,
  },
  {
    name: 'BUNDLE 64',
    variants: 8,
    make: (_, random) => ({
      type: 'BUNDLE',
      messages: Array.from({ length: 64 }, (_, k) => set(k, random)),
    }),
    read: readBundle,
  },
  { name: 'SNAPSHOT 64', variants: 8, make: snapshot(64), read: readSnapshot },
  { name: 'SNAPSHOT 1000', variants: 4, make: snapshot(1000), read: readSnapshot },
];

/** @param {Kind} kind */
export function messagesOf({ variants, make }) {
  const random = randomNumbers(variants);
  return Array.from({ length: variants }, (_, i) => make(i, random));
}
