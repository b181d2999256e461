/** RTCPeerConnection and its data channels, with nothing around them. */
import { CHANNELS, laneNamed, opened } from '../lanes.js';
import { signallingFor } from '../signalling.js';

/** @typedef {import('../signalling.js').Signalling} Signalling */

/**
 * A connection whose candidates go out, and what comes in is applied in order.
 * @param {Signalling} signalling
 */
function connection(signalling) {
  const pc = new RTCPeerConnection();
  pc.onicecandidate = ({ candidate }) => candidate && signalling.send({ candidate });
  let order = Promise.resolve();
  const apply = async (/** @type {any} */ { candidate, description }) => {
    if (pc.signalingState === 'closed') return;
    if (candidate) return pc.addIceCandidate(candidate);
    await pc.setRemoteDescription(description);
    if (description.type === 'offer') await describe();
  };
  const describe = async () => {
    await pc.setLocalDescription();
    signalling.send({
      description: { type: pc.localDescription?.type, sdp: pc.localDescription?.sdp },
    });
  };
  signalling.heard = (message) => (order = order.then(() => apply(message)));
  const close = () => {
    pc.onicecandidate = null;
    pc.close();
  };
  return { pc, describe, close };
}

/** @type {import('../lanes.js').Open} */
export const open = async (place) => ({
  async dial(plan) {
    const signalling = await signallingFor(place, plan);
    const { pc, describe, close } = connection(signalling);
    const channels = plan.lanes.map((name) => pc.createDataChannel(name, CHANNELS[name]));
    const lanes = channels.map((channel) => [channel.label, laneNamed(channel.label, channel)]);
    await describe();
    await Promise.all(channels.map(opened));
    return { lanes: Object.fromEntries(lanes), close };
  },
  async listen(plan, come) {
    const signalling = await signallingFor(place, plan);
    const { pc, close } = connection(signalling);
    /** @type {Record<string, import('../lanes.js').Lane>} */
    const lanes = {};
    pc.ondatachannel = ({ channel }) => {
      lanes[channel.label] = laneNamed(channel.label, channel);
      come({ lanes, close });
    };
  },
});
