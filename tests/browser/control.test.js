/** The control surface: a controller and a display, in tabs of their own and side by side. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { launch } from './support/chromium.js';
import { demoHref } from './support/demo-tab.js';
import { forEveryUser } from './support/every-user.js';
import { endAll } from './support/lifetime.js';
import { NO_SERVER, noFaults, openPage } from './support/pages.js';
import { PeerTab } from './support/peer-tab.js';
import { openRelay, portWithoutRelay, spawnRelay } from './support/relay.js';
import { startSite } from './support/site.js';
import { untilIn } from './support/wait.js';

const CONNECTED = /Connected with the display: direct/;
const LEAST_RATE = 20; // values a second that a busy machine still draws

/** @type {import('./support/site.js').Site} */
let site;
/** @type {import('./support/chromium.js').Chromium} */
let browser;
/** @type {Awaited<ReturnType<typeof openRelay>>} */
let relay;

before(async () => {
  [site, browser, relay] = await Promise.all([startSite(), launch(), openRelay()]);
});

after(endAll);

afterEach(noFaults);

/**
 * @param {'controller' | 'display'} what
 * @param {import('playwright-core').BrowserContext} context
 * @param {Record<string, string>} query
 */
function open(what, context, query) {
  const href = demoHref(site, `control/${what}.html`, { relay: relay.url, ...query });
  return PeerTab.at(context, href, { name: what, allowed: [NO_SERVER] });
}

/** @param {Record<string, string>} query */
async function openBoth(query) {
  const context = await browser.context();
  const display = await open('display', context, query);
  const controller = await open('controller', context, query);
  return { context, controller, display };
}

/**
 * @param {PeerTab} display
 * @param {boolean} lit
 */
function centre(display, lit) {
  const condition = (/** @type {boolean} */ lit) => {
    const canvas = /** @type {HTMLCanvasElement} */ (document.getElementById('scene'));
    const [x, y] = [canvas.width >> 1, canvas.height >> 1];
    const [red, green, blue] = canvas.getContext('2d')?.getImageData(x, y, 1, 1).data ?? [];
    return red + green + blue > 100 === lit;
  };
  return untilIn(display.page, `the scene to be ${lit ? 'lit' : 'dark'}`, condition, lit);
}

describe('a controller and a display in tabs of their own', () => {
  /** @type {import('playwright-core').BrowserContext} */
  let context;
  /** @type {PeerTab} */
  let controller;
  /** @type {PeerTab} */
  let display;

  before(async () => {
    ({ context, controller, display } = await openBoth({ display: 'tabs' }));
  });

  after(() => context.close());

  test('find one another, and say by which way', async () => {
    await controller.says(CONNECTED);
    await display.says(/One controller\./);
    await controller.shows('[data-fact=way]', /^direct, local network$/);
    await controller.shows('[data-fact=rtt]', /^\d+(\.\d)? ms$/);
    await display.shows('#controllers [data-fact=way]', /^direct, local network$/);
    await display.shows('#controllers [data-fact=rtt]', /^\d+(\.\d)? ms$/);
  });

  test('a slider of the one changes the other', async () => {
    await controller.page.fill('#brightness', '0.25');
    await display.shows('#scene-brightness', /^25 %$/);
    await controller.page.fill('#hue', '300');
    await display.shows('#scene-hue', /^300°$/);
  });

  test('a slider can be moved by the keyboard', async () => {
    await controller.page.press('#hue', 'ArrowRight');
    await display.shows('#scene-hue', /^301°$/);
    await controller.page.press('#pad-x', 'End');
    await display.shows('#scene-pad', /^100 \/ 50$/);
  });

  test('the pad follows the pointer', async () => {
    const area = controller.page.locator('#pad');
    const box = await area.boundingBox();
    assert.ok(box);
    const { mouse } = controller.page;
    await mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await mouse.down();
    await mouse.move(box.x + box.width / 4, box.y + box.height / 4);
    await mouse.up();
    await display.shows('#scene-pad', /^25 \/ 75$/);
  });

  test('the pad streams as it moves', async (t) => {
    const { page } = controller;
    await page.bringToFront();
    await page.click('#pad-auto');
    const condition = (/** @type {number} */ least) =>
      parseInt(document.getElementById('scene-rate')?.textContent ?? '', 10) >= least;
    await untilIn(display.page, `${LEAST_RATE} values a second`, condition, LEAST_RATE);
    t.diagnostic(`received ${await display.page.locator('#scene-rate').innerText()}`);
    await page.click('#pad-auto');
  });

  test('buttons act on the display', async () => {
    await centre(display, true);
    await controller.page.click('#blackout');
    await display.shows('#scene-brightness', /^dark$/);
    await centre(display, false);
    await Promise.all([centre(display, true), controller.page.click('#flash')]);
    await centre(display, false);
    await controller.page.click('#blackout');
    await display.shows('#scene-brightness', /^25 %$/);
  });

  test('a second controller is let in beside the first', async () => {
    const second = await open('controller', context, { display: 'tabs' });
    await second.says(CONNECTED);
    await display.says(/2 controllers\./);
    await second.page.fill('#brightness', '0.4');
    await display.shows('#scene-brightness', /^40 %$/);
    await second.close();
    await display.says(/One controller\./);
  });

  test('a display that is reloaded gets all values again', async () => {
    await display.page.reload();
    await display.says(/One controller\./);
    await display.shows('#scene-brightness', /^25 %$/);
    await display.shows('#scene-hue', /^301°$/);
    await controller.says(CONNECTED);
  });

  test('a display that is closed is waited for', async () => {
    await display.close();
    await controller.says(/Waiting for the display/);
    display = await open('display', context, { display: 'tabs' });
    await controller.says(CONNECTED);
    await display.shows('#scene-brightness', /^25 %$/);
  });
});

test('side by side, the controller in one frame changes the display in the other', async () => {
  const page = await openPage(await browser.context(), 'both');
  await page.goto(demoHref(site, 'control/', { relay: relay.url, display: 'frames' }));
  const controller = page.frameLocator('iframe[title=Controller]');
  const display = page.frameLocator('iframe[title=Display]');
  await controller.locator('#status', { hasText: CONNECTED }).waitFor();
  await controller.locator('#brightness').fill('0.5');
  await display.locator('#scene-brightness', { hasText: /^50 %$/ }).waitFor();
  await page.context().close();
});

test('without a direct way the relay carries all, and both pages say so', async () => {
  const { context, controller, display } = await openBoth({ display: 'covered', direct: 'off' });
  await controller.says(/Connected by the relay: there is no direct way/);
  await controller.shows('[data-fact=way]', /^by the relay$/);
  await controller.page.fill('#brightness', '0.9');
  await display.shows('#scene-brightness', /^90 %$/);
  await display.shows('#controllers [data-fact=way]', /^by the relay$/);
  await context.close();
});

describe('when the relay', () => {
  /** @type {number} */
  let port;
  /** @type {Awaited<ReturnType<typeof spawnRelay>>} */
  let own;
  /** @type {Awaited<ReturnType<typeof openBoth>>} */
  let pages;

  before(async () => {
    port = await portWithoutRelay();
    pages = await openBoth({ display: 'lost', relay: `ws://localhost:${port}` });
  });

  after(() => pages.context.close());

  test('does not run, both pages say what to check', async () => {
    const words = /Cannot reach the relay at ws:\/\/localhost:\d+ — trying again\. Is it running\?/;
    await pages.controller.says(words);
    await pages.display.says(words);
  });

  test('starts, they are connected by themselves', async () => {
    own = await spawnRelay(port);
    await pages.controller.says(CONNECTED);
  });

  test('dies, who is connected stays so', async () => {
    await own.close();
    await pages.controller.says(/Connected with the display.* Lost the relay .* trying again/);
    await pages.display.says(/Lost the relay/);
    await pages.controller.page.fill('#brightness', '0.1');
    await pages.display.shows('#scene-brightness', /^10 %$/);
  });

  test('comes back, nothing is left of it', async () => {
    own = await spawnRelay(port);
    await pages.controller.says(/^Connected with the display: direct, local network\.$/);
    await pages.display.says(/^One controller\.$/);
    await pages.controller.page.fill('#brightness', '0.2');
    await pages.display.shows('#scene-brightness', /^20 %$/);
  });
});

for (const what of /** @type {const} */ (['controller', 'display'])) {
  forEveryUser(
    what,
    async () => {
      const pages = await openBoth({ display: `audit-${what}` });
      await pages.controller.says(CONNECTED);
      await pages.display.says(/One controller/);
      await pages[what].page.bringToFront();
      return pages[what].page;
    },
    what === 'controller' ? 10 : 4,
  );
}
