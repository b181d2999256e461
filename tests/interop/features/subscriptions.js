/** SUBSCRIBE, UNSUBSCRIBE, and what a pattern reaches: docs/wire.md, sections 7 and 9. */
import { publish, set, subscribe, tell } from '../scene.js';

/** @typedef {import('../scene.js').Feature} Feature */
/** @typedef {import('../scene.js').Scene} Scene */

/** What each pattern is tried on, behind the scene's own prefix. */
const ADDRESSES = ['', '/', '/a', '/ab', '/a/', '/a/b', '/a/xb', '/a/b/c', '/a.b', '/axb'];

const PATTERNS = [
  '/a',
  '/*',
  '/**',
  '/a/*',
  '/a/**',
  '/a/**/b',
  '/**/b',
  '/a*',
  '/a*/**',
  '/a*b',
  '/a?',
  '/a.b',
  '/{a,ab}',
  '/[a]b',
];

/** @param {string[]} addresses @param {string} at */
const listed = (addresses, at) =>
  addresses.map((it) => (it === at ? 'itself' : `\`${it.slice(at.length)}\``)).join(' ') || 'none';

/** @type {Feature[]} */
const DELIVERED = PATTERNS.map((pattern) => ({
  name: `PUBLISH, by \`${pattern}\``,
  async see(scene) {
    const hearer = await scene.subscriber(scene.at + pattern);
    const sender = await scene.join();
    await sender.ask(...ADDRESSES.map((it) => publish(scene.at + it, 1)));
    const came = await hearer.drain();
    return listed(
      came.map(({ address }) => address),
      scene.at,
    );
  },
}));

/** @type {Feature[]} */
const TOLD = PATTERNS.filter((it) => it.includes('*')).map((pattern) => ({
  name: `SNAPSHOT after SUBSCRIBE, by \`${pattern}\``,
  async see(scene) {
    const peer = await scene.join();
    await peer.ask(...ADDRESSES.map((it) => set(scene.at + it, 1)));
    const [snapshot] = await peer.ask(subscribe(1, scene.at + pattern));
    const addresses = (snapshot?.params ?? []).map((/** @type {any} a param */ it) => it.address);
    const inOrder = ADDRESSES.filter((it) => addresses.includes(scene.at + it));
    return listed(
      inOrder.map((it) => scene.at + it),
      scene.at,
    );
  },
}));

/** @param {string} name @param {(scene: Scene) => string} pattern @returns {Feature} */
const answerTo = (name, pattern) => ({
  name,
  see: async (scene) => tell(await (await scene.join()).ask(subscribe(1, pattern(scene)))),
});

/** @type {Feature[]} */
export const SUBSCRIPTIONS = [
  answerTo('SUBSCRIBE, when no param matches', ({ at }) => at),
  answerTo('SUBSCRIBE to a pattern without a leading slash', () => '**'),
  answerTo('SUBSCRIBE to the empty pattern', () => ''),
  answerTo('SUBSCRIBE to a pattern with an empty segment', ({ at }) => `${at}//x`),
  answerTo('SUBSCRIBE to a pattern with a star and a bracket', ({ at }) => `${at}/[*`),
  {
    name: 'SUBSCRIBE, when params match',
    async see(scene) {
      const peer = await scene.join();
      return tell((await peer.ask(set(scene.at, 1), subscribe(1, scene.at))).slice(1));
    },
  },
  {
    name: 'SUBSCRIBE to events alone, when params match',
    async see(scene) {
      const peer = await scene.join();
      const asks = subscribe(1, scene.at, { types: ['event'] });
      return tell((await peer.ask(set(scene.at, 1), asks)).slice(1));
    },
  },
  {
    name: 'SUBSCRIBE to events alone: SET, event and stream',
    async see(scene) {
      const [sender, hearer] = [await scene.join(), await scene.join()];
      await hearer.ask(subscribe(1, scene.at, { types: ['event'] }));
      await sender.ask(
        set(scene.at, 1),
        publish(scene.at, 2),
        publish(scene.at, 3, { signal: 'stream' }),
      );
      return tell(await hearer.drain(), 'signal');
    },
  },
  {
    name: 'SUBSCRIBE with a largest rate of 1 a second: 10 events',
    async see(scene) {
      const [sender, hearer] = [await scene.join(), await scene.join()];
      await hearer.ask(subscribe(1, scene.at, { options: { maxRate: 1 } }));
      await sender.ask(...Array.from({ length: 10 }, (_, i) => publish(scene.at, i)));
      return `${(await hearer.drain()).length} arrive`;
    },
  },
  {
    name: 'two subscriptions of one session that match',
    async see(scene) {
      const [sender, hearer] = [await scene.join(), await scene.join()];
      await hearer.ask(subscribe(1, scene.at), subscribe(2, `${scene.at}/**`));
      await sender.ask(publish(scene.at, 1), set(scene.at, 1));
      return tell(await hearer.drain());
    },
  },
  {
    name: 'an id in use, with another pattern',
    async see(scene) {
      const [sender, hearer] = [await scene.join(), await scene.join()];
      await hearer.ask(subscribe(1, `${scene.at}/old`), subscribe(1, `${scene.at}/new`));
      await sender.ask(publish(`${scene.at}/old`, 1), publish(`${scene.at}/new`, 1));
      const came = await hearer.drain();
      return listed(
        came.map(({ address }) => address),
        scene.at,
      );
    },
  },
  {
    name: 'UNSUBSCRIBE, then an event',
    async see(scene) {
      const { sender, hearer } = await scene.pair();
      const answer = tell(await hearer.ask({ type: 'UNSUBSCRIBE', id: 1 }));
      await sender.ask(publish(scene.at, 1));
      return `${answer}; ${tell(await hearer.drain())}`;
    },
  },
  ...DELIVERED,
  ...TOLD,
];
