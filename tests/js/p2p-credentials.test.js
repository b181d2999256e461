/** Credentials of a short life: who is asked for them, and when. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RTCPeerConnection } from '../../js-glue/rtc-node.js';
import { meeting, next } from './peers.js';

/** Where a page hears that its network has changed. */
const page = new EventTarget();
Object.assign(globalThis, { addEventListener: page.addEventListener.bind(page) });

/** Connections that note what they were given, and what they have described. */
function notingRtc() {
  const done = new EventTarget();
  /** @type {string[]} */ const steps = [];
  class Noting extends RTCPeerConnection {
    /** @override @param {RTCConfiguration} config */
    setConfiguration(config) {
      steps.push(`credential ${config.iceServers?.[0]?.credential}`);
      return super.setConfiguration({ ...config, iceServers: [] }); // nobody answers there
    }

    /** @override @param {any} description */
    async setLocalDescription(description) {
      await super.setLocalDescription(description);
      steps.push(description.type);
      done.dispatchEvent(new CustomEvent('described'));
    }
  }
  return { rtc: { RTCPeerConnection: /** @type {any} */ (Noting) }, steps, done };
}

/** Asked for the first time they are 1. */
function credentials() {
  let count = 0;
  return async () => ({
    iceServers: [{ urls: 'turn:127.0.0.1:9', username: 'u', credential: `${++count}` }],
  });
}

test('a function of credentials is asked again at each ICE restart, by both sides, before they describe anything', async (t) => {
  const { pair } = await meeting(t);
  const [a, b] = [notingRtc(), notingRtc()];
  const { peer } = await pair(
    { rtc: a.rtc, rtcConfig: credentials() },
    { rtc: b.rtc, rtcConfig: credentials() },
  );
  assert.deepEqual(a.steps, ['credential 1', 'offer']);
  assert.deepEqual(b.steps, ['credential 1', 'answer']);
  const answered = next(b.done, 'described');
  page.dispatchEvent(new Event('online'));
  await answered;
  await peer.set('/behind', 1);
  assert.deepEqual(a.steps.slice(2, 4), ['credential 2', 'offer']);
  assert.deepEqual(b.steps.slice(2, 4), ['credential 2', 'answer']);
});
