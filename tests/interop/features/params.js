/** SET, GET and locks: docs/wire.md, section 7. */
import { HELLO } from '../raw-peer.js';
import { frame, packed, paramsOf, set, tell } from '../scene.js';

/** @typedef {import('../scene.js').Feature} Feature */
/** @typedef {import('../scene.js').Scene} Scene */
/** @typedef {import('../raw-peer.js').RawPeer} RawPeer */

const REVISION = 'revision';

/** One that holds the lock of `at`, and another one. @param {Scene} scene */
async function locked(scene) {
  const [holder, other] = [await scene.join(), await scene.join()];
  await holder.ask(set(scene.at, 1, { lock: true }));
  return { holder, other };
}

/** @param {RawPeer} peer @param {string} address */
async function valueOf(peer, address) {
  const [param] = paramsOf(await peer.ask({ type: 'GET', address }), address);
  return param?.value;
}

/** Types of numbers by their codes: docs/wire.md, section 2. @type {[string, string][]} with 1 as data */
const NUMBERS = [
  ['i8', '01'],
  ['i16', '0001'],
  ['i32', '00000001'],
  ['i64', '0000000000000001'],
  ['f32', '3f800000'],
  ['f64', '3ff0000000000000'],
];

const FIRST_NUMBER = 2; // the code of i8

/** A SET of 1 as the number type of this index. @param {string} address @param {number} index */
function setOf(address, index) {
  const text = Buffer.from(address);
  const head = [0x21, FIRST_NUMBER + index, text.length >> 8, text.length & 0xff];
  return frame(1, Buffer.concat([Buffer.from(head), text, Buffer.from(NUMBERS[index][1], 'hex')]));
}

/** @param {Buffer} frame a SET @returns {string} the type of its number */
const numberIn = (frame) => NUMBERS[(frame[5] & 0x0f) - FIRST_NUMBER][0];

/** @type {Feature[]} */
export const PARAMS = [
  {
    name: 'SET, twice',
    async see(scene) {
      const peer = await scene.join();
      return tell(await peer.ask(set(scene.at, 1), set(scene.at, 2)), REVISION);
    },
  },
  {
    name: 'SET: others that subscribe get',
    async see(scene) {
      const { sender, hearer } = await scene.pair();
      await sender.ask(set(scene.at, 1));
      return tell(await hearer.drain(), REVISION);
    },
  },
  {
    name: 'SET: a sender that subscribes gets',
    async see(scene) {
      const peer = await scene.subscriber(scene.at);
      return tell(await peer.ask(set(scene.at, 1)), REVISION);
    },
  },
  {
    name: 'SET as MessagePack: others get, in binary',
    async see(scene) {
      const { sender, hearer } = await scene.pair();
      await sender.ask(packed({ type: 'SET', address: scene.at, value: 'old' }));
      const [code] = (await hearer.nextFrame('SET')).subarray(4);
      return code === 0x21 ? 'SET' : 'MessagePack';
    },
  },
  {
    name: 'SET of a number: its type arrives as',
    async see(scene) {
      const { sender, hearer } = await scene.pair();
      const seen = [];
      for (const [i, [type]] of NUMBERS.entries()) {
        sender.send(setOf(scene.at, i));
        seen.push(`${type} → ${numberIn(await hearer.nextFrame('SET'))}`);
      }
      return seen.join(', ');
    },
  },
  {
    name: 'SET with ttl and lock: others get',
    async see(scene) {
      const { sender, hearer } = await scene.pair();
      await sender.ask(set(scene.at, 1, { lock: true, ttl: { mode: 'sliding', seconds: 60 } }));
      const got = await hearer.next('SET');
      return `lock: ${Boolean(got.lock)}, ttl: ${got.ttl?.mode} ${got.ttl?.seconds}`;
    },
  },
  {
    name: 'SET with an absolute ttl of 0 s, then GET',
    async see(scene) {
      const peer = await scene.join();
      await peer.ask(set(scene.at, 1, { ttl: { mode: 'absolute', seconds: 0 } }));
      return (await valueOf(peer, scene.at)) === undefined ? 'nothing' : 'the value';
    },
  },
  {
    name: 'SET that expects the revision there is',
    async see(scene) {
      const peer = await scene.join();
      return tell(await peer.ask(set(scene.at, 1), set(scene.at, 2, { revision: 1 })), REVISION);
    },
  },
  {
    name: 'SET that expects another revision',
    async see(scene) {
      const peer = await scene.join();
      return tell(await peer.ask(set(scene.at, 1), set(scene.at, 2, { revision: 5 })), REVISION);
    },
  },
  {
    name: 'SET that expects a revision of a param that does not exist',
    see: async (scene) =>
      tell(await (await scene.join()).ask(set(scene.at, 2, { revision: 5 })), REVISION),
  },
  {
    name: 'ERROR about a SET names its address',
    async see(scene) {
      const peer = await scene.join();
      peer.send(set(scene.at, 1), set(scene.at, 2, { revision: 5 }));
      return (await peer.next('ERROR')).address === scene.at ? 'yes' : 'no';
    },
  },
  {
    name: 'SET that locks',
    async see(scene) {
      const peer = await scene.join();
      const [ack] = await peer.ask(set(scene.at, 1, { lock: true }));
      const holder = ack.holder === undefined ? '' : ', holder';
      return `${tell([ack], REVISION, 'locked')}${holder}`;
    },
  },
  {
    name: "SET of another one's locked param",
    async see(scene) {
      const { other } = await locked(scene);
      return tell(await other.ask(set(scene.at, 2)));
    },
  },
  {
    name: "SET that unlocks another one's param",
    async see(scene) {
      const { holder, other } = await locked(scene);
      const answer = tell(await other.ask(set(scene.at, 2, { unlock: true })));
      const value = await valueOf(holder, scene.at);
      const isLocked = tell(await other.ask(set(scene.at, 3))) !== 'ACK';
      return `${answer}; value ${value}, ${isLocked ? 'still locked' : 'unlocked'}`;
    },
  },
  {
    name: 'SET that unlocks, by the holder; then by others',
    async see(scene) {
      const { holder, other } = await locked(scene);
      const answer = await holder.ask(set(scene.at, 2, { unlock: true }));
      return `${tell(answer)}; ${tell(await other.ask(set(scene.at, 3)))}`;
    },
  },
  {
    name: 'SET of a locked param whose holder has left',
    async see(scene) {
      const { holder, other } = await locked(scene);
      await holder.close();
      return tell(await other.ask(set(scene.at, 2)));
    },
  },
  {
    name: 'SET to an address without a leading slash',
    see: async (scene) => tell(await (await scene.join()).ask(set(scene.at.slice(1), 1))),
  },
  {
    name: 'SET to an address with a star',
    see: async (scene) => tell(await (await scene.join()).ask(set(`${scene.at}/*`, 1))),
  },
  {
    name: 'GET',
    async see(scene) {
      const peer = await scene.join();
      const [, snapshot] = await peer.ask(set(scene.at, 1), { type: 'GET', address: scene.at });
      const [{ writer, timestamp, revision }] = paramsOf([snapshot], scene.at);
      const isWriter = writer === peer.session;
      return `SNAPSHOT {revision: ${revision}${isWriter ? ', writer' : ''}${timestamp ? ', timestamp' : ''}}`;
    },
  },
  {
    name: 'GET of what nobody has set',
    see: async (scene) => tell(await (await scene.join()).ask({ type: 'GET', address: scene.at })),
  },
  {
    name: 'a param larger than any SNAPSHOT',
    spoils: true,
    async see(scene) {
      const peer = await scene.join();
      const answer = await peer.ask(set(scene.at, 'x'.repeat(65_500)));
      const got = await peer.ask({ type: 'GET', address: scene.at });
      const opening = await (await scene.open()).ask(HELLO);
      const isTold = opening.some(({ type }) => type === 'SNAPSHOT');
      return `${tell(answer)}; GET: ${tell(got)}; others' opening SNAPSHOT: ${isTold ? 'comes' : 'is lost'}`;
    },
  },
];
