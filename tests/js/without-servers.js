/** Loaded before a program: no connection of it asks a STUN or TURN server. Not a test: used by one. */
import { findRtc } from '../../js-glue/rtc.js';

const RTCPeerConnection = await findRtc();

globalThis.RTCPeerConnection = class extends RTCPeerConnection {
  /** @param {RTCConfiguration} [config] */
  constructor(config) {
    super({ ...config, iceServers: [] });
  }
};
