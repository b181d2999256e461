/** The router of crates.io forgets sessions to which it has passed nothing on for a while. Ours stay. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { RelayDriver } from 'clasp-p2p';
import { PATIENCE_MS, within } from '../browser/support/wait.js';
import { RawPeer } from './raw-peer.js';
import { publish, subscribe } from './scene.js';
import { ROUTER, endAll, lackOf, startRouter } from './support.js';

after(endAll);

describe(
  'a session of the router of crates.io to which nothing is passed on',
  { skip: lackOf(ROUTER), concurrency: true },
  () => {
    test('is forgotten: its socket answers, but no event reaches it, subscribed anew or not', async () => {
      const router = await startRouter(0, 1);
      const peer = await RawPeer.join(router.url);
      await peer.ask(subscribe(1, '/x'));
      await router.sessionsBecome(1);
      await router.sessionsBecome(0);
      assert.deepEqual(await peer.ask(subscribe(2, '/x')), []);
      await (await RawPeer.join(router.url)).ask(publish('/x', 1));
      assert.deepEqual(await peer.drain(), []);
      const own = publish(`/clasp/p2p/signal/${peer.session}`, null);
      const [error] = await peer.ask(own);
      assert.deepEqual([error.code, error.address], [404, own.address]);
    });

    test('is kept when it is one of ours: it sends itself a signal now and then', async (t) => {
      const { url, sessionsBecome } = await startRouter(0, 12); // it looks after 10 s and after 20 s
      const [driver, sender] = [
        new RelayDriver({ url, reconnect: false }),
        new RelayDriver({ url }),
      ];
      t.after(() => [driver, sender].forEach((it) => it.close()));
      const heard = new Promise((resolve) => driver.on(['quiet', 'room'], resolve));
      await driver.ready;
      await RawPeer.join(url);
      await sessionsBecome(2);
      await sessionsBecome(1); // the other one is forgotten
      sender.emit(['quiet', 'room'], { said: 'still there?' });
      const message = await within(PATIENCE_MS, 'the event', heard);
      assert.deepEqual(message, { said: 'still there?' });
    });
  },
);
