/** Two tabs of one browser: no relay runs here. */
import { after, afterEach, before, test } from 'node:test';
import { launch } from './support/chromium.js';
import { DemoPage } from './support/demo.js';
import { endAll } from './support/lifetime.js';
import { noFaults } from './support/pages.js';
import { startSite } from './support/site.js';

/** @type {import('./support/site.js').Site} */
let site;
/** @type {import('./support/chromium.js').Chromium} */
let browser;

before(async () => {
  [site, browser] = await Promise.all([startSite(), launch()]);
});

after(endAll);

afterEach(noFaults);

test('two tabs meet without any server, and a tab that is closed says goodbye', async (t) => {
  const context = await browser.context();
  const ann = await DemoPage.open(context, site, { name: 'Ann', room: 'alone' });
  const ben = await DemoPage.open(context, site, { name: 'Ben', room: 'alone', source: 'pattern' });
  await Promise.all([ann.seesFramesOf('Ben'), ben.seesFramesOf('Ann')]);
  await ben.writes('hello from the same browser');
  await ann.reads('hello from the same browser');

  const start = Date.now();
  const [end] = await Promise.all([ann.losesTileOf('Ben'), ben.close()]);
  await ann.says(/Ben left/);
  t.diagnostic(`tile gone ${end - start} ms after the tab was closed`);
  await context.close();
});
