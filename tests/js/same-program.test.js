/** A program that was written for the other client library runs unchanged with this one. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { WebSocket } from 'ws';
import { startRelay } from '../../relay/index.js';

/** @typedef {typeof import('@clasp-to/core')} Library */

/** @type {Awaited<ReturnType<typeof startRelay>>} */ let relay;

before(async () => {
  globalThis.WebSocket ??= /** @type {any} Node 20 has none of its own */ (WebSocket);
  relay = await startRelay({ port: 0 });
});

after(() => relay.close());

/**
 * The program: every method that both have.
 * @param {Library} library
 * @param {string} url
 * @param {string} room a part of all addresses
 */
async function program({ Clasp, ClaspBuilder }, url, room) {
  const at = (/** @type {string} */ name) => `/${room}/${name}`;
  /** @type {any[]} */ const log = [];
  const builder = new ClaspBuilder(url);
  builder
    .name('first')
    .features(['param', 'event', 'stream'])
    .reconnect(true)
    .reconnectInterval(100);
  log.push(
    builder.getUrl() === url,
    builder.getName(),
    builder.getFeatures(),
    builder.getReconnect(),
  );
  log.push(builder.getReconnectInterval(), builder.getToken());
  const client = await builder.connect();
  const other = new Clasp(url, { name: 'second', reconnect: false });
  other.onConnect(() => log.push('connected'));
  other.onError(() => log.push('error'));
  other.onReconnect(() => log.push('reconnect'));
  const gone = new Promise((resolve) => other.onDisconnect(() => resolve('disconnected')));
  await other.connect(5000);
  log.push(client.connected, typeof client.session, typeof client.time());

  /** @type {(count: number) => Promise<any[]>} */
  const hear = (count) =>
    new Promise((resolve) => {
      /** @type {any[]} */ const heard = [];
      const off = other.subscribe(
        at('**'),
        (value, address) => {
          heard.push([address, value]);
          if (heard.length === count) {
            off();
            resolve(heard);
          }
        },
        { maxRate: 1000, epsilon: 0 },
      );
    });
  client.set(at('level'), 0.75);
  log.push(await client.get(at('level')));
  const heard = hear(6);
  await other.get(at('level')); // what follows comes after the subscription
  client.emit(at('cue'), { fade: 2 });
  client.stream(at('sensor'), 23.5);
  client.gesture(at('touch'), 3, 'start', { x: 1, y: 2 });
  client.bundle([{ set: [at('light/1'), 1] }, { emit: [at('done'), null] }]);
  log.push(await heard);
  client.timeline(at('fade'), [{ time: 0, value: 0 }], { loop: false });
  log.push(other.cached(at('level')), other.getSignals(), other.querySignals('/**'));
  log.push(client.getLastError());
  client.clearError();
  const off = client.on(at('x'), () => {});
  off();
  client.close();
  other.close();
  log.push(client.connected, other.connected);
  await Promise.race([gone, Promise.resolve()]);
  return log;
}

test('one and the same program against both packages says the same', async () => {
  const theirs = await program(await import('@clasp-to/core'), relay.url, 'same');
  const second = await startRelay({ port: 0 });
  const ours = await program(
    /** @type {any} the types differ where ours is wider */ (await import('../../web/index.js')),
    second.url,
    'same',
  );
  await second.close();
  assert.deepEqual(
    ours,
    theirs.map((entry) => (entry === relay.url ? second.url : entry)),
  );
});
