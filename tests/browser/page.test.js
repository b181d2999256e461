/** The demo's page by itself: for every user, and under a strict Content-Security-Policy. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { contrasts, controls, operable, tabStops } from './support/audit.js';
import { launch } from './support/chromium.js';
import { DemoPage, addressOf } from './support/demo.js';
import { endAll } from './support/lifetime.js';
import { noFaults, openPage } from './support/pages.js';
import { openRelay } from './support/relay.js';
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

/** @returns {Promise<DemoPage>} */
async function openLobby() {
  const context = await browser.context();
  const ann = await DemoPage.open(context, site, { name: 'Ann', room: 'audit', join: false });
  await ann.page.locator('#join').waitFor();
  return ann;
}

/** @returns {Promise<DemoPage>} with a line in the chat and somebody else in the room */
async function openCall() {
  const context = await browser.context();
  const visit = { room: 'audit', source: /** @type {const} */ ('pattern') };
  const ann = await DemoPage.open(context, site, { name: 'Ann', ...visit });
  await DemoPage.open(context, site, { name: 'Ben', ...visit });
  await ann.page.bringToFront();
  await ann.says(/Connected with Ben/);
  await ann.writes('a line of mine');
  return ann;
}

for (const [where, open] of /** @type {const} */ ([
  ['lobby', openLobby],
  ['call', openCall],
])) {
  describe(`for every user, the ${where}`, () => {
    /** @type {import('playwright-core').Page} */
    let page;

    before(async () => {
      ({ page } = await open());
    });

    after(() => page.context().close());

    test('can be gone through by Tab, in the order of the document', async () => {
      const expected = await operable(page);
      assert.ok(expected.length > 5, String(expected));
      assert.deepEqual(await tabStops(page), expected);
    });

    test('has a name for every control', async () => {
      const found = await controls(page);
      assert.ok(found.length > 5, JSON.stringify(found));
      assert.deepEqual(
        found.filter(({ name }) => name === ''),
        [],
      );
    });

    test('does not scroll sideways on a screen of 360 pixels', async () => {
      const size = page.viewportSize();
      await page.setViewportSize({ width: 360, height: 640 });
      const [content, screen] = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return [scrollWidth, clientWidth]; // without the scroll bar, if there is one
      });
      assert.ok(screen <= 360 && content <= screen, `${content} in ${screen} pixels`);
      if (size) await page.setViewportSize(size);
    });

    for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
      test(`can be read in the ${colorScheme} colours`, async () => {
        await page.emulateMedia({ colorScheme });
        const background = await page.evaluate(
          () => getComputedStyle(document.body).backgroundColor,
        );
        const [red] = background.match(/\d+/) ?? [];
        assert.equal(Number(red) > 127, colorScheme === 'light', background);
        const found = await contrasts(page);
        assert.ok(found.length > 10, JSON.stringify(found));
        assert.deepEqual(
          found.filter(({ ratio, needed }) => ratio < needed),
          [],
        );
      });
    }
  });
}

test('Enter in the field of the room joins it', async () => {
  const { page } = await openLobby();
  await page.fill('#room', 'by-keyboard');
  await page.press('#room', 'Enter');
  await new DemoPage(page, 'Ann').says(/Nobody else is in this room/);
  assert.equal(await page.locator('#call-room').innerText(), 'by-keyboard');
  await page.context().close();
});

describe('under a Content-Security-Policy', () => {
  const STRICT =
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' ws://localhost:*; " +
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

  /** @param {string} policy sent with every answer */
  const siteWith = (policy) => startSite({ 'Content-Security-Policy': policy });

  test('a strict one that allows WebAssembly is enough for a call', async () => {
    const context = await browser.context();
    const strict = await siteWith(STRICT);
    const visit = { room: 'strict', relay: (await openRelay()).url };
    const ann = await DemoPage.open(context, strict, { name: 'Ann', ...visit });
    const ben = await DemoPage.open(context, strict, { name: 'Ben', ...visit });
    await Promise.all([ann.seesFramesOf('Ben'), ben.seesFramesOf('Ann')]);
    await context.close();
  });

  test('one without WebAssembly makes the page say what it needs', async () => {
    const context = await browser.context();
    const stricter = await siteWith(STRICT.replace("'wasm-unsafe-eval'", ''));
    const page = await openPage(context, 'Ann', [/Content[ -]Security[ -]Policy/i]);
    await page.goto(addressOf(stricter, { name: 'Ann', room: 'strict', join: false }));
    const notice = page.locator('[data-notice=core] p');
    await notice.waitFor();
    assert.match(
      await notice.innerText(),
      /cannot start.*Content-Security-Policy.*wasm-unsafe-eval/,
    );
    const code = await page.evaluate(async () => {
      const address = '/web/index.js';
      const { ready } = await import(address);
      return ready().catch((/** @type {{code: string}} */ error) => error.code);
    });
    assert.equal(code, 'LOAD');
    await context.close();
  });
});
