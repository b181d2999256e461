/** Opens and closes ClaspP2P again and again, with all that a connection has. */
import { ClaspP2P } from '../../../web/peering.js';

/** @typedef {(one: ClaspP2P, two: ClaspP2P) => Promise<void>} Use what is done between connect() and close() */

/** @type {Use} */
async function speak(one, two) {
  const peer = await one.connectToPeer(two.clientId);
  const channel = peer.createDataChannel('/channel', { priority: 'high' });
  peer.on('/**', () => {});
  channel.on('message', () => {});
  const { writable } = peer.bytes('/pipe');
  const writer = writable.getWriter();
  await writer.write(new Uint8Array(1000));
  await peer.set('/value', 'a value');
  writer.close().catch(() => {}); // nobody reads it
}

/** The end comes in the middle of the set-up. @type {Use} */
async function dial(one, two) {
  one.connectToPeer(two.clientId).catch(() => {});
}

/** The end comes before the session with the relay is used. @type {Use} */
const nothing = async () => {};

const USES = [speak, dial, speak, nothing];

/** What the test may call. */
export const commands = {
  /**
   * @param {string} url of the relay
   * @param {number} count
   */
  async cycles(url, count) {
    for (let n = 0; n < count; n++) await cycle(url, USES[n % USES.length]);
    return { .../** @type {any} counted.js put it there */ (globalThis).open };
  },
};

/** @param {string} url @param {Use} use */
async function cycle(url, use) {
  const both = ['one', 'two'].map(
    (clientId) => new ClaspP2P({ signaling: url, clientId, rtcConfig: { iceServers: [] } }),
  );
  await Promise.all(both.map((p2p) => p2p.connect()));
  await use(both[0], both[1]);
  for (const p2p of both) p2p.close();
}

Object.assign(globalThis, { commands });
