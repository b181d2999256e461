/**
 * peerjs with its serialization `raw`, the one that costs least. Its connections are given the same back-pressure as raw data
 * channels: of its own it has none. Each of its connections has one data channel; its unreliable ones are merely unordered.
 */
import { Peer } from 'peerjs';

import { roomOf } from '../lanes.js';

/** @typedef {import('peerjs').DataConnection} DataConnection */

/** @param {DataConnection} connection @returns {import('../lanes.js').Lane} */
function laneOf(connection) {
  /** @type {import('../lanes.js').Lane} */
  const lane = {
    send: (bytes) => void connection.send(bytes),
    room: () => roomOf(connection.dataChannel)(),
    heard: () => {},
  };
  connection.on('data', (data) => lane.heard(new Uint8Array(/** @type {ArrayBuffer} */ (data))));
  connection.on('open', () => (connection.dataChannel.bufferedAmountLowThreshold = 1 << 19));
  return lane;
}

/** @param {import('../signalling.js').Place} place @returns {Promise<Peer>} */
async function register({ pair, role, urls }) {
  const { hostname, port } = new URL(urls.peerServer);
  const peer = new Peer(`${pair}-${role}`, {
    host: hostname,
    port: Number(port),
    secure: false,
    config: { iceServers: [] },
  });
  peer.on('error', (error) => console.error(error));
  await new Promise((resolve) => peer.once('open', resolve));
  return peer;
}

/** @type {import('../lanes.js').Open} */
export const open = async (place) => {
  const peer = await register(place);
  return {
    async dial({ lanes: names }) {
      const connections = names.map((label) =>
        peer.connect(`${place.pair}-${place.other}`, {
          label,
          reliable: label !== 'loose',
          serialization: 'raw',
        }),
      );
      const lanes = connections.map((connection) => [connection.label, laneOf(connection)]);
      await Promise.all(
        connections.map(
          (connection) => new Promise((resolve) => connection.once('open', () => resolve(0))),
        ),
      );
      const close = () => connections.forEach((connection) => connection.close());
      return { lanes: Object.fromEntries(lanes), close };
    },
    async listen(_plan, come) {
      /** @type {Record<string, import('../lanes.js').Lane>} */
      const lanes = {};
      /** @type {DataConnection[]} */
      const connections = [];
      const close = () => connections.forEach((connection) => connection.close());
      peer.removeAllListeners('connection');
      peer.on('connection', (connection) => {
        connections.push(connection);
        lanes[connection.label] = laneOf(connection);
        come({ lanes, close });
      });
    },
  };
};
