/** What p2p.explain() says: a case for each of its verdicts, brought about by what it speaks of. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { P2P_VERDICTS } from '../../js-glue/abi.gen.js';
import { RTCPeerConnection } from '../../js-glue/rtc-node.js';
import { Clasp, VERDICTS } from '../../web/index.js';
import { LOCAL, meeting, next } from './peers.js';
import { startStun } from './stun-server.js';

/** @typedef {import('node:test').TestContext} Test */
/** @typedef {import('../../web/p2p.js').ClaspP2P} ClaspP2P */
/** @typedef {import('./peers.js').Options} Options */

const SHORT_MS = 1500;
const NOBODY = '203.0.113.7'; // of a net for documents

/** @param {string} sdp */
const withoutCandidates = (sdp) => sdp.replace(/^a=candidate:.*\r\n/gm, '');

/** Milliseconds for ICE to find a path, and for DTLS to fail on it. */
const DTLS_MS = 12_000;

/** The option `rtc` for a class of connections. @param {any} Class any: as the standard has it */
const rtcOf = (Class) => ({ rtc: { RTCPeerConnection: Class } });

/** The other side's certificate is not the one that it has spoken of. */
const IMPOSED = rtcOf(
  class extends RTCPeerConnection {
    /** @override @param {any} description */
    setRemoteDescription({ type, sdp }) {
      const other = (
        /** @type {string} */ _,
        /** @type {string} */ head,
        /** @type {string} */ byte,
      ) => head.concat(byte === '00' ? '01' : '00');
      return super.setRemoteDescription({
        type,
        sdp: sdp.replace(/^(a=fingerprint:\S+ )(..)/gm, other),
      });
    }
  },
);

/** Hears of no data channel. Its target tells when ICE has found a path. */
const DEAF = (() => {
  const target = new EventTarget();
  class Deaf extends RTCPeerConnection {
    /** @param {RTCConfiguration} [config] */
    constructor(config) {
      super(config);
      this.addEventListener('iceconnectionstatechange', () => {
        const isWell = /connected|completed/.test(this.iceConnectionState);
        if (isWell) target.dispatchEvent(new CustomEvent('works'));
      });
    }

    /** @override @param {string} type @param {any} listener */
    addEventListener(type, listener) {
      if (type !== 'datachannel') super.addEventListener(type, listener);
    }
  }
  return { ...rtcOf(Deaf), target };
})();

/** No address of the other side is ever known. */
const BLOCKED = rtcOf(
  class extends RTCPeerConnection {
    /** @override @param {any} description */
    setRemoteDescription({ type, sdp }) {
      return super.setRemoteDescription({ type, sdp: withoutCandidates(sdp) });
    }

    /** @override */
    async addIceCandidate() {}
  },
);

/** What is known of the other side are addresses at which nobody is. */
const ASTRAY = rtcOf(
  class extends RTCPeerConnection {
    /** @override @param {any} description */
    setRemoteDescription({ type, sdp }) {
      return super.setRemoteDescription({ type, sdp: withoutCandidates(sdp) });
    }

    /** @override @param {any} init */
    addIceCandidate(init) {
      const candidate = `candidate:1 1 udp 2122260223 ${NOBODY} 40000 typ host`;
      return super.addIceCandidate({ ...init, candidate });
    }
  },
);

/** Its own addresses are told as those of a TURN server: what that server would carry is not looked at here. */
const RELAYED = rtcOf(
  class extends RTCPeerConnection {
    /** @override @param {string} type @param {any} listener */
    addEventListener(type, listener) {
      const altered = (/** @type {any} */ event) => {
        const { candidate } = event;
        if (!candidate?.candidate) return listener(event);
        const { sdpMid, sdpMLineIndex } = candidate;
        const text = candidate.candidate.replace(/ typ \w+/, ' typ relay');
        listener({ candidate: { candidate: text, sdpMid, sdpMLineIndex } });
      };
      super.addEventListener(type, type === 'icecandidate' ? altered : listener);
    }
  },
);

/** Two at one relay, which do not fall back to it. @param {Test} t @param {Options} [a] @param {Options} [b] */
async function two(t, a, b) {
  const { join, relay } = await meeting(t);
  const one = await join('a', { cover: false, ...a });
  const other = await join('b', { cover: false, ...b });
  return { one, other, relay };
}

/** Dial in vain. @param {ClaspP2P} one @param {number} [timeout] @returns {Promise<string>} what explain() says then */
async function afterFailure(one, timeout = SHORT_MS) {
  await assert.rejects(one.connectToPeer('b', { timeout }));
  return one.explain('b').code;
}

/** Dial in vain, both without a path. @param {Test} t @param {Options} [options] */
async function blocked(t, options) {
  const { one } = await two(t, { ...BLOCKED, ...options }, BLOCKED);
  return afterFailure(one);
}

/** @type {Record<string, (t: Test) => Promise<string>>} by verdict, what explain() says */
const CASES = {
  CONNECTED: async (t) => {
    const { pair } = await meeting(t);
    return (await pair()).one.explain('b').code;
  },
  CONNECTED_RELAY: async (t) => {
    const { pair } = await meeting(t);
    return (await pair(RELAYED, RELAYED)).one.explain('b').code;
  },
  COVERED: async (t) => {
    const { pair } = await meeting(t);
    const { one, peer } = await pair(BLOCKED, BLOCKED);
    assert.equal(peer.path?.type, 'router');
    return one.explain('b').code;
  },
  SIGNALLING_DOWN: async (t) => {
    const { join, make, relay } = await meeting(t);
    assert.equal(make('unconnected').explain('b').code, 'SIGNALLING_DOWN');
    const one = await join('a');
    const lost = next(one, 'session', ({ session }) => session === '');
    await relay.close();
    await lost;
    return one.explain('b').code;
  },
  NEVER_ANNOUNCED: async (t) => {
    const { join } = await meeting(t);
    return (await join('a')).explain('nobody').code;
  },
  REJECTED_BY_PEER: async (t) => {
    const { one, other } = await two(t);
    other.on('peer_connecting', (peer) => peer.reject('no'));
    return afterFailure(one);
  },
  REJECTED_HERE: async (t) => {
    const { one, other } = await two(t);
    other.on('peer_connecting', (peer) => peer.reject('no'));
    await afterFailure(one);
    return other.explain('a').code;
  },
  PEER_GONE: async (t) => {
    const { one, other } = await two(t);
    if (one.explain('b').code === 'NEVER_ANNOUNCED')
      await next(one, 'peer_announced', ({ peer }) => peer.id === 'b');
    other.close();
    return afterFailure(one);
  },
  CLOSED: async (t) => {
    const { pair } = await meeting(t);
    const { one, peer } = await pair();
    peer.close();
    return one.explain('b').code;
  },
  UNDECIDED: async (t) => {
    const { one, other } = await two(t);
    other.on('peer_connecting', () => new Promise(() => {}));
    const asked = next(other, 'peer_connecting');
    one.connectToPeer('b').catch(() => {}); // ended with the test
    await asked;
    return other.explain('a').code;
  },
  BROWSER_REFUSED: async (t) => {
    let calls = 0;
    const { one } = await two(t, {
      rtcConfig: async () => {
        one.dispatchEvent(new CustomEvent('probe', { detail: ++calls }));
        throw new Error('no credentials');
      },
    });
    const refused = next(one, 'probe', (count) => count === 2); // the first attempt is over
    one.connectToPeer('b').catch(() => {}); // ended with the test
    await refused;
    return one.explain('b').code;
  },
  SIGNALLING_SILENT: async (t) => {
    const { join, relay } = await meeting(t);
    const client = new Clasp(relay.url);
    await client.connect();
    t.after(() => client.close());
    const signalling = client.signalling();
    const isAnswer = (/** @type {Uint8Array} */ value) =>
      Buffer.from(value).includes('correlation_id');
    const mute = Object.create(signalling, {
      publish: {
        value: (/** @type {string} */ address, /** @type {Uint8Array} */ value) =>
          isAnswer(value) || signalling.publish(address, value),
      },
    });
    await join('b', { signaling: mute });
    return afterFailure(await join('a'));
  },
  NO_CANDIDATES: async (t) => {
    const { one } = await two(t, { iceTransportPolicy: 'relay' });
    return afterFailure(one);
  },
  DTLS_FAILED: async (t) => {
    const { one } = await two(t, IMPOSED);
    return afterFailure(one, DTLS_MS);
  },
  CHANNEL_UNOPENED: async (t) => {
    const { one, other } = await two(t, {}, DEAF);
    const works = next(DEAF.target, 'works');
    one.connectToPeer('b').catch(() => {}); // ended with the test
    await works;
    return other.explain('a').code;
  },
  UDP_BLOCKED: (t) => blocked(t, { rtcConfig: { iceServers: [{ urls: 'stun:stun.invalid' }] } }),
  NO_RELAY: async (t) => blocked(t, { rtcConfig: { iceServers: [{ urls: await startStun(t) }] } }),
  ONLY_HOST: (t) => blocked(t),
  ICE_FAILED: async (t) => {
    const urls = await startStun(t);
    const rtcConfig = () => ({ iceServers: [{ urls }] }); // it may name a TURN server
    const { one } = await two(t, { ...ASTRAY, rtcConfig }, ASTRAY);
    return afterFailure(one, 45_000); // ICE takes a third of it
  },
  TIMED_OUT: async (t) => {
    const urls = await startStun(t);
    return blocked(t, { rtcConfig: () => ({ iceServers: [{ urls }] }) });
  },
  CONNECTING: async (t) => {
    const { one } = await two(t);
    const connecting = one.connectToPeer('b');
    if (one.explain('b').code === 'NEVER_ANNOUNCED')
      await next(one, 'peer_announced', ({ peer }) => peer.id === 'b');
    const { code } = one.explain('b');
    await connecting;
    return code;
  },
  IDLE: async (t) => {
    const { one } = await two(t);
    if (one.explain('b').code === 'NEVER_ANNOUNCED')
      await next(one, 'peer_announced', ({ peer }) => peer.id === 'b');
    return one.explain('b').code;
  },
};

test('every verdict of the core has its words, and a case here', () => {
  assert.deepEqual([...VERDICTS].sort(), [...P2P_VERDICTS].sort());
  assert.deepEqual(Object.keys(CASES).sort(), [...VERDICTS].sort());
});

describe('explain() says', { concurrency: 4 }, () => {
  for (const [verdict, bring] of Object.entries(CASES))
    test(verdict, async (t) => assert.equal(await bring(t), verdict));
});

test('what ICE servers have said is among the facts when the attempt is over', async (t) => {
  const words = { url: 'stun:stun.example.org', errorCode: 701, errorText: 'no answer' };
  const saying = rtcOf(
    class extends RTCPeerConnection {
      /** @override @param {any} description */
      async setLocalDescription(description) {
        await super.setLocalDescription(description);
        this.dispatchEvent(Object.assign(new Event('icecandidateerror'), words));
      }
    },
  );
  const { one } = await two(t, { ...saying, iceTransportPolicy: 'relay', rtcConfig: LOCAL });
  await afterFailure(one);
  assert.ok(one.explain('b').facts.iceErrors.includes('stun:stun.example.org: 701 no answer'));
});
