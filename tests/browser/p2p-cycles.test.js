/** ClaspP2P opened and closed some hundred times in one page: nothing of it is left. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { launch } from './support/chromium.js';
import { CommandedPage } from './support/commanded.js';
import { endAll } from './support/lifetime.js';
import { noFaults, openPage } from './support/pages.js';
import { openRelay } from './support/relay.js';
import { startSite } from './support/site.js';
import { untilIn } from './support/wait.js';

const WARM_UP = 40; // cycles: until what is made once was made
const CYCLES = 200;
const HEAP_GROWTH = 1 << 20; // bytes of JavaScript in all CYCLES: 5 KiB each would be a leak

const NOTHING = { connections: 0, sockets: 0, intervals: 0, listeners: 0 };

/** @type {CommandedPage<typeof import('./pages/cycles.js').commands>} */
let page;
/** @type {string} */
let relay;
/** @type {import('playwright-core').CDPSession} */
let cdp;

before(async () => {
  const [site, { url }, browser] = await Promise.all([startSite(), openRelay(), launch()]);
  const context = await browser.context();
  page = new CommandedPage(await openPage(context, 'cycles'));
  await page.load(`${site.url}/tests/browser/pages/cycles.html`);
  cdp = await context.newCDPSession(page.page);
  await cdp.send('Performance.enable');
  relay = url;
});

after(endAll);

afterEach(noFaults);

/** Sockets say goodbye, and so do connections: their peers may close first. */
async function allClosed() {
  const closed = () => {
    const { sockets, connections } = /** @type {any} counted.js put it there */ (globalThis).open;
    return sockets === 0 && connections === 0;
  };
  await untilIn(page.page, 'all to be closed', closed, undefined);
}

/** What the browser itself counts once all garbage is gone. */
async function held() {
  await allClosed();
  await cdp.send('HeapProfiler.collectGarbage');
  const { metrics } = await cdp.send('Performance.getMetrics');
  const of = (/** @type {string} */ name) =>
    Number(metrics.find((metric) => metric.name === name)?.value);
  return {
    connections: of('RTCPeerConnections'),
    listeners: of('JSEventListeners'),
    heap: of('JSHeapUsedSize'),
  };
}

test(`${CYCLES} times`, async (t) => {
  await page.call('cycles', relay, WARM_UP);
  const before = await held();
  for (let n = 0; n < CYCLES; n += WARM_UP) {
    const { intervals, listeners } = await page.call('cycles', relay, WARM_UP);
    assert.deepEqual({ ...NOTHING, intervals, listeners }, NOTHING);
    await allClosed();
  }
  const after = await held();
  t.diagnostic(JSON.stringify({ before, after }));
  assert.equal(before.connections, 0);
  assert.equal(after.connections, 0);
  assert.equal(after.listeners, before.listeners);
  assert.ok(after.heap - before.heap < HEAP_GROWTH, `${after.heap - before.heap} bytes more`);
});
