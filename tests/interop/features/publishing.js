/** PUBLISH, gestures, signals to one session: docs/wire.md, section 7. */
import { publish, tell } from '../scene.js';

/** @typedef {import('../scene.js').Feature} Feature */
/** @typedef {import('../scene.js').Scene} Scene */
/** @typedef {import('../raw-peer.js').Message} Message */

const MOVES = 50;
const ROUNDS = 3;
const TIMELINE = { keyframes: [{ time: 0, value: 1, easing: 'linear' }], loop: false };

/** @param {Scene} scene @param {string} phase @param {number} value */
const gesture = ({ at }, phase, value) => publish(at, value, { signal: 'gesture', id: 1, phase });

/** @param {Scene} scene @returns {Message[]} values 1 to MOVES */
const moves = (scene) => Array.from({ length: MOVES }, (_, i) => gesture(scene, 'move', i + 1));

/** What others get of a message, by the fields that are left of it. @param {(at: string) => Message} message */
const passing = (message) => async (/** @type {Scene} */ scene) => {
  const { sender, hearer } = await scene.pair();
  const answer = tell(await sender.ask(message(scene.at)));
  const got = await hearer.drain();
  const fields = got.map(({ type: _, address: __, ...rest }) => JSON.stringify(rest, inOrder));
  return `${fields.join(' ') || 'nothing'}; the sender: ${answer}`;
};

/** For JSON.stringify(): maps by their keys, since relays keep no order. @param {string} _ @param {any} value any: JSON */
function inOrder(_, value) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** @param {string} session @param {object} [value] */
const signalTo = (session, value = {}) => publish(`/clasp/p2p/signal/${session}`, value);

/** @type {Feature[]} */
export const PUBLISHING = [
  { name: 'an event', see: passing((at) => publish(at, 'x')) },
  {
    name: 'a stream of samples',
    see: passing((at) => ({
      type: 'PUBLISH',
      address: at,
      signal: 'stream',
      samples: [1, 2],
      rate: 60,
    })),
  },
  { name: 'an event with a timestamp', see: passing((at) => publish(at, null, { timestamp: 5 })) },
  { name: 'a param by PUBLISH', see: passing((at) => publish(at, 1, { signal: 'param' })) },
  {
    name: 'a timeline as a map',
    see: passing((at) => publish(at, TIMELINE, { signal: 'timeline' })),
  },
  {
    name: 'an event to an address without a leading slash',
    see: passing((at) => publish(at.slice(1), 1)),
  },
  {
    name: 'a param by PUBLISH, then GET',
    async see(scene) {
      const peer = await scene.join();
      await peer.ask(publish(scene.at, 1, { signal: 'param' }));
      return tell(await peer.ask({ type: 'GET', address: scene.at }));
    },
  },
  {
    name: 'a sender that subscribes',
    see: async (scene) => tell(await (await scene.subscriber(scene.at)).ask(publish(scene.at, 1))),
  },
  {
    name: 'a value of 60,000 bytes',
    async see(scene) {
      const { sender, hearer } = await scene.pair();
      await sender.ask(publish(scene.at, new Uint8Array(60_000)));
      const [got] = await hearer.drain();
      return got ? `${got.value.length} bytes` : 'nothing';
    },
  },
  {
    name: `a gesture: start, ${MOVES} moves at once, end`,
    async see(scene) {
      const { sender, hearer } = await scene.pair();
      await sender.ask(gesture(scene, 'start', 0), ...moves(scene), gesture(scene, 'end', 0));
      const came = await hearer.drain();
      const moved = came.filter(({ phase }) => phase === 'move');
      const isWhole = came[0].phase === 'start' && came.at(-1)?.phase === 'end';
      const isLast = came.at(-2)?.value === MOVES;
      const count = moved.length === MOVES ? 'every move' : 'fewer moves';
      return `${isWhole ? 'start, ' : ''}${count}${isLast ? ', the last one among them' : ''}, end`;
    },
  },
  {
    name: `a gesture: start, ${MOVES} moves, no end`,
    async see(scene) {
      const { sender, hearer } = await scene.pair();
      sender.send(gesture(scene, 'start', 0), ...moves(scene));
      await hearer.next('PUBLISH', ({ value }) => value === MOVES);
      return 'the last move arrives';
    },
  },
  {
    name: 'a gesture: a sender that subscribes',
    async see(scene) {
      const { hearer } = await scene.pair();
      const sender = await scene.subscriber(scene.at);
      let own = 0;
      for (let i = 0; i < ROUNDS; i++) {
        sender.send(gesture(scene, 'start', 0), ...moves(scene));
        await hearer.next('PUBLISH', ({ value }) => value === MOVES);
        own += (await sender.drain()).length;
      }
      return own > 0 ? 'PUBLISH of moves that were held back' : 'nothing';
    },
  },
  {
    name: 'a signal to a session that subscribes to nothing',
    async see(scene) {
      const [sender, target] = [await scene.join(), await scene.join()];
      const answer = await sender.ask(signalTo(target.session));
      return `${tell(await target.drain())}; the sender: ${tell(answer)}`;
    },
  },
  {
    name: 'a signal to one session: others that subscribe to its address',
    async see(scene) {
      const [sender, target] = [await scene.join(), await scene.join()];
      const spy = await scene.subscriber(`/clasp/p2p/signal/${target.session}`);
      await sender.ask(signalTo(target.session));
      return tell(await spy.drain());
    },
  },
  {
    name: 'a signal whose `from` is another session',
    async see(scene) {
      const [sender, target] = [await scene.join(), await scene.join()];
      const answer = await sender.ask(signalTo(target.session, { from: target.session }));
      return `${tell(await target.drain())}; the sender: ${tell(answer)}`;
    },
  },
  {
    name: 'a signal to a session that is not there',
    see: async (scene) => tell(await (await scene.join()).ask(signalTo('nobody'))),
  },
  {
    name: 'an announcement at /clasp/p2p/announce',
    async see(scene) {
      const hearer = await scene.subscriber('/clasp/p2p/announce');
      const sender = await scene.join();
      await sender.ask(publish('/clasp/p2p/announce', { session_id: sender.session }));
      const came = await hearer.drain();
      return tell(came.filter(({ value }) => value.session_id === sender.session));
    },
  },
];
