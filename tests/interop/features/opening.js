/** How a session begins: docs/wire.md, section 7. */
import { HELLO } from '../raw-peer.js';
import { fate, frame, packed, paramsOf, publish, set, types } from '../scene.js';

/** @typedef {import('../scene.js').Feature} Feature */

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const HOUR_MS = 3_600_000;

/** @param {import('../scene.js').Scene} scene @param {object} [more] */
async function welcome(scene, more) {
  const peer = await scene.open();
  peer.send({ ...HELLO, ...more });
  return peer.next('WELCOME');
}

/** @type {Feature[]} */
export const OPENING = [
  {
    name: 'HELLO',
    see: async (scene) => types(await (await scene.open()).ask(HELLO)),
  },
  {
    name: 'HELLO of version 99',
    see: async (scene) => types(await (await scene.open()).ask({ ...HELLO, version: 99 })),
  },
  {
    name: 'HELLO with a token that nobody gave out',
    see: async (scene) => types(await (await scene.open()).ask({ ...HELLO, token: 'cpsk_x' })),
  },
  {
    name: 'HELLO as MessagePack',
    see: async (scene) => types(await (await scene.open()).ask(packed(HELLO))),
  },
  {
    name: 'the session id in WELCOME',
    see: async (scene) =>
      UUID_V4.test((await welcome(scene)).session) ? 'a UUID, version 4' : '?',
  },
  {
    name: 'the features in WELCOME',
    see: async (scene) => (await welcome(scene)).features.join(' '),
  },
  {
    name: 'the time in WELCOME',
    async see(scene) {
      const { time } = await welcome(scene);
      return Math.abs(Number(time) / 1000 - Date.now()) < HOUR_MS ? 'µs since 1970' : String(time);
    },
  },
  {
    name: 'params set before HELLO',
    async see(scene) {
      const writer = await scene.join();
      await writer.ask(set(scene.at, 7));
      const [param] = paramsOf(await (await scene.open()).ask(HELLO), scene.at);
      return param ? 'in a SNAPSHOT after WELCOME' : 'not told';
    },
  },
  {
    name: 'PING before HELLO',
    see: async (scene) => fate(await scene.open()),
  },
  {
    name: 'a malformed frame before HELLO',
    async see(scene) {
      const peer = await scene.open();
      return fate(peer, frame(1, Buffer.from([0x7f])), HELLO);
    },
  },
  {
    name: 'a text message before HELLO',
    async see(scene) {
      const peer = await scene.open();
      return types(await peer.ask('hello', HELLO));
    },
  },
  {
    name: 'a second HELLO',
    async see(scene) {
      const peer = await scene.join();
      const before = peer.session;
      const came = await peer.ask(HELLO);
      const after = came.find(({ type }) => type === 'WELCOME')?.session;
      return `${types(came)}; ${after === before ? 'the same' : 'another'} session`;
    },
  },
  {
    name: 'signals to the session before the second HELLO',
    async see(scene) {
      const [peer, other] = [await scene.join(), await scene.join()];
      await peer.ask(HELLO);
      const answer = await other.ask(publish(`/clasp/p2p/signal/${peer.session}`, {}));
      const isThere = types(await peer.drain()) === 'PUBLISH';
      return isThere ? 'arrive' : types(answer);
    },
  },
  {
    name: 'the subprotocol `clasp` is asked for, alone or with others',
    async see(scene) {
      const alone = await scene.open('', ['clasp']);
      const among = await scene.open('', ['chat', 'clasp']).catch(() => ({ protocol: 'no' }));
      return `${alone.protocol}, ${among.protocol}`;
    },
  },
  {
    name: 'no subprotocol is asked for',
    async see(scene) {
      const peer = await scene.open('', []);
      return `${types(await peer.ask(HELLO))}${peer.protocol && `; ${peer.protocol}`}`;
    },
  },
  {
    name: 'the path /any/where',
    see: async (scene) => types(await (await scene.open('/any/where?x=1')).ask(HELLO)),
  },
  {
    name: 'plain HTTP',
    async see({ url }) {
      const response = await fetch(url.replace(/^ws/, 'http'));
      return `${response.status}, ${JSON.stringify(await response.text())}`;
    },
  },
];
