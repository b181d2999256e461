/**
 * One Sender or Receiver for a test to command; its events go to the test's function `told(type, detail)`.
 * In the address: role, room, relay; record=1: every call into the core is recorded.
 */
import { CONFERENCE } from '../../../js-glue/conference-module.js';
import { Core } from '../../../js-glue/core.js';
import { record } from '../../../js-glue/recorder.js';
import { Receiver, RelayDriver, Sender } from '../../../web/index.js';

const EVENTS = /** @type {const} */ ([
  'connect',
  'channel',
  'message',
  'stream',
  'sync',
  'recovering',
  'dispose',
  'error',
]);

const given = new URL(location.href).searchParams;
const recording = given.has('record')
  ? record(await Core.load(CONFERENCE))
  : () => new Uint8Array(0);
const driver = new RelayDriver({ url: given.get('relay') ?? undefined });
const room = given.get('room') ?? undefined;
const options = { driver, iceServers: [] };
const peer = given.get('role') === 'sender' ? new Sender(options) : new Receiver(options);

for (const type of EVENTS) {
  const name = /** @type {any} a Sender has no `stream` and no `sync` */ (type);
  peer.addEventListener(name, (/** @type {any} */ event) => tell(type, event.detail));
}

/** What the test may call. */
export const commands = {
  /** @param {string} text */
  send: (text) => peer.send(text),
  /** @param {object} state */
  sync: (state) => peer instanceof Sender && peer.sync(state),
  stop() {
    peer.stop();
    driver.close();
  },
  id: () => peer.id,
  /** @returns {number[]} the recording so far, byte by byte */
  recording: () => [...recording()],
};

Object.assign(globalThis, { commands });
await start();

async function start() {
  if (peer instanceof Receiver) return peer.start({ room, credentials: { from: 'a test' } });
  const stream = await navigator.mediaDevices.getUserMedia({ video: true });
  return peer.start({ room, stream, dataChannel: true, state: { mood: 'calm' } });
}

/**
 * @param {string} type of an event
 * @param {{id?: string, message?: unknown, state?: unknown, error?: Error & {code?: string}}} detail
 */
function tell(type, { id, message, state, error }) {
  const { told } = /** @type {any} the test put it there */ (globalThis);
  told(type, { id, message, state, code: error?.code, text: error?.message });
}
