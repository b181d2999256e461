/** Peers of other makes: plain RTCPeerConnections that speak one of the dialects over the relay, and nothing more. Not a test: used by some. */
import { RTCPeerConnection } from '../../js-glue/rtc-node.js';
import { Clasp } from '../../web/index.js';
import { LOCAL } from './peers.js';

/**
 * A peer of another make: it answers what it is offered, or offers, by the signals of one dialect.
 * @param {import('node:test').TestContext} t
 * @param {string} url
 * @param {object} dialect
 * @param {(client: Clasp) => string} dialect.listen the pattern of its signals
 * @param {(client: Clasp, to: string) => string} dialect.address of the signals for another one
 * @param {'text' | 'object'} dialect.form
 * @param {(client: Clasp) => string} dialect.self as it calls itself
 */
export async function stranger(t, url, { listen, address, form, self }) {
  const client = new Clasp(url);
  await client.connect();
  const pc = new RTCPeerConnection(LOCAL);
  t.after(() => {
    pc.close();
    client.close();
  });
  /** @type {RTCIceCandidateInit[]} */ const early = [];
  /** @type {Record<string, RTCDataChannel>} */ const channels = {};
  /** @type {string[]} */ const types = [];
  let correlation = '';
  let partner = '';
  const target = new EventTarget();
  const sdpOf = (/** @type {any} */ sdp) => (typeof sdp === 'string' ? sdp : sdp.sdp);
  const emit = (/** @type {any} */ message) =>
    client.emit(address(client, partner), {
      from: self(client),
      ...(form === 'text' && { correlation_id: correlation }),
      ...message,
    });
  /** @param {RTCSessionDescriptionInit} made */
  const describe = async ({ type, sdp }) => {
    await pc.setLocalDescription({ type, sdp });
    emit({ type, sdp: form === 'text' ? sdp : { type, sdp } });
  };
  const adopt = (/** @type {RTCDataChannel} */ channel) => {
    channel.binaryType = 'arraybuffer';
    channels[channel.label] = channel;
    channel.onmessage = ({ data }) =>
      target.dispatchEvent(new CustomEvent('message', { detail: data }));
    const opened = () => target.dispatchEvent(new CustomEvent('open', { detail: channel.label }));
    if (channel.readyState === 'open') queueMicrotask(opened);
    else channel.onopen = opened;
  };
  pc.ondatachannel = ({ channel }) => adopt(channel);
  pc.onicecandidate = ({ candidate }) => {
    if (!candidate?.candidate) return;
    const { candidate: line, sdpMid, sdpMLineIndex } = candidate;
    const init = { candidate: line, sdpMid, sdpMLineIndex };
    if (form === 'text') emit({ type: 'ice_candidate', candidate: JSON.stringify(init) });
    else emit({ type: 'ice-candidate', candidate: init });
  };
  const add = async (/** @type {any} */ candidate) => {
    const init = typeof candidate === 'string' ? JSON.parse(candidate) : candidate;
    if (pc.remoteDescription) await pc.addIceCandidate(init);
    else early.push(init);
  };
  const accept = async (/** @type {any} */ description) => {
    await pc.setRemoteDescription(description);
    for (const init of early.splice(0)) await pc.addIceCandidate(init);
  };
  client.on(listen(client), async (signal) => {
    types.push(signal.type);
    target.dispatchEvent(new CustomEvent('signal', { detail: signal }));
    if (signal.type === 'offer') {
      partner = signal.from;
      correlation = signal.correlation_id;
      await accept({ type: 'offer', sdp: sdpOf(signal.sdp) });
      await describe(await pc.createAnswer());
    } else if (signal.type === 'answer' && signal.sdp) {
      await accept({ type: 'answer', sdp: sdpOf(signal.sdp) });
    } else if (signal.candidate) await add(signal.candidate);
  });
  const dial = async (/** @type {string} */ to) => {
    partner = to;
    correlation = `${self(client)}-${to}-0.123`;
    adopt(pc.createDataChannel('clasp-reliable'));
    adopt(pc.createDataChannel('clasp', { ordered: false, maxRetransmits: 0 }));
    await describe(await pc.createOffer());
  };
  return { client, pc, channels, target, types, dial };
}

/** The dialect of sessions. */
export const SESSIONS = {
  listen: (/** @type {Clasp} */ client) => `/clasp/p2p/signal/${client.session}`,
  address: (/** @type {Clasp} */ _, /** @type {string} */ to) => `/clasp/p2p/signal/${to}`,
  form: /** @type {const} */ ('text'),
  self: (/** @type {Clasp} */ client) => String(client.session),
};

/** The dialect of names. */
export const NAMES = {
  listen: () => '/webrtc/signal/*/other',
  address: (/** @type {Clasp} */ _, /** @type {string} */ to) => `/webrtc/signal/other/${to}`,
  form: /** @type {const} */ ('object'),
  self: () => 'other',
};
