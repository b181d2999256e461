/** ClaspP2P in real pages, against the relay that users start. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { launch } from './support/chromium.js';
import { endAll } from './support/lifetime.js';
import { noFaults, openPage } from './support/pages.js';
import { spawnRelay } from './support/relay.js';
import { startSite } from './support/site.js';
import { untilIn } from './support/wait.js';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('../../web/peering.js').ClaspP2P} ClaspP2P */
/** @typedef {{p2p: ClaspP2P, make: (id: string) => Promise<ClaspP2P>, heard: any[], peers: any[]}} Held any: what was said */
/** @typedef {{page: Page, held: import('playwright-core').JSHandle<Held>}} Tab */

/** @type {import('./support/site.js').Site} */
let site;
/** @type {import('playwright-core').BrowserContext} */
let context;
/** @type {Awaited<ReturnType<typeof spawnRelay>>} */
let relay;

before(async () => {
  const [started, running, browser] = await Promise.all([startSite(), spawnRelay(), launch()]);
  [site, relay, context] = [started, running, await browser.context()];
});

after(endAll);

afterEach(noFaults);

/**
 * A page with an application, which notes what every peer says.
 * @param {string} id
 * @returns {Promise<Tab>}
 */
async function open(id) {
  const page = await openPage(context, id);
  await page.goto(`${site.url}/tests/browser/pages/client.html`);
  const held = await page.evaluateHandle(
    async ({ url, path, id }) => {
      const { ClaspP2P } = /** @type {typeof import('../../web/peering.js')} */ (
        await import(path)
      );
      const heard = /** @type {any[]} */ ([]);
      const peers = /** @type {any[]} */ ([]);
      const make = async (/** @type {string} */ clientId) => {
        const it = new ClaspP2P({ signaling: url, clientId, rtcConfig: { iceServers: [] } });
        it.on('peer_connected', (peer) => {
          peers.push(peer);
          peer.on('/**', (/** @type {any} */ value, /** @type {string} */ at) =>
            heard.push([at, value]),
          );
        });
        return it.connect();
      };
      return { p2p: await make(id), make, heard, peers };
    },
    { url: relay.url, path: `${site.url}/web/peering.js`, id },
  );
  return { page, held };
}

test('two pages connect, and each hears what the other sets', async () => {
  const [one, two] = [await open('one'), await open('two')];
  const path = await one.held.evaluate(async ({ p2p }) => {
    const peer = await p2p.connectToPeer('two');
    await peer.set('/brightness', 0.5);
    const text = 'é'.repeat(50_000);
    await peer.set('/large', text);
    return peer.path ?? (await new Promise((resolve) => peer.on('path', resolve)));
  });
  assert.equal(path.type, 'host');
  await untilIn(
    two.page,
    'both values',
    (/** @type {any} the Held */ { heard }) => heard.length === 2,
    two.held,
  );
  const heard = await two.held.evaluate((it) => it.heard);
  assert.deepEqual(heard[0], ['/brightness', 0.5]);
  assert.equal(heard[1][1].length, 50_000);
  await two.held.evaluate(({ peers }) => peers[0].set('/back', [1, 2]));
  await untilIn(
    one.page,
    'the answer',
    (/** @type {any} the Held */ it) => it.heard.length === 1,
    one.held,
  );
  assert.deepEqual(await one.held.evaluate((it) => it.heard), [['/back', [1, 2]]]);
  await Promise.all([one.page.close(), two.page.close()]);
});

test('two applications of one page connect, by channels and streams of bytes too', async () => {
  const { page, held } = await open('first');
  const result = await held.evaluate(async ({ p2p, make, peers }) => {
    const other = await make('second');
    const peer = await p2p.connectToPeer('second');
    const back = await new Promise((resolve) => {
      const look = () => resolve(peers.find(({ id }) => id === 'first'));
      if (peers.some(({ id }) => id === 'first')) look();
      else other.on('peer_connected', look);
    });
    const told = new Promise((resolve) => back.on('channel', resolve));
    const channel = peer.createDataChannel('/control', { ordered: true, maxRetransmits: null });
    const came = await told;
    const raw = new Promise((resolve) => came.on('message', resolve));
    if (channel.readyState !== 'open')
      await new Promise((resolve) => channel.once('open', resolve));
    await channel.send(Uint8Array.of(0x45, 1));
    const bytes = [...new Uint8Array(await raw)];
    const offered = new Promise((resolve) => back.on('bytes', resolve));
    const { writable } = peer.bytes('/file');
    const writer = writable.getWriter();
    writer.write(new Uint8Array(1_000_000));
    writer.close();
    const { byteLength } = await new Response((await offered).readable).arrayBuffer();
    const { path } = await peer.stats();
    other.close();
    return { bytes, byteLength, path, maxRetransmits: came.maxRetransmits, state: peer.state };
  });
  assert.deepEqual(result.bytes, [0x45, 1]);
  assert.equal(result.byteLength, 1_000_000);
  assert.equal(result.path, 'host');
  assert.equal(result.maxRetransmits, null);
  await page.close();
});

test('a page that goes says goodbye', async () => {
  const [one, two] = [await open('stays'), await open('goes')];
  await one.held.evaluate(async ({ p2p }) => void (await p2p.connectToPeer('goes')));
  await untilIn(
    two.page,
    'the connection',
    (/** @type {any} the Held */ { peers }) => peers.length === 1,
    two.held,
  );
  await two.page.close({ runBeforeUnload: false });
  await untilIn(
    one.page,
    'the goodbye',
    (/** @type {any} the Held */ { peers }) => peers[0].state === 'closed',
    one.held,
  );
  await one.page.close();
});
