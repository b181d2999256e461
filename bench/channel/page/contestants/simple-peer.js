/** simple-peer, with the back-pressure of its own stream. It has one data channel: `main` and `bulk` share it. */
// @ts-expect-error: it has no types
import SimplePeer from 'simple-peer/simplepeer.min.js';

import { CHANNELS } from '../lanes.js';
import { signallingFor } from '../signalling.js';

/** @typedef {import('../lanes.js').Lane} Lane */

/** Bytes of a message from which on it belongs to `bulk`, where a link has both. */
const BULK_FROM = 1024;

/** @param {any} peer any: of simple-peer @returns {Lane} */
function laneOf(peer) {
  let isFull = false;
  return {
    send: (bytes) => void (isFull = !peer.write(bytes)),
    room: () => (isFull ? new Promise((resolve) => peer.once('drain', resolve)) : undefined),
    heard: () => {},
  };
}

/** @param {import('../lanes.js').Plan} plan @param {import('../signalling.js').Signalling} signalling @param {boolean} initiator */
function connection({ lanes: names }, signalling, initiator) {
  const channelConfig = names.includes('loose') ? CHANNELS.loose : CHANNELS.main;
  const peer = new SimplePeer({ initiator, channelConfig, config: { iceServers: [] } });
  peer.on('signal', (/** @type {object} */ message) => signalling.send(message));
  peer.on('error', () => {}); // that the other tab has closed is one; others are noticed by what does not arrive
  signalling.heard = (message) => peer.signal(message);
  const lanes = Object.fromEntries(names.map((name) => [name, laneOf(peer)]));
  const small = lanes[names[0]];
  const large = lanes.bulk ?? small;
  peer.on('data', (/** @type {Uint8Array} */ bytes) =>
    (bytes.length < BULK_FROM ? small : large).heard(bytes),
  );
  const close = () => {
    peer.destroy();
  };
  return { peer, link: { lanes, close } };
}

/** @type {import('../lanes.js').Open} */
export const open = async (place) => ({
  async dial(plan) {
    const { peer, link } = connection(plan, await signallingFor(place, plan), true);
    await new Promise((resolve, reject) => peer.once('connect', resolve).once('error', reject));
    return link;
  },
  async listen(plan, come) {
    come(connection(plan, await signallingFor(place, plan), false).link);
  },
});
