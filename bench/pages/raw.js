/**
 * The same page with nothing between it and the browser: RTCPeerConnection, and the relay's frames written by hand. It
 * does only what this one case needs: no retries, no checks, nobody lost.
 */
import { camera, isSender, relay, room, settle, show } from './common.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const HELLO = 0x01;
const WELCOME = 0x02;
const SUBSCRIBE = 0x10;
const PUBLISH = 0x20;

/** @param {string} value */
function text(value) {
  const bytes = encoder.encode(value);
  return [bytes.length >> 8, bytes.length & 255, ...bytes];
}

/** @param {number} flags @param {number[]} payload */
const frame = (flags, payload) =>
  new Uint8Array([0x53, flags, payload.length >> 8, payload.length & 255, ...payload]);

/** The JSON text that a PUBLISH with a string value carries. @param {ArrayBuffer} data */
function published(data) {
  const bytes = new Uint8Array(data);
  const view = new DataView(data);
  const at = (bytes[1] & 0x20 ? 12 : 4) + 2; // behind the type and the flags
  const value = at + 2 + view.getUint16(at) + 2; // behind the address, the indicator and the type code
  return decoder.decode(bytes.subarray(value + 2, value + 2 + view.getUint16(value)));
}

const [own, other] = isSender ? ['sender', 'receiver'] : ['receiver', 'sender'];
const stream = isSender ? await camera() : undefined;
const socket = new WebSocket(relay, 'clasp');
socket.binaryType = 'arraybuffer';
const pc = new RTCPeerConnection();

/** @param {object} signal */
const send = (signal) => {
  const value = [1, 0x08, ...text(JSON.stringify(signal))];
  socket.send(frame(0x41, [PUBLISH, 1 << 5, ...text(`/bench/${room}/${other}`), ...value]));
};

/** @param {any} signal any: JSON */
async function handle(signal) {
  if (signal.invoke) {
    for (const track of /** @type {MediaStream} */ (stream).getTracks())
      pc.addTrack(track, /** @type {MediaStream} */ (stream));
    await pc.setLocalDescription();
    send({ description: pc.localDescription });
  } else if (signal.candidate) {
    await pc.addIceCandidate(signal.candidate);
  } else {
    await pc.setRemoteDescription(signal.description);
    if (isSender) return;
    await pc.setLocalDescription();
    send({ description: pc.localDescription });
  }
}

/** One after the other: a candidate must not overtake its description. */
let order = Promise.resolve();
pc.addEventListener('icecandidate', ({ candidate }) => candidate && send({ candidate }));
pc.addEventListener('track', ({ streams }) => show(streams[0]));
socket.addEventListener('open', () =>
  socket.send(frame(0x01, [HELLO, 1, 0xe0, ...text('raw'), ...text('')])),
);
socket.addEventListener('message', ({ data }) => {
  const type = new Uint8Array(data)[4];
  if (type === WELCOME) {
    socket.send(frame(0x41, [SUBSCRIBE, 0, 0, 0, 1, ...text(`/bench/${room}/${own}`), 0xff, 0]));
    if (isSender) settle();
    else send({ invoke: true });
  } else if (type === PUBLISH) {
    const signal = JSON.parse(published(data));
    order = order.then(() => handle(signal));
  }
});
