/** The relay as a call's weak spot: not there yet, gone in the middle, and abused by others. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { ROOT } from '../../scripts/lib/process.mjs';
import { launch } from './support/chromium.js';
import { DemoPage } from './support/demo.js';
import { endAll } from './support/lifetime.js';
import { NO_SERVER, noFaults } from './support/pages.js';
import { ERROR, RawClient } from './support/raw-client.js';
import { metricsOf, portWithoutRelay, spawnRelay } from './support/relay.js';
import { startSite } from './support/site.js';

/** @type {import('./support/site.js').Site} */
let site;
/** @type {import('./support/chromium.js').Chromium[]} */
let browsers;
/** @type {import('playwright-core').BrowserContext[]} one in each browser */
let contexts;
/** @type {Awaited<ReturnType<typeof spawnRelay>>} */
let relay;
/** @type {number} */
let port;
/** @type {DemoPage} */
let ann;
/** @type {DemoPage} */
let ben;

before(async () => {
  [site, port, ...browsers] = await Promise.all([
    startSite(),
    portWithoutRelay(),
    launch(),
    launch(),
  ]);
  contexts = await Promise.all(browsers.map((browser) => browser.context()));
});

after(endAll);

afterEach(noFaults);

/**
 * @param {number} browser
 * @param {string} name
 */
function enter(browser, name) {
  const url = `ws://localhost:${port}`;
  return DemoPage.open(contexts[browser], site, {
    name,
    room: 'relay',
    relay: url,
    allowed: [NO_SERVER],
  });
}

describe('a page whose relay does not run', () => {
  test('says so, and says what to check', async () => {
    ann = await enter(0, 'Ann');
    await ann.says(
      /Cannot reach the relay at ws:\/\/localhost:\d+ — trying again\. Is it running\?/,
    );
  });

  test('is connected by itself once the relay runs', async (t) => {
    relay = await spawnRelay(port);
    const start = Date.now();
    await ann.says(/Nobody else is in this room/);
    t.diagnostic(`connected ${Date.now() - start} ms after the relay started`);
    ben = await enter(1, 'Ben');
    await Promise.all([ann.seesFramesOf('Ben'), ben.seesFramesOf('Ann')]);
  });
});

test('malformed frames are answered, one ERROR each, and disturb nobody', async () => {
  const text = readFileSync(join(ROOT, 'tests', 'vectors', 'malformed.json'), 'utf8');
  /** @type {{vectors: {frame_hex: string}[]}} */
  const { vectors } = JSON.parse(text);
  const { malformed_total } = await metricsOf(relay.url);
  const client = await RawClient.connect(relay.url);
  for (const { frame_hex } of vectors) client.send(frame_hex);
  await client.receives(ERROR, vectors.length);
  assert.ok(client.isOpen);
  client.close();
  assert.equal((await metricsOf(relay.url)).malformed_total, malformed_total + vectors.length);
  await Promise.all([ann.seesFramesOf('Ben'), ben.seesFramesOf('Ann')]);
});

describe('when the relay goes in the middle of a call', () => {
  test('the pages say so, and the call goes on', async () => {
    await relay.close();
    for (const demo of [ann, ben]) {
      await demo.says(/Lost the relay .* trying again\. Whoever you see stays connected/);
    }
    await Promise.all([ann.seesFramesOf('Ben', 50), ben.seesFramesOf('Ann', 50)]);
    await ben.writes('still here');
    await ann.reads('still here');
  });

  test('and once it is back somebody else can join', async (t) => {
    relay = await spawnRelay(port);
    const start = Date.now();
    await Promise.all([ann.says(/Connected with Ben/), ben.says(/Connected with Ann/)]);
    t.diagnostic(`connected again ${Date.now() - start} ms after the relay started`);
    const cleo = await enter(1, 'Cleo');
    await Promise.all([
      ann.seesFramesOf('Cleo'),
      cleo.seesFramesOf('Ann'),
      cleo.seesFramesOf('Ben'),
    ]);
    await ann.seesFramesOf('Ben');
  });
});
