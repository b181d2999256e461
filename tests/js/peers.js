/** Applications with data-channel peers, on a relay of their own, for tests. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { RTCPeerConnection } from '../../js-glue/rtc-node.js';
import { startRelay } from '../../relay/index.js';
import { ClaspP2P } from '../../web/peering.js';
import { next } from './support.js';

export { next };

const PATIENCE_MS = 8000;

/** Connections of the machine alone. */
export const LOCAL = { iceServers: [] };

/** @typedef {Partial<import('../../web/p2p.js').ClaspP2POptions>} Options */

/**
 * A relay, and what makes applications on it; all of it ends with the test.
 * @param {import('node:test').TestContext} t
 * @param {import('../../relay/index.js').RelayOptions} [options]
 */
export async function meeting(t, options) {
  const relay = await startRelay({ port: 0, rendezvous: false, ...options });
  /** @type {ClaspP2P[]} */ const all = [];
  t.after(async () => {
    for (const it of all) it.close();
    await relay.close();
  });
  /** @param {string} [clientId] @param {Options} [more] */
  const make = (clientId, more) => {
    const it = new ClaspP2P({ signaling: relay.url, rtcConfig: LOCAL, clientId, ...more });
    all.push(it);
    return it;
  };
  /** @param {string} [clientId] @param {Options} [more] */
  const join = (clientId, more) => make(clientId, more).connect();
  /** Two of them, connected: the peers that each has of the other. @param {Options} [a] @param {Options} [b] */
  const pair = async (a, b) => {
    const one = await join('a', a);
    const two = await join('b', b);
    const [peer, { peer: back }] = await Promise.all([
      one.connectToPeer('b'),
      next(two, 'peer_connected'),
    ]);
    return { one, two, peer, back };
  };
  return { relay, make, join, pair };
}

/**
 * A program of its own, with `relay` and, on it, `one` and `two`, which know each other as "a" and "b".
 * @param {string} body
 * @returns {Promise<string>} what it has said; it ended by itself, and well
 */
export async function runPair(body) {
  const program = `
    import { startRelay } from './relay/index.js';
    import { ClaspP2P } from './web/peering.js';
    const relay = await startRelay({ port: 0, rendezvous: false });
    const make = (clientId) => new ClaspP2P({ signaling: relay.url, clientId, rtcConfig: { iceServers: [] } });
    const [one, two] = await Promise.all([make('a').connect(), make('b').connect()]);
    ${body}`;
  const options = { cwd: new URL('../..', import.meta.url), timeout: 20_000 };
  const args = ['--input-type=module', '-e', program];
  return (await promisify(execFile)(process.execPath, args, options)).stdout;
}

/**
 * The first so many things that a peer says at the addresses of a pattern.
 * @param {import('../../web/peer.js').Peer} peer
 * @param {string} pattern
 * @param {number} [count]
 * @returns {Promise<[string, any][]>} any: what was said
 */
export function hear(peer, pattern, count = 1) {
  return new Promise((resolve, reject) => {
    const late = new Error(`not ${count} messages at ${pattern} within ${PATIENCE_MS} ms`);
    const timer = setTimeout(reject, PATIENCE_MS, late);
    /** @type {[string, any][]} */ const heard = [];
    const off = peer.on(pattern, (value, address) => {
      heard.push([address, value]);
      if (heard.length < count) return;
      clearTimeout(timer);
      off();
      resolve(heard);
    });
  });
}

/** RTCPeerConnection that counts the messages that are sent on the data channels it has made, for all of its instances. */
export function sendingRtc() {
  const counts = { sent: 0 };
  class Sending extends RTCPeerConnection {
    /** @override @param {string} label @param {RTCDataChannelInit} options */
    createDataChannel(label, options) {
      const channel = super.createDataChannel(label, options);
      const { send } = channel;
      channel.send = (/** @type {any} */ message) => {
        counts.sent++;
        send.call(channel, message);
      };
      return channel;
    }
  }
  return { counts, rtc: { RTCPeerConnection: Sending } };
}

/** RTCPeerConnection that counts what was done with it, for all of its instances. */
export function countingRtc() {
  const counts = { made: 0, closed: 0, described: 0, candidates: 0 };
  /** @type {RTCConfiguration[]} */ const configurations = [];
  /** @type {(() => void)[]} */ const waiting = [];
  /** Until all are closed. @returns {Promise<void>} */
  const allClosed = () =>
    new Promise((resolve) => (counts.closed === counts.made ? resolve() : waiting.push(resolve)));
  class Counting extends RTCPeerConnection {
    /** @param {RTCConfiguration} config */
    constructor(config) {
      super(config);
      counts.made++;
      this.addEventListener('icecandidate', () => counts.candidates++);
    }

    /** @override @param {any} description */
    setLocalDescription(description) {
      counts.described++;
      return super.setLocalDescription(description);
    }

    /** @override @param {RTCConfiguration} config */
    setConfiguration(config) {
      configurations.push(config);
      return super.setConfiguration(config);
    }

    /** @override */
    close() {
      if (this.signalingState !== 'closed') counts.closed++;
      super.close();
      if (counts.closed === counts.made) waiting.splice(0).forEach((tell) => tell());
    }
  }
  return {
    counts,
    configurations,
    allClosed,
    rtc: { RTCPeerConnection: /** @type {any} */ (Counting) },
  };
}
