/**
 * `p2p` 0.14.0 as a bundler finds it: the file that its `module` names. (Node takes `main`, which imports files that the package
 * does not hold.) It hands out data channels as they are; they are given the same back-pressure as raw ones. The tab that dials is
 * its Receiver: so there is one message of signalling before the offer, not two.
 */
// @ts-expect-error: the package names types that it does not hold
import { Receiver, Sender } from 'p2p';

import { CHANNELS, laneOf } from '../lanes.js';
import { signallingFor } from '../signalling.js';

/** Its signalling driver. @param {import('../signalling.js').Signalling} signalling */
function driverOf(signalling) {
  /** @type {Map<string, (message: object) => void>} */
  const handlers = new Map();
  signalling.heard = ({ to, message }) => handlers.get(to)?.(message);
  return {
    /** @param {string[]} namespace @param {(message: object) => void} handler */
    subscribe: (namespace, handler) => void handlers.set(namespace.join(), handler),
    /** @param {string[]} namespace */
    unsubscribe: (namespace) => void handlers.delete(namespace.join()),
    /** @param {string[]} namespace @param {object} message */
    publish: (namespace, message) => signalling.send({ to: namespace.join(), message }),
  };
}

const options = { iceServers: [], pingInterval: 0 };

/** @typedef {import('../lanes.js').Lane} Lane */

/**
 * The lanes of a Sender or Receiver, as their channels open.
 * @param {EventTarget} end
 * @param {(lanes: Record<string, Lane>) => void} changed
 */
function lanesOf(end, changed) {
  /** @type {Record<string, Lane>} */
  const lanes = {};
  end.addEventListener('channel:open', (event) => {
    const { channel } = /** @type {CustomEvent} */ (event).detail;
    lanes[channel.label] = laneOf(channel);
    channel.onmessage = null; // what it says is heard from the events of the library
    changed(lanes);
  });
  end.addEventListener('channel:message', (event) => {
    const { channel, data } = /** @type {CustomEvent} */ (event).detail;
    lanes[channel.label].heard(new Uint8Array(data));
  });
}

/** @type {import('../lanes.js').Open} */
export const open = async (place) => ({
  async dial(plan) {
    const driver = driverOf(await signallingFor(place, plan));
    const receiver = new Receiver({ driver, ...options });
    const complete = new Promise((resolve) =>
      lanesOf(
        receiver,
        (lanes) => Object.keys(lanes).length === plan.lanes.length && resolve(lanes),
      ),
    );
    receiver.start({ room: 'bench' });
    return { lanes: await complete, close: () => receiver.stop() };
  },
  async listen(plan, come) {
    const driver = driverOf(await signallingFor(place, plan));
    const sender = new Sender({ driver, ...options });
    lanesOf(sender, (lanes) => come({ lanes, close: () => sender.stop() }));
    const channels = Object.fromEntries(plan.lanes.map((name) => [name, CHANNELS[name]]));
    sender.start({ room: 'bench', channels });
  },
});
