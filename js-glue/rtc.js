import { ClaspError } from './error.js';

/** @typedef {typeof globalThis.RTCPeerConnection} RtcClass */

let isLeaving = false;

/**
 * @roamhq/wrtc 0.10 crashes when Node takes it down at the end of a process that has nothing left to do; process.exit()
 * spares it that. Other listeners of `beforeExit` have a turn first: what they begin is waited for.
 */
function leaveInTime() {
  if (isLeaving) return;
  isLeaving = true;
  process.once('beforeExit', () => {
    setImmediate(() => process.once('beforeExit', () => process.exit()));
  });
}

/**
 * Where connections come from: what was injected, else the page's, else the package that brings WebRTC to Node.
 * @param {{RTCPeerConnection: RtcClass}} [injected]
 * @returns {Promise<RtcClass>}
 * @throws {ClaspError} UNSUPPORTED
 */
export async function findRtc(injected) {
  const { RTCPeerConnection } = injected ?? globalThis;
  if (RTCPeerConnection) return RTCPeerConnection;
  try {
    const name = '@roamhq/wrtc'; // a variable: bundlers for the page must not look for it
    const { default: wrtc } = await import(/* @vite-ignore */ /* webpackIgnore: true */ name);
    leaveInTime();
    return wrtc.RTCPeerConnection;
  } catch (cause) {
    const message =
      'there is no RTCPeerConnection here; in Node: npm install @roamhq/wrtc, or pass { rtc: { RTCPeerConnection } }';
    throw new ClaspError('UNSUPPORTED', message, { cause });
  }
}
