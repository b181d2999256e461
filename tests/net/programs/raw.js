/** WebRTC alone, one connection with one channel: what the rig itself does to it. */
import { findRtc } from '../../../js-glue/rtc.js';
import { Log, now, sendSteadily } from './traffic.js';

/** @typedef {{tell: (type: string, detail: unknown) => void}} Host */

/** @param {RTCPeerConnection} connection */
async function pathOf(connection) {
  const report = await connection.getStats();
  const all = /** @type {any[]} kinds of stats are not typed */ ([...report.values()]);
  const transport = all.find((it) => it.type === 'transport');
  const pair = all.find((it) => it.id === transport?.selectedCandidatePairId);
  const [local, remote] = [pair?.localCandidateId, pair?.remoteCandidateId].map((id) =>
    all.find((it) => it.id === id),
  );
  const { relayProtocol, protocol } = local ?? {};
  return { local: local?.candidateType, remote: remote?.candidateType, relayProtocol, protocol };
}

/** @param {Host} host */
export function program({ tell }) {
  /** @type {RTCPeerConnection} */
  let connection;
  /** @type {RTCDataChannel} */
  let channel;
  /** @type {Promise<unknown>} steps of signalling, one after the other */
  let steps = Promise.resolve();

  const log = new Log();

  /** @param {RTCDataChannel} made */
  function use(made) {
    channel = made;
    channel.addEventListener('open', () => tell('open', { at: now() }));
    channel.addEventListener('message', ({ data }) => log.take(JSON.parse(data)));
  }

  /** @param {Promise<RTCSessionDescriptionInit>} made */
  async function describe(made) {
    const { type, sdp } = await made; // candidates are told one by one
    await connection.setLocalDescription({ type, sdp });
    tell('signal', { description: { type, sdp } });
  }

  return {
    /** @param {RTCConfiguration} config */
    async open(config) {
      const Class = await findRtc();
      connection = new Class(config);
      connection.addEventListener('icecandidate', ({ candidate }) => {
        if (candidate?.candidate) tell('signal', { candidate: { ...candidate.toJSON() } });
      });
      connection.addEventListener('connectionstatechange', () =>
        tell('state', { state: connection.connectionState, at: now() }),
      );
      connection.addEventListener('datachannel', (event) => use(event.channel));
    },

    offer() {
      use(connection.createDataChannel('raw'));
      return describe(connection.createOffer());
    },

    /** @param {{description?: RTCSessionDescriptionInit, candidate?: RTCIceCandidateInit}} signal */
    signal({ description, candidate }) {
      const step = async () => {
        if (candidate) return connection.addIceCandidate(candidate);
        if (!description) return undefined;
        await connection.setRemoteDescription(description);
        return description.type === 'offer' ? describe(connection.createAnswer()) : undefined;
      };
      const taken = steps.then(step);
      steps = taken.catch(() => {});
      return taken;
    },

    /** @param {{count: number, every: number}} pace */
    send: (pace) => sendSteadily(pace, (message) => channel.send(JSON.stringify(message))),

    /** @param {number} count */
    reach: (count) => log.reach(count),

    account: () => log.account(),

    path: () => pathOf(connection),
  };
}
