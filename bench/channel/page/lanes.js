/** What the workloads see of a contestant. */

/**
 * @typedef {object} Lane messages to the other tab and from it
 * @property {(message: any) => boolean | void} send false: refused, there is no room. any: bytes, or numbers where `isNumeric`
 * @property {() => Promise<unknown> | undefined} room resolves when more may be sent, by the sender's own back-pressure; undefined: at once
 * @property {(message: any) => void} heard set by the one who listens
 * @property {number} [overhead] bytes of a frame around the message: nothing, unless said
 * @property {boolean} [isNumeric]
 */

/** @typedef {{lanes: Record<string, Lane>, close: () => void | Promise<void>}} Link one connection */

/** @typedef {{id: number, lanes: string[], signalling: string}} Plan of a connection: its number, names of its lanes; which signalling, where there is a choice */

/**
 * @typedef {object} Contestant one in each tab
 * @property {(plan: Plan) => Promise<Link>} dial resolves when all lanes are open
 * @property {(plan: Plan, come: (link: Link) => void) => Promise<void>} listen resolves when `dial` may be called;
 *   `come` is called before anything is heard on the link's lanes
 */

/** @typedef {(place: import('./signalling.js').Place) => Promise<Contestant>} Open signalling included */

/** Bytes that may wait in the browser before a sender pauses, and goes on. */
const HIGH_WATER = 1 << 20;
const LOW_WATER = HIGH_WATER / 2;

/** Options of the data channels by the name of their lane; the others are as a data channel is by itself. @type {Record<string, RTCDataChannelInit>} */
export const CHANNELS = {
  main: {},
  bulk: {},
  credit: {},
  loose: { ordered: false, maxRetransmits: 0 },
};

/**
 * A data channel, used as it should be.
 * @param {RTCDataChannel} channel
 * @returns {Lane}
 */
export function laneOf(channel) {
  channel.binaryType = 'arraybuffer';
  channel.bufferedAmountLowThreshold = LOW_WATER;
  /** @type {Lane} */
  const lane = { send: (bytes) => channel.send(bytes), room: roomOf(channel), heard: () => {} };
  channel.onmessage = ({ data }) => lane.heard(new Uint8Array(data));
  return lane;
}

/** @param {RTCDataChannel} channel whose threshold is LOW_WATER @returns {Lane['room']} */
export const roomOf = (channel) => () =>
  channel.bufferedAmount <= HIGH_WATER
    ? undefined
    : new Promise((resolve) => (channel.onbufferedamountlow = resolve));

/** Bytes that a lane with credit has under way, and how often its receiver tells what it took. */
const CREDIT = 512 * 1024;
const CREDIT_STEP = CREDIT / 8;

/**
 * A data channel whose receiver tells, on the same channel, how many bytes it has taken.
 * @param {RTCDataChannel} channel
 * @returns {Lane}
 */
export function laneWithCredit(channel) {
  channel.binaryType = 'arraybuffer';
  let sent = 0;
  let taken = 0; // by the other side
  let heard = 0;
  let told = 0;
  let wake = () => {};
  /** @type {Lane} */
  const lane = {
    send(bytes) {
      channel.send(bytes);
      sent += bytes.length;
    },
    room: () =>
      sent - taken < CREDIT ? undefined : new Promise((resolve) => (wake = () => resolve(0))),
    heard: () => {},
  };
  channel.onmessage = ({ data }) => {
    if (typeof data === 'string') {
      taken = Number(data);
      return wake();
    }
    heard += data.byteLength;
    if (heard - told >= CREDIT_STEP) channel.send(String((told = heard)));
    lane.heard(new Uint8Array(data));
  };
  return lane;
}

/** @param {string} name @param {RTCDataChannel} channel */
export const laneNamed = (name, channel) =>
  name === 'credit' ? laneWithCredit(channel) : laneOf(channel);

/** @param {RTCDataChannel} channel @returns {Promise<unknown>} */
export const opened = (channel) =>
  channel.readyState === 'open'
    ? Promise.resolve()
    : new Promise((resolve, reject) => {
        channel.onopen = resolve;
        channel.onerror = channel.onclose = () => reject(new Error('the data channel has failed'));
      });
