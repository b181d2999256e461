/** The list of the demos, and the call's page by itself: for every user, and under a strict Content-Security-Policy. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { launch } from './support/chromium.js';
import { DemoPage, addressOf } from './support/demo.js';
import { forEveryUser } from './support/every-user.js';
import { endAll } from './support/lifetime.js';
import { NO_SERVER, noFaults, openPage } from './support/pages.js';
import { openRelay } from './support/relay.js';
import { startSite } from './support/site.js';

const PICTURE_SIZE = [960, 600]; // pixels

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

async function openIndex() {
  const page = await openPage(await browser.context(), 'index', [NO_SERVER]); // the demos want a relay
  await page.goto(`${site.url}/demo/`);
  return page;
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

forEveryUser('lobby', async () => (await openLobby()).page);
forEveryUser('call', async () => (await openCall()).page);
forEveryUser('list of the demos', openIndex, 4);

test('the list of the demos leads to each, and its pictures are there', async () => {
  const page = await openIndex();
  const pictures = await page.locator('img').evaluateAll((all) =>
    Promise.all(
      /** @type {HTMLImageElement[]} */ (all).map(async (picture) => {
        await picture.decode();
        return [picture.naturalWidth, picture.naturalHeight, picture.alt !== ''];
      }),
    ),
  );
  assert.equal(pictures.length, 3);
  for (const picture of pictures) assert.deepEqual(picture, [...PICTURE_SIZE, true]);
  const names = await page.locator('.demo a').allInnerTexts();
  assert.deepEqual(names, ['Two-tab video', 'Control surface', 'Mesh chat']);
  for (const name of names) {
    await page.getByRole('link', { name }).click();
    await page.waitForURL(/\/demo\/\w+\/$/);
    await page.getByRole('link', { name: 'clasp-p2p' }).click(); // and back
    await page.waitForURL(/\/demo\/$/);
  }
  await page.context().close();
});

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
