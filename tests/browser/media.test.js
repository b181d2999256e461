/** What is sent when there is no camera, and when nobody looks at the tab that sends. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { launch } from './support/chromium.js';
import { DemoPage } from './support/demo.js';
import { startDisplay } from './support/display.js';
import { endAll } from './support/lifetime.js';
import { noFaults, openPage } from './support/pages.js';
import { openRelay } from './support/relay.js';
import { startSite } from './support/site.js';

/** Frames that a hidden tab has to get across; at the pattern's 25 a second it takes 5 s. */
const HIDDEN_FRAMES = 125;
const HIDDEN_MS = 15_000;

/** @type {import('./support/site.js').Site} */
let site;
/** @type {Awaited<ReturnType<typeof openRelay>>} */
let relay;

before(async () => {
  [site, relay] = await Promise.all([startSite(), openRelay()]);
});

after(endAll);

afterEach(noFaults);

test('pages without a camera say why, and the others see a test pattern', async (t) => {
  const browsers = await Promise.all([launch({ camera: 'denied' }), launch({ camera: 'none' })]);
  t.after(() => Promise.all(browsers.map((browser) => browser.close())));
  const [here, there] = await Promise.all(browsers.map((browser) => browser.context()));
  const visit = { room: 'blind', relay: relay.url };
  const ann = await DemoPage.open(here, site, { name: 'Ann', ...visit });
  const ben = await DemoPage.open(there, site, { name: 'Ben', ...visit });
  const notice = (/** @type {DemoPage} */ { page }) =>
    page.locator('[data-notice=media] p').innerText();
  assert.match(
    await notice(ann),
    /did not give this page the camera.*the others see a test pattern/,
  );
  assert.match(
    await notice(ben),
    /No camera or no microphone was found.*the others see a test pattern/,
  );
  await Promise.all([ann.seesFramesOf('Ben'), ben.seesFramesOf('Ann')]);
  await Promise.all([ann.badge('Ben', 'muted').waitFor(), ben.badge('Ann', 'muted').waitFor()]);
});

describe('a tab that nobody looks at', () => {
  /** @type {Awaited<ReturnType<typeof startDisplay>>} */
  let display;
  /** @type {import('./support/chromium.js').Chromium[]} */
  let browsers = [];

  before(async () => {
    display = await startDisplay();
    browsers = await Promise.all([launch({ display: display.name }), launch()]);
  });

  for (const source of /** @type {const} */ (['camera', 'pattern'])) {
    test(`goes on sending the ${source}`, async (t) => {
      const [windowed, headless] = await Promise.all(browsers.map((browser) => browser.context()));
      const visit = { room: `hidden-${source}`, relay: relay.url, source };
      const ann = await DemoPage.open(windowed, site, { name: 'Ann', ...visit });
      const ben = await DemoPage.open(headless, site, { name: 'Ben', ...visit });
      await ben.seesFramesOf('Ann');

      const cover = await openPage(windowed, 'cover');
      await cover.bringToFront();
      const visibility = () => ann.page.evaluate(() => document.visibilityState);
      assert.equal(await visibility(), 'hidden');
      const start = Date.now();
      await ben.seesFramesOf('Ann', HIDDEN_FRAMES, HIDDEN_MS);
      assert.equal(await visibility(), 'hidden');
      t.diagnostic(`${HIDDEN_FRAMES} frames in ${Date.now() - start} ms`);
      await Promise.all([ann, ben].map(({ page }) => page.close()).concat(cover.close()));
    });
  }
});
