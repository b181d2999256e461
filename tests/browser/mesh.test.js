/** The mesh chat: three pages, of which one comes late. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { ROOT } from '../../scripts/lib/process.mjs';
import { launch } from './support/chromium.js';
import { demoHref } from './support/demo-tab.js';
import { forEveryUser } from './support/every-user.js';
import { endAll } from './support/lifetime.js';
import { NO_SERVER, noFaults } from './support/pages.js';
import { PeerTab } from './support/peer-tab.js';
import { portWithoutRelay, spawnRelay } from './support/relay.js';
import { startSite } from './support/site.js';
import { untilIn } from './support/wait.js';

const FILE_BYTES = 3_000_000; // more than anything on the way holds at once

/** @type {import('./support/site.js').Site} */
let site;
/** @type {import('./support/chromium.js').Chromium} */
let browser;
/** @type {import('playwright-core').BrowserContext} */
let context;
/** @type {number} */
let port;
/** @type {Awaited<ReturnType<typeof spawnRelay>>} */
let relay;

before(async () => {
  [site, browser, port] = await Promise.all([startSite(), launch(), portWithoutRelay()]);
  relay = await spawnRelay(port);
  context = await browser.context();
});

after(endAll);

afterEach(noFaults);

/**
 * @param {string} name
 * @param {string} room
 * @param {Record<string, string>} [query]
 */
function enter(name, room, query) {
  const all = { room, name, relay: `ws://localhost:${port}`, join: '1', ...query };
  return PeerTab.at(context, demoHref(site, 'mesh/', all), { name, allowed: [NO_SERVER] });
}

describe('a room of three', () => {
  /** @type {PeerTab} */
  let ann;
  /** @type {PeerTab} */
  let ben;
  /** @type {PeerTab} */
  let cleo;

  test('two see one another, with way and round trip', async () => {
    [ann, ben] = await Promise.all([enter('Ann', 'three'), enter('Ben', 'three')]);
    await ann.says(/Connected with Ben\./);
    await ben.says(/Connected with Ann\./);
    await ann.shows('#people [data-fact=way]', /^direct, local network$/);
    await ann.shows('#people [data-fact=rtt]', /^\d+(\.\d)? ms$/);
  });

  test('what one writes the other reads, as it was written', async () => {
    await ann.writes('first <b>line</b>');
    await ben.reads('first <b>line</b>');
    await ben.writes('second line');
    await ann.reads('second line');
  });

  test('who comes late is connected with all, and is told what was said', async () => {
    cleo = await enter('Cleo', 'three');
    await cleo.says(/Connected with (Ann and Ben|Ben and Ann)\./);
    await ann.says(/Connected with (Ben and Cleo|Cleo and Ben)\./);
    await cleo.reads('first <b>line</b>');
    await cleo.reads('second line');
    assert.deepEqual(await cleo.lines(), ['first <b>line</b>', 'second line']);
  });

  test('one line reaches all, once', async () => {
    await cleo.writes('from Cleo to all');
    await Promise.all([ann.reads('from Cleo to all'), ben.reads('from Cleo to all')]);
    await ann.writes('seen');
    await Promise.all([ben.reads('seen'), cleo.reads('seen')]);
    assert.deepEqual(await ben.lines(), ['first <b>line</b>', 'from Cleo to all', 'seen']);
  });

  test('a picture is shown to all', async () => {
    const buffer = await readFile(join(ROOT, 'docs', 'demo.png'));
    await ben.page.setInputFiles('#file', { name: 'demo.png', mimeType: 'image/png', buffer });
    for (const { page } of [ann, cleo, ben]) {
      await page.locator('.attachment img[alt="demo.png"]').waitFor();
    }
    await ben.page.locator('[data-reached="2"]').waitFor();
  });

  test('a large file arrives whole', async () => {
    const buffer = randomBytes(FILE_BYTES);
    const file = { name: 'noise.bin', mimeType: 'application/octet-stream', buffer };
    await ann.page.setInputFiles('#file', file);
    for (const { page } of [ben, cleo]) {
      const link = page.locator('.attachment a[download="noise.bin"]');
      await link.waitFor();
      const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
      assert.ok(buffer.equals(await readFile(await download.path())));
    }
    await ann.page.locator('[data-reached="2"]').waitFor();
  });

  test('the relay dies: the room goes on, and says that nobody new can join', async () => {
    await relay.close();
    await ann.says(/Lost the relay .* Who is here stays connected; nobody new can join\./);
    await ann.writes('without a relay');
    await Promise.all([ben.reads('without a relay'), cleo.reads('without a relay')]);
  });

  test('it comes back: somebody new joins', async () => {
    relay = await spawnRelay(port);
    const dora = await enter('Dora', 'three');
    await dora.says(/Connected with .*Ann/);
    await dora.says(/Ben/);
    await dora.says(/Cleo/);
    await dora.writes('hello from Dora');
    await Promise.all([ann, ben, cleo].map((page) => page.reads('hello from Dora')));
    await dora.close();
    await ann.says(/Connected with (Ben and Cleo|Cleo and Ben)\.$/);
    await ann.lists(['Ben', 'Cleo']);
  });

  test('who leaves is gone for the others, and can come back', async () => {
    await cleo.page.click('#leave');
    await ann.lists(['Ben']);
    await cleo.page.click('#join');
    await cleo.says(/Connected with (Ann and Ben|Ben and Ann)\./);
  });

  test('a page of another room is let in by nobody', async () => {
    const eve = await enter('Eve', 'three-b');
    const fay = await enter('Fay', 'three-b');
    await eve.says(/Connected with Fay\./);
    await fay.says(/Connected with Eve\./);
    await ann.lists(['Ben', 'Cleo']);
    await eve.lists(['Fay']);
  });

  after(async () => {
    for (const page of context.pages()) await page.close();
  });
});

test('without direct ways the relay carries the chat, and the page says so', async () => {
  const [ann, ben] = await Promise.all([
    enter('Ann', 'covered', { direct: 'off' }),
    enter('Ben', 'covered', { direct: 'off' }),
  ]);
  await ann.says(/By the relay: Ben\./);
  await ann.writes('by the relay');
  await ben.reads('by the relay');
  await Promise.all([ann.close(), ben.close()]);
});

test('without a relay the page says what to check', async () => {
  const relay = `ws://localhost:${await portWithoutRelay()}`;
  const ann = await enter('Ann', 'nobody', { relay });
  await ann.says(/Cannot reach the relay at ws:\/\/localhost:\d+ — trying again\. Is it running\?/);
  await ann.close();
});

forEveryUser('lobby of the mesh', async () => {
  const own = await browser.context();
  const lobby = await PeerTab.at(own, demoHref(site, 'mesh/'), { name: 'lobby' });
  await lobby.page.locator('#join').waitFor();
  return lobby.page;
});

forEveryUser('mesh chat', async () => {
  const own = await browser.context();
  const query = { room: 'audit', relay: `ws://localhost:${port}`, join: '1' };
  const open = (/** @type {string} */ name) =>
    PeerTab.at(own, demoHref(site, 'mesh/', { ...query, name }), { name });
  const [ann] = [await open('Ann'), await open('Ben')];
  await ann.page.bringToFront();
  await ann.says(/Connected with Ben/);
  await ann.writes('a line of mine');
  const shown = () => document.querySelector('#chat-log li') !== null;
  await untilIn(ann.page, 'the line', shown, undefined);
  return ann.page;
});
