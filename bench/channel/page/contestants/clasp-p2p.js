/** This package: each lane is an address of the peer. Signalling is by its relay. */
import { encode, ready } from '../../../../web/codec.js';
import { ClaspP2P } from '../../../../web/index.js';

/** @typedef {import('../lanes.js').Lane} Lane */
/** @typedef {import('../../../../web/index.js').Peer} Peer */
/** @typedef {'emit' | 'set' | 'stream'} Say */

/**
 * @typedef {object} Way of a lane
 * @property {Say} say
 * @property {string} address
 * @property {string} [pattern] of what is heard; the address, unless said
 * @property {boolean} [isNumeric]
 * @property {{address: string, priority: 'high' | 'low'}} [channel] that is made for it
 */

/** @type {Record<string, Way>} */
const WAYS = {
  main: { say: 'emit', address: '/bench/main' },
  bulk: { say: 'emit', address: '/bench/bulk' },
  set: { say: 'set', address: '/bench/set' },
  loose: { say: 'stream', address: '/bench/loose' },
  numbers: { say: 'set', address: '/a/b/c0', pattern: '/a/b/*', isNumeric: true },
  high: { say: 'emit', address: '/high/x', channel: { address: '/high', priority: 'high' } },
  low: { say: 'emit', address: '/low/x', channel: { address: '/low', priority: 'low' } },
};

/** Bytes that may wait where nothing is refused: what is streamed is dropped instead, the oldest first. */
const STREAM_WATER = 256 * 1024;

/** Bytes of the frame of a SET of a number. */
const NUMBER_FRAME = 23;

/** @param {Way} way @param {unknown} value */
function frameOf({ say, address }, value) {
  const message =
    say === 'set'
      ? { type: 'SET', address, value }
      : { type: 'PUBLISH', address, value, signal: say === 'emit' ? 'event' : 'stream' };
  return encode(/** @type {any} */ (message)).length;
}

/** @param {Peer} peer @param {Way} way @returns {Lane['send']} false: it is full */
function sender(peer, { say, address, isNumeric }) {
  const addresses = isNumeric ? Array.from({ length: 10 }, (_, i) => `/a/b/c${i}`) : [address];
  let turn = 0;
  return (message) => {
    if (++turn === addresses.length) turn = 0;
    try {
      void peer[say](addresses[turn], message);
    } catch (error) {
      if (/** @type {{code?: string}} */ (error).code !== 'QUEUE_FULL') throw error;
      return false;
    }
  };
}

/** @param {Peer} peer @param {Way} way @returns {Lane['room']} */
const roomOf = (peer, { say, channel }) =>
  channel
    ? () => peer.createDataChannel(channel.address, { priority: channel.priority }).ready
    : say === 'stream'
      ? () =>
          peer.bufferedAmount < STREAM_WATER
            ? undefined
            : new Promise((resolve) => setTimeout(resolve, 0))
      : () => peer.ready;

/** @param {Peer} peer @param {Way} way @returns {Lane & {end: () => void}} */
function laneOf(peer, way) {
  const { address, pattern = address, isNumeric = false } = way;
  if (isNumeric && frameOf(way, 0.5) !== NUMBER_FRAME) throw new Error('not 23 bytes');
  const overhead = isNumeric ? 0 : frameOf(way, new Uint8Array(8)) - 8;
  /** @type {Lane & {end: () => void}} */
  const lane = {
    send: sender(peer, way),
    room: roomOf(peer, way),
    heard: () => {},
    isNumeric,
    overhead,
    end: peer.on(pattern, (value) => lane.heard(value)),
  };
  return lane;
}

/** @param {Peer} peer @param {string[]} names @param {() => void} close @returns {import('../lanes.js').Link} */
function linkOf(peer, names, close) {
  const lanes = Object.fromEntries(names.map((name) => [name, laneOf(peer, WAYS[name])]));
  return {
    lanes,
    close() {
      for (const { end } of Object.values(lanes)) end();
      close();
    },
  };
}

/** Make the channels that these lanes need. @param {Peer} peer @param {string[]} names */
const makeChannels = (peer, names) =>
  Promise.all(
    names.map((name) => {
      const { channel } = WAYS[name];
      if (!channel) return undefined;
      const made = peer.createDataChannel(channel.address, { priority: channel.priority });
      return made.readyState === 'open' || new Promise((resolve) => made.once('open', resolve));
    }),
  );

/** @type {import('../lanes.js').Open} */
export const open = async ({ pair, role, other, urls }) => {
  await ready();
  const rtcConfig = { iceServers: [] };
  const p2p = new ClaspP2P({ signaling: urls.relay, clientId: `${pair}-${role}`, rtcConfig });
  await p2p.connect();
  return {
    async dial({ lanes: names }) {
      const peer = await p2p.connectToPeer(`${pair}-${other}`);
      await makeChannels(peer, names);
      return linkOf(peer, names, () => peer.close());
    },
    async listen({ lanes: names }, come) {
      const came = (/** @type {Peer} */ peer) => come(linkOf(peer, names, () => {})); // the one who has dialled hangs up
      p2p.once('peer_connected', came);
    },
  };
};
