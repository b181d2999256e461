/** Bundles, discovery, clock, and what is refused: docs/wire.md, sections 6 and 7. */
import { readFileSync } from 'node:fs';
import { encode } from 'clasp-p2p/codec';
import { fate, packed, publish, set, tell, types } from '../scene.js';

/** @typedef {import('../scene.js').Feature} Feature */
/** @typedef {import('../scene.js').Scene} Scene */
/** @typedef {import('../raw-peer.js').Message} Message */

const HOUR_US = 3_600_000_000;
const BURST = 3_000;

/** @param {Message[]} messages @param {object} [more] @returns {Message} */
const bundle = (messages, more) => ({ type: 'BUNDLE', messages, ...more });

/** What the sender and what others get. @param {(at: string) => import('../raw-peer.js').Sendable} message */
const both = (message) => async (/** @type {Scene} */ scene) => {
  const { sender, hearer } = await scene.pair();
  const answer = tell(await sender.ask(message(scene.at)), 'revision');
  return `${answer}; others: ${tell(await hearer.drain(), 'revision')}`;
};

/** @param {string} namespace @returns {Message} */
const announce = (namespace) => ({
  type: 'ANNOUNCE',
  namespace,
  signals: [{ address: `${namespace}/x`, type: 'param', datatype: 'f64', meta: { unit: 'm' } }],
});

/** @param {Message[]} messages */
const found = (messages) =>
  messages
    .flatMap(({ signals }) => signals)
    .map((it) => Object.keys(it).join(' '))
    .join(', ') || 'no signal';

/** @type {Feature[]} */
export const CONTROL = [
  { name: 'BUNDLE of two SETs', see: both((at) => bundle([set(`${at}/1`, 1), set(`${at}/2`, 2)])) },
  {
    name: 'BUNDLE of an event and a SET',
    see: both((at) => bundle([publish(at, 1), set(at, 2)])),
  },
  {
    name: 'BUNDLE for in an hour',
    see: both((at) =>
      bundle([publish(at, 1)], { timestamp: Math.round(Date.now() * 1000) + HOUR_US }),
    ),
  },
  { name: 'BUNDLE in a BUNDLE', see: both((at) => bundle([bundle([set(at, 1)])])) },
  { name: 'BUNDLE of nothing', see: both(() => bundle([])) },
  {
    name: 'BUNDLE with an address without a leading slash',
    see: both((at) => bundle([set(`${at}/1`, 1), set('x', 2)])),
  },
  {
    name: 'BUNDLE with a SET that expects another revision',
    async see(scene) {
      const { sender, hearer } = await scene.pair();
      await sender.ask(set(`${scene.at}/1`, 1));
      await hearer.drain();
      const members = [set(`${scene.at}/1`, 2, { revision: 5 }), set(`${scene.at}/2`, 2)];
      const answer = tell(await sender.ask(bundle(members)));
      return `${answer}; others: ${tell(await hearer.drain())}`;
    },
  },
  {
    name: 'BUNDLE as MessagePack',
    see: both((at) => packed(bundle([{ type: 'SET', address: at, value: 1 }]))),
  },
  {
    name: 'ANNOUNCE',
    async see(scene) {
      const [answer] = await (await scene.join()).ask(announce(scene.at));
      return `${tell([answer])}${answer.address === scene.at ? ' of the namespace' : ''}`;
    },
  },
  {
    name: 'QUERY: of a signal with a unit',
    async see(scene) {
      const peer = await scene.join();
      await peer.ask(announce(scene.at));
      const came = await peer.ask({ type: 'QUERY', pattern: `${scene.at}/*` });
      return `${types(came)}: ${found(came)}`;
    },
  },
  {
    name: 'QUERY: of a signal whose announcer has left',
    async see(scene) {
      const [announcer, other] = [await scene.join(), await scene.join()];
      await announcer.ask(announce(scene.at));
      await announcer.close();
      return found(await other.ask({ type: 'QUERY', pattern: `${scene.at}/*` }));
    },
  },
  {
    name: 'QUERY that finds nothing',
    see: async (scene) =>
      types(await (await scene.join()).ask({ type: 'QUERY', pattern: scene.at })),
  },
  {
    name: 'QUERY by a pattern without a leading slash',
    see: async (scene) => types(await (await scene.join()).ask({ type: 'QUERY', pattern: 'x' })),
  },
  {
    name: 'SYNC',
    async see(scene) {
      const [answer] = await (await scene.join()).ask({ type: 'SYNC', t1: 5 });
      const { t1, t2, t3 } = answer;
      return `${tell([answer])}: t1 ${t1 === 5 ? 'as sent' : t1}, t3 ${t3 >= t2 ? 'not before t2' : t3}`;
    },
  },
  {
    name: 'PING',
    async see(scene) {
      const peer = await scene.join();
      peer.send({ type: 'PING' });
      return tell([await peer.next('PONG')]);
    },
  },
  {
    name: 'REPLAY of a SET and an event',
    async see(scene) {
      const { sender, hearer } = await scene.pair();
      await sender.ask(set(scene.at, 1));
      await sender.ask(publish(scene.at, 2));
      await hearer.drain();
      return tell(await hearer.ask({ type: 'REPLAY', pattern: scene.at }), 'revision');
    },
  },
  {
    name: 'FEDERATION_SYNC: request-sync',
    see: async (scene) =>
      tell(await (await scene.join()).ask({ type: 'FEDERATION_SYNC', op: 'request-sync' })),
  },
  {
    name: 'WELCOME, ACK, ERROR and PONG from a client',
    see: async (scene) =>
      types(
        await (
          await scene.join()
        ).ask(
          { type: 'WELCOME', version: 1, session: 'x', name: 'x', features: [], time: 1 },
          { type: 'ACK' },
          { type: 'ERROR', code: 100, message: 'x' },
        ),
      ),
  },
  {
    name: `${BURST} messages at once`,
    async see(scene) {
      const peer = await scene.join();
      peer.send(...Array.from({ length: BURST }, () => publish(scene.at, 1)));
      const error = tell([await peer.next('ERROR')]);
      return `${error}; ${peer.isOpen ? 'the session stays' : 'closed'}`;
    },
  },
];

/* ---- what is malformed ---- */

/** @type {{vectors: {name: string, class: string, frame_hex: string}[]}} */
const { vectors } = JSON.parse(
  readFileSync(new URL('../../vectors/malformed.json', import.meta.url), 'utf8'),
);

/** Of two that peers treat differently, both. */
const MORE = ['set-f64-short', 'set-string-past-end'];

const examples = vectors.filter(
  (it, i) => MORE.includes(it.name) || vectors.findIndex((other) => other.class === it.class) === i,
);

/** @type {Feature[]} */
export const MALFORMED = [
  ...examples.map(({ name, class: kind, frame_hex }) => ({
    name: `${kind} (${name})`,
    spoils: kind === 'too-deep', // what takes it hands it to everybody from then on
    see: async (/** @type {Scene} */ scene) =>
      fate(await scene.join(), Buffer.from(frame_hex, 'hex')),
  })),
  {
    name: 'a text message',
    see: async (scene) => tell(await (await scene.join()).ask('hello')),
  },
  {
    name: 'bytes behind a frame',
    async see(scene) {
      const bytes = Buffer.concat([encode({ type: 'QUERY', pattern: scene.at }), Buffer.alloc(9)]);
      return tell(await (await scene.join()).ask(bytes));
    },
  },
];
