/** A ClaspP2P that a test commands, in a page or in the test's own process: what the tests of networks run, and more. */
import { program as ofNetworks } from '../../net/programs/peer.js';
import { echo, exchange } from './exchange.js';

/** @typedef {ReturnType<typeof program>} P2PCommands */

const KIB = 1024;

/** @param {import('../../net/programs/peer.js').Host} host */
export function program(host) {
  const { peer, ...commands } = ofNetworks(host);
  /** @type {string[]} what came under /race, in its order: the first part of the address below it */
  const order = [];

  return {
    ...commands,

    /** Say back whatever the peer says; it tells `channel` of each channel that the peer makes. */
    echo: () => echo(peer(), (channel) => host.tell('channel', channel)),

    /** @param {string} name of this side */
    exchange: (name) => exchange(peer(), name),

    /** Set one value, and wait for its arrival. @param {string} address @param {unknown} value */
    set: (address, value) => peer().set(address, value),

    /** Note what comes under /race. */
    watchRace() {
      peer().on('/race/**', (_, address) => order.push(address.split('/')[2]));
    },

    /** @returns {string[]} what has come there */
    order: () => order,

    /**
     * Fill a `low` channel, then say something small on a `high` one.
     * @param {{bulk: number, kib: number, urgent: number}} amounts values of so many KiB, and small ones
     * @returns {Promise<{bulkLeft: number}>} of the large ones, how many had not arrived when the small ones had
     */
    async race({ bulk, kib, urgent }) {
      const channels = ['low', 'high'].map((priority) => {
        const options = { priority: /** @type {'low' | 'high'} */ (priority) };
        return peer().createDataChannel(`/race/${priority}`, options);
      });
      for (const channel of channels) {
        if (channel.readyState !== 'open') await new Promise((open) => channel.once('open', open));
      }
      let bulkLeft = bulk;
      const large = Array.from({ length: bulk }, async (_, n) => {
        await peer().set(`/race/low/${n}`, new Uint8Array(kib * KIB));
        bulkLeft--;
      });
      await Promise.all(Array.from({ length: urgent }, (_, n) => peer().set(`/race/high/${n}`, n)));
      const left = bulkLeft;
      await Promise.all(large);
      return { bulkLeft: left };
    },
  };
}
