/** Ways for the descriptions and candidates of contestants that bring no signalling of their own. */
import { decode, encode, ready } from '../../../web/codec.js';

/**
 * @typedef {object} Signalling between the two tabs of a contestant
 * @property {(message: object) => void} send JSON
 * @property {(message: any) => void} heard any: JSON; set by the one who listens
 */

/** @typedef {{pair: string, role: string, other: string, urls: import('../servers.mjs').Urls}} Place who this tab is */

/** Through the browser alone: as fast as it gets, and of no use between two machines. @param {Place} place */
async function byBroadcast({ pair }) {
  const channel = new BroadcastChannel(`${pair} signalling`);
  /** @type {Signalling} */
  const signalling = {
    send: (message) => channel.postMessage(JSON.stringify(message)),
    heard: () => {},
  };
  channel.onmessage = ({ data }) => signalling.heard(JSON.parse(data));
  return signalling;
}

/** JSON by a WebSocket forwarder. @param {Place} place */
async function byForwarder({ pair, urls }) {
  const socket = new WebSocket(`${urls.forwarder}/${encodeURIComponent(pair)}`);
  await new Promise((resolve) => (socket.onopen = resolve));
  /** @type {Signalling} */
  const signalling = {
    send: (message) => socket.send(JSON.stringify(message)),
    heard: () => {},
  };
  socket.onmessage = ({ data }) => signalling.heard(JSON.parse(data));
  return signalling;
}

/** JSON in events of CLASP, by the relay that this package's own signalling takes. @param {Place} place */
async function byRelay({ pair, role, other, urls }) {
  await ready();
  const address = (/** @type {string} */ who) => `/bench/${encodeURIComponent(pair)}/${who}`;
  const socket = new WebSocket(urls.relay, 'clasp');
  socket.binaryType = 'arraybuffer';
  /** @param {any} message any: whatever type */
  const say = (message) => socket.send(/** @type {any} */ (encode(message)));
  /** @type {Signalling} */
  const signalling = {
    send: (message) =>
      say({
        type: 'PUBLISH',
        address: address(other),
        signal: 'event',
        value: JSON.stringify(message),
      }),
    heard: () => {},
  };
  await new Promise((resolve) => {
    socket.onopen = () => say({ type: 'HELLO', version: 1, name: role, features: ['event'] });
    socket.onmessage = ({ data }) => {
      const message = /** @type {any} */ (decode(new Uint8Array(data)));
      if (message.type === 'WELCOME') {
        say({ type: 'SUBSCRIBE', id: 1, pattern: address(role) });
        resolve(undefined);
      } else if (message.type === 'PUBLISH') {
        signalling.heard(JSON.parse(message.value));
      }
    };
  });
  return signalling;
}

/** @type {Record<string, (place: Place) => Promise<Signalling>>} */
const WAYS = { broadcast: byBroadcast, forwarder: byForwarder, relay: byRelay };

/** @type {Map<string, Promise<Signalling>>} */
const open = new Map();

/**
 * Signalling of one connection: what is left of an earlier one is not heard. The way itself is opened when it is first asked for.
 * @param {Place} place
 * @param {import('./lanes.js').Plan} plan
 * @returns {Promise<Signalling>}
 */
export async function signallingFor(place, { signalling: name, id }) {
  const opened = open.get(name) ?? WAYS[name](place);
  open.set(name, opened);
  const way = await opened;
  /** @type {Signalling} */
  const signalling = { send: (message) => way.send({ id, message }), heard: () => {} };
  way.heard = (said) => {
    if (said.id === id) signalling.heard(said.message);
  };
  return signalling;
}
