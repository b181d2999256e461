/** Chromium and Firefox with one another, through the relay. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { launch } from './support/chromium.js';
import { launchFirefox } from './support/firefox.js';
import { endAll } from './support/lifetime.js';
import { noFaults } from './support/pages.js';
import { PeerPage } from './support/peer.js';
import { openRelay } from './support/relay.js';
import { startSite } from './support/site.js';

/** @type {import('./support/site.js').Site} */
let site;
/** @type {Record<'Chromium' | 'Firefox', import('playwright-core').BrowserContext>} */
let contexts;
/** @type {string} */
let relay;

before(async () => {
  const [itsSite, chromium, firefox, itsRelay] = await Promise.all([
    startSite(),
    launch(),
    launchFirefox(),
    openRelay(),
  ]);
  site = itsSite;
  relay = itsRelay.url;
  contexts = { Chromium: await chromium.context(), Firefox: await firefox.context() };
});

after(endAll);

afterEach(noFaults);

for (const [from, to] of /** @type {const} */ ([
  ['Chromium', 'Firefox'],
  ['Firefox', 'Chromium'],
])) {
  test(`a Sender in ${from} and a Receiver in ${to}: picture, messages, state, goodbye`, async () => {
    const room = `from ${from}`;
    const [sender, receiver] = await Promise.all([
      PeerPage.open(contexts[from], site, { role: 'sender', room, relay }),
      PeerPage.open(contexts[to], site, { role: 'receiver', room, relay }),
    ]);
    await Promise.all([sender.next('channel'), receiver.next('channel'), receiver.next('stream')]);
    await sender.call('send', 'from one make');
    assert.equal((await receiver.next('message')).message, 'from one make');
    await receiver.call('send', 'to the other');
    assert.equal((await sender.next('message')).message, 'to the other');
    await sender.call('sync', { mood: 'glad' });
    await receiver.next('sync', ({ state }) => state?.mood === 'glad');
    await receiver.close();
    await sender.next('dispose');
    await sender.close();
  });
}
