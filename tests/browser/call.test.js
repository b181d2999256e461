/** A call between two browsers over the relay, from joining to the ways in which it ends. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { ROOT } from '../../scripts/lib/process.mjs';
import { launch } from './support/chromium.js';
import { DemoPage } from './support/demo.js';
import { endAll } from './support/lifetime.js';
import { artifact, noFaults } from './support/pages.js';
import { metricsOf, openRelay } from './support/relay.js';
import { startSite } from './support/site.js';
import { PATIENCE_MS, untilIn } from './support/wait.js';

const CLOSED_MS = 2_000; // from closing a tab to the other page's knowing
const KILLED_MS = 10_000; // from killing a browser

/** README's picture of the demo. */
const PICTURE = join(ROOT, 'docs', 'demo.png');
const UPDATES_PICTURES = process.env.CLASP_UPDATE_PICTURES === '1' || !existsSync(PICTURE);
const PLOTTED_S = UPDATES_PICTURES ? 20 : 3;

/** @type {import('./support/site.js').Site} */
let site;
/** @type {Awaited<ReturnType<typeof openRelay>>} */
let relay;
/** @type {import('./support/chromium.js').Chromium[]} */
let browsers;
/** @type {DemoPage} */
let ann;
/** @type {DemoPage} */
let ben;

before(async () => {
  [site, relay, ...browsers] = await Promise.all([startSite(), openRelay(), launch(), launch()]);
  const context = await browsers[0].context({ viewport: { width: 1280, height: 800 } });
  ann = await DemoPage.open(context, site, { name: 'Ann', room: 'demo-room', relay: relay.url });
});

after(endAll);

afterEach(noFaults);

/** Ben's page, in the other browser. */
async function openBen() {
  return DemoPage.open(await browsers[1].context(), site, {
    name: 'Ben',
    room: 'demo-room',
    relay: relay.url,
  });
}

/** Both see each other move. */
function bothSeeFrames(name = 'Ben') {
  return Promise.all([ann.seesFramesOf(name), ben.seesFramesOf('Ann')]);
}

describe('two tabs in a room', () => {
  /** @type {Record<string, number>} */
  let countersBefore;

  before(async () => {
    await ann.says(/Nobody else is in this room/);
    countersBefore = await metricsOf(relay.url);
  });

  test('each sees the other move', async (t) => {
    const start = Date.now();
    ben = await openBen();
    await ben.seesFramesOf('Ann', 1);
    t.diagnostic(`first frame ${Date.now() - start} ms after the second tab was opened`);
    await bothSeeFrames();
    await Promise.all([ann.says(/Connected with Ben/), ben.says(/Connected with Ann/)]);
  });

  test('their signals went through the relay', async () => {
    const { publishes_total, deliveries_total } = await metricsOf(relay.url);
    assert.ok(publishes_total > countersBefore.publishes_total, `${publishes_total} publishes`);
    assert.ok(deliveries_total > countersBefore.deliveries_total, `${deliveries_total} deliveries`);
  });

  test('muting and switching off the camera are seen by the other, and their ends too', async () => {
    for (const [button, badge] of /** @type {const} */ ([
      ['#toggle-audio', 'muted'],
      ['#toggle-video', 'camera-off'],
    ])) {
      await ann.page.click(button);
      await ben.badge('Ann', badge).waitFor();
      await ann.page.click(button);
      await ben.badge('Ann', badge).waitFor({ state: 'hidden' });
    }
    await bothSeeFrames();
  });

  test('the statistics show the path, the round trip and what flows', async () => {
    for (const [{ page }, other] of /** @type {const} */ ([
      [ann, 'Ben'],
      [ben, 'Ann'],
    ])) {
      const card = page.locator('.figures', { has: page.getByRole('heading', { name: other }) });
      const figure = (/** @type {string} */ key, /** @type {RegExp} */ text) =>
        card.locator(`[data-stat=${key}]`, { hasText: text }).waitFor();
      await figure('path', /^direct .* udp$/);
      await figure('rtt', /^\d+(\.\d)? ms$/);
      await figure('in', /bit\/s$/);
      await figure('out', /bit\/s$/);
      await figure('fps', /^[1-9]\d* fps$/);
      await figure('size', /^\d+ × \d+$/);
    }
  });

  test('a switch from the camera to the test pattern is seen on the same connection', async () => {
    const id = await ann.tile('Ben').getAttribute('data-peer');
    await ben.page.click('#switch-source');
    await ben.page.getByText('Use camera').waitFor();
    await ann.badge('Ben', 'muted').waitFor();
    await bothSeeFrames();
    assert.equal(await ann.tile('Ben').getAttribute('data-peer'), id);
  });

  test('chat passes both ways, and the page is drawn as the picture in README shows it', async () => {
    await ann.writes('Do you see me?');
    await ben.reads('Do you see me?');
    await ben.writes('In motion. And you me?');
    await ann.reads('In motion. And you me?');
    await untilIn(
      ann.page,
      `${PLOTTED_S} seconds of figures`,
      plotted,
      PLOTTED_S,
      3 * PLOTTED_S * 1000,
    );
    await ann.page.mouse.move(0, 0);
    await ann.page.evaluate(() => Promise.all(document.getAnimations().map((it) => it.finished)));
    const picture = artifact('demo.png');
    await ann.page.screenshot({ path: picture });
    if (UPDATES_PICTURES) await copyFile(picture, PICTURE);
    const width = await ann.tile('Ben').evaluate((tile) => tile.clientWidth);
    assert.ok(width > 300, `the other's picture is ${width} pixels wide`);
  });

  test('what was written is shown as it was written', async () => {
    await ben.writes('<b>Green</b> & full of beeps 🎶');
    await ann.reads('<b>Green</b> & full of beeps 🎶');
  });
});

describe('leaving and coming back', () => {
  test('whoever leaves can join again under the same name', async () => {
    await ben.page.click('#leave');
    await ann.losesTileOf('Ben');
    await ann.says(/Ben left/);
    await ben.page.click('#join');
    await bothSeeFrames();
  });

  test('or under another one', async () => {
    await ben.page.click('#leave');
    await ann.losesTileOf('Ben');
    await ben.page.fill('#name', 'Benjamin');
    await ben.page.press('#name', 'Enter');
    await bothSeeFrames('Benjamin');
  });

  test('a tab that is loaded again is back by itself', async () => {
    const old = await ann.tile('Benjamin').getAttribute('data-peer');
    await ben.page.reload();
    const isGone = (/** @type {string | null} */ id) =>
      !document.querySelector(`[data-peer="${id}"]`);
    await untilIn(ann.page, 'the tile of the page before to go', isGone, old);
    await bothSeeFrames('Benjamin');
  });
});

describe('an end is noticed', () => {
  test(`within ${CLOSED_MS} ms when a tab is closed`, async (t) => {
    const start = Date.now();
    const [end] = await Promise.all([ann.losesTileOf('Benjamin', CLOSED_MS), ben.close()]);
    t.diagnostic(`tile gone ${end - start} ms after the tab was closed`);
    assert.ok(end - start <= CLOSED_MS, `${end - start} ms`);
    await ann.says(/Benjamin left/);
  });

  test(`within ${KILLED_MS} ms when a browser is killed`, async (t) => {
    ben = await openBen();
    await bothSeeFrames();
    const start = Date.now();
    const [end] = await Promise.all([ann.losesTileOf('Ben', PATIENCE_MS), browsers[1].close()]);
    t.diagnostic(`tile gone ${end - start} ms after the browser was killed`);
    assert.ok(end - start <= KILLED_MS, `${end - start} ms`);
    await ann.says(/Ben left|The connection to Ben ended/);
  });
});

/** Runs in the page: have the plots so many values? Their labels say it. @param {number} seconds */
function plotted(seconds) {
  const label = document.querySelector('[data-plot=delay]')?.getAttribute('aria-label');
  return Number(/over (\d+) seconds/.exec(label ?? '')?.[1] ?? 0) >= seconds;
}
