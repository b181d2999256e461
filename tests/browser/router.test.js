/** The demo, unchanged, over the CLASP router of crates.io in place of the relay. */
import { after, afterEach, before, describe, test } from 'node:test';
import { ROUTER, lackOf, startRouter } from '../interop/support.js';
import { launch } from './support/chromium.js';
import { DemoPage } from './support/demo.js';
import { endAll } from './support/lifetime.js';
import { NO_SERVER, noFaults } from './support/pages.js';
import { startSite } from './support/site.js';

after(endAll);

describe('two tabs in a room, over the router of crates.io', { skip: lackOf(ROUTER) }, () => {
  /** @type {import('./support/site.js').Site} */
  let site;
  /** @type {Awaited<ReturnType<typeof startRouter>>} */
  let router;
  /** @type {import('playwright-core').BrowserContext} */
  let context;
  /** @type {DemoPage} */
  let ann;
  /** @type {DemoPage} */
  let ben;

  before(async () => {
    const [started, running, browser] = await Promise.all([startSite(), startRouter(), launch()]);
    [site, router, context] = [started, running, await browser.context()];
  });

  afterEach(noFaults);

  /** @param {string} name */
  function enter(name) {
    const visit = { name, room: 'router', relay: router.url, allowed: [NO_SERVER] };
    return DemoPage.open(context, site, visit);
  }

  test('each sees the other move', async (t) => {
    ann = await enter('Ann');
    await ann.says(/Nobody else is in this room/);
    const start = Date.now();
    ben = await enter('Ben');
    await ben.seesFramesOf('Ann', 1);
    t.diagnostic(`first frame ${Date.now() - start} ms after the second tab was opened`);
    await Promise.all([ann.seesFramesOf('Ben'), ben.seesFramesOf('Ann')]);
    await Promise.all([ann.says(/Connected with Ben/), ben.says(/Connected with Ann/)]);
  });

  test('chat and the state of the microphone pass', async () => {
    await ann.writes('Do you see me?');
    await ben.reads('Do you see me?');
    await ann.page.click('#toggle-audio');
    await ben.badge('Ann', 'muted').waitFor();
  });

  test('whoever leaves is missed, and can come back', async () => {
    await ben.page.click('#leave');
    await ann.losesTileOf('Ben');
    await ben.page.click('#join');
    await Promise.all([ann.seesFramesOf('Ben'), ben.seesFramesOf('Ann')]);
  });

  test('the call goes on without the router, and others can join once it is back', async () => {
    await router.close();
    await ann.says(/Lost the relay .* trying again\. Whoever you see stays connected/);
    await Promise.all([ann.seesFramesOf('Ben'), ben.seesFramesOf('Ann')]);
    router = await startRouter(router.port);
    await ann.says(/Connected with Ben/);
    const cleo = await enter('Cleo');
    await Promise.all([ann.seesFramesOf('Cleo'), cleo.seesFramesOf('Ann')]);
  });

  test('a tab that is closed is missed', async () => {
    await ben.close();
    await ann.losesTileOf('Ben');
    await ann.says(/Ben left/);
  });
});
