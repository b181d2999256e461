/** The client in pages, against the relay that users start. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { launch } from './support/chromium.js';
import { endAll } from './support/lifetime.js';
import { NO_SERVER, noFaults, openPage } from './support/pages.js';
import { spawnRelay } from './support/relay.js';
import { startSite } from './support/site.js';
import { untilIn } from './support/wait.js';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('../../web/clasp.js').Clasp} Clasp */
/** @typedef {{client: Clasp, heard: any[], raised: string[]}} Held any: pairs of value and address */

/** @typedef {{page: Page, held: import('playwright-core').JSHandle<Held>}} Tab */

/** @type {import('./support/site.js').Site} */
let site;
/** @type {import('playwright-core').BrowserContext} */
let context;
/** @type {Awaited<ReturnType<typeof spawnRelay>>} */
let relay;
/** @type {Tab} */
let one;
/** @type {Tab} */
let two;

before(async () => {
  const [started, running, browser] = await Promise.all([startSite(), spawnRelay(), launch()]);
  [site, relay, context] = [started, running, await browser.context()];
  [one, two] = await Promise.all(['one', 'two'].map(open));
});

after(endAll);

afterEach(noFaults);

/**
 * A page with a connected client, which notes what it hears and what it raises.
 * @param {string} name
 * @returns {Promise<Tab>}
 */
async function open(name) {
  const page = await openPage(context, name, [NO_SERVER]);
  await page.goto(`${site.url}/tests/browser/pages/client.html`);
  const held = await page.evaluateHandle(
    async ({ url, path }) => {
      const { Clasp } = /** @type {typeof import('../../web/clasp.js')} */ (await import(path));
      const client = new Clasp(url, { reconnectInterval: 10_000 });
      const held = {
        client,
        heard: /** @type {any[]} */ ([]),
        raised: /** @type {string[]} */ ([]),
      };
      for (const type of ['connect', 'disconnect', 'error', 'close'])
        client.addEventListener(type, () => held.raised.push(type));
      client.on('/**', (value, address) => held.heard.push([value, address]));
      await client.connect();
      return held;
    },
    { url: relay.url, path: '/web/clasp.js' },
  );
  return { page, held };
}

/** @param {Tab} tab @param {string} address @param {unknown} value */
const hears = ({ page, held }, address, value) =>
  untilIn(
    page,
    `${value} at ${address}`,
    ([{ heard }, at, expected]) =>
      heard.some((/** @type {any} */ [it, where]) => where === at && it === expected),
    /** @type {any[]} a handle becomes what it stands for */ ([held, address, value]),
  );

/** @param {Tab} tab */
const lost = ({ page, held }) =>
  untilIn(
    page,
    'the relay to be missed',
    ({ client }) => !client.connected,
    /** @type {any} */ (held),
  );

test('what one tab writes the other one hears, and knows without asking', async () => {
  const revision = await one.held.evaluate(({ client }) => client.set('/tab/a', 0.5));
  assert.equal(revision, 1);
  await hears(two, '/tab/a', 0.5);
  assert.equal(await two.held.evaluate(({ client }) => client.cached('/tab/a')), 0.5);
  await two.held.evaluate(({ client }) => client.emit('/tab/event', 'for you'));
  await hears(one, '/tab/event', 'for you');
});

test('bytes, for await and an abort work as in Node', async () => {
  const found = await one.held.evaluate(async ({ client }) => {
    const inflow = client.subscribe('/tab/bytes');
    await client.set('/tab/bytes', new Uint8Array([1, 2, 255]));
    const [aborted] = await Promise.allSettled([
      client.get('/tab/none', { signal: AbortSignal.timeout(20) }),
    ]);
    for await (const { value } of inflow)
      return { value: [...value], aborted: aborted.status === 'rejected' && aborted.reason.code };
  });
  assert.deepEqual(found, { value: [1, 2, 255], aborted: 'ABORTED' });
});

test('a page that is shown again, or online again, comes back without waiting', async () => {
  const { port } = new URL(relay.url);
  await relay.close();
  await Promise.all([lost(one), lost(two)]);
  await one.held.evaluate(({ client }) => void client.set('/tab/while-away', 'kept'));
  relay = await spawnRelay(Number(port));
  const start = Date.now();
  await one.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await two.page.evaluate(() => window.dispatchEvent(new Event('online')));
  await Promise.all([one, two].map((it) => hears(it, '/tab/while-away', 'kept')));
  assert.ok(Date.now() - start < 7_000, 'before the first wait of 10 s, less a quarter, was over');
  await hears(two, '/tab/a', 0.5); // put back by the tab that had written it
  assert.equal(await two.held.evaluate(({ client }) => client.get('/tab/a')), 0.5);
});

test('close() ends it for good, and a tab that is closed is not missed by the other one', async () => {
  await two.held.evaluate(({ client }) => client.close());
  assert.equal(await two.held.evaluate(({ raised }) => raised.at(-1)), 'close');
  await two.page.close();
  assert.equal(await one.held.evaluate(({ client }) => client.set('/tab/last', 1)), 1);
});
