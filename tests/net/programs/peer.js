/** A ClaspP2P on a host: commanded by calls, and telling what it sees. */
import { ClaspP2P } from '../../../web/index.js';
import { Log, now, sendSteadily } from './traffic.js';

/** @typedef {{tell: (type: string, detail: unknown) => void}} Host */
/** @typedef {import('../../../web/peer.js').Peer} Peer */

/**
 * @typedef {object} Open
 * @property {string} url of the relay
 * @property {string} id
 * @property {RTCConfiguration} [rtcConfig] none: asked for by the event `config`, each time anew, and answered by config()
 * @property {RTCIceTransportPolicy} [iceTransportPolicy]
 * @property {boolean} [cover]
 */

/** @param {Host} host */
export function program({ tell }) {
  /** @type {ClaspP2P} */ let p2p;
  /** @type {Peer} */ let peer;
  /** @type {Record<string, Log>} by kind of traffic */ const logs = {};
  /** @type {Map<number, (config: RTCConfiguration) => void>} */ const asked = new Map();
  /** @type {(Error & {code?: string})[]} of messages that were not accepted, or not acknowledged */ const refused =
    [];

  const logOf = (/** @type {string} */ kind) => (logs[kind] ??= new Log());

  const say = (/** @type {string} */ type, /** @type {object} */ detail) =>
    tell(type, { at: now(), ...detail });

  function askForConfig() {
    const number = asked.size;
    const answer = new Promise((/** @type {(config: RTCConfiguration) => void} */ resolve) =>
      asked.set(number, resolve),
    );
    say('config', { number });
    return answer;
  }

  /** @param {Peer} connected */
  function use(connected) {
    peer = connected;
    for (const kind of ['set', 'emit', 'stream']) {
      const log = (logs[kind] = new Log());
      peer.on(`/traffic/${kind}`, (value) => log.take(/** @type {any} what send() sent */ (value)));
    }
    for (const state of /** @type {const} */ (['connected', 'disconnected', 'failed', 'closed'])) {
      connected.on(state, (error) => say('state', { id: connected.id, state, code: error?.code }));
    }
    peer.on('path', () => say('path', { path: peer.path }));
    say('peer', { id: peer.id, path: peer.path });
  }

  /** @type {Record<string, (message: [number, number]) => Promise<unknown> | void>} */
  const ways = {
    set: (message) => peer.set('/traffic/set', message),
    emit: (message) => peer.emit('/traffic/emit', message),
    stream: (message) => peer.stream('/traffic/stream', message),
  };

  return {
    /** For commands beside these: whoever is connected. */
    peer: () => peer,

    /** @param {Open} options */
    async open({ url, id, rtcConfig, ...options }) {
      p2p = new ClaspP2P({
        signaling: url,
        clientId: id,
        rtcConfig: rtcConfig ?? askForConfig,
        ...options,
      });
      p2p.on(
        'peer_connected',
        (/** @type {Peer} */ connected) => connected !== peer && use(connected),
      );
      p2p.on('error', (/** @type {Error} */ error) => say('error', { text: String(error) }));
      p2p.on('session', (/** @type {unknown} */ session) => say('session', { session }));
      await p2p.connect();
    },

    /**
     * @param {number} number of the event
     * @param {RTCConfiguration} config
     */
    config(number, config) {
      asked.get(number)?.(config);
    },

    /** @param {string} id */
    async dial(id) {
      await p2p.connectToPeer(id);
    },

    /**
     * @param {string[]} types of a path
     * @returns {Promise<object>} the peer's stats, once its path is of one of them
     */
    async pathOf(types) {
      while (!types.includes(String(peer.path?.type))) {
        await new Promise((resolve) => peer.once('path', resolve));
      }
      return { at: now(), ...(await peer.stats()) };
    },

    async stats() {
      return { ...(await peer.stats()) };
    },

    /** @param {string} id */
    explain: (id) => p2p.explain(id),

    /**
     * @param {string} kind set, emit or stream
     * @param {{count: number, every: number}} pace
     * @returns {Promise<{refused: string[]}>} when all were sent, and those that are acknowledged were
     */
    async send(kind, pace) {
      /** @type {Promise<unknown>[]} */
      const pending = [];
      await sendSteadily(pace, (message) => {
        try {
          pending.push(Promise.resolve(ways[kind](message)).catch((error) => refused.push(error)));
        } catch (error) {
          refused.push(/** @type {Error} */ (error));
        }
      });
      await Promise.all(pending);
      return { refused: refused.splice(0).map((error) => error.code ?? String(error)) };
    },

    /**
     * @param {string} kind
     * @param {number} count
     */
    reach: (kind, count) => logOf(kind).reach(count),

    /** @param {string} kind */
    account: (kind) => logOf(kind).account(),

    close: () => p2p.close(),
  };
}
