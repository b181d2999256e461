/** What breaks under ClaspP2P in real pages: a page is frozen, a machine sleeps, a tab dies, a path dies, the relay dies. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { launch } from './support/chromium.js';
import { startDisplay } from './support/display.js';
import { endAll } from './support/lifetime.js';
import { P2PPage, connect } from './support/p2p.js';
import { NO_SERVER, noFaults } from './support/pages.js';
import { portWithoutRelay, spawnRelay } from './support/relay.js';
import { startSite } from './support/site.js';

/** docs/architecture.md, "How recovery works": how long Chromium takes to call a dead path `disconnected`, and a second. */
const DISCONNECTED_MS = 8800;
/** docs/wire.md, section 15, "Paths": a peer whose session the router does not know may come back within this time. */
const RETURN_MS = 15_000;
const SLACK_MS = 1500; // for a machine that has other work

const CRASHED = /crashed$/;

/** Messages of a run: as many as take longer than what happens meanwhile. */
const SHORT = { count: 300, every: 10 };
const LONG = { count: 600, every: 20 };
const BEGUN = 20; // messages
const WHOLE = { lost: 0, twice: 0, disordered: 0 };

/** Of the browser's network, but for what is added. */
const NO_LIMITS = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 };

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
  [relay, context] = await Promise.all([spawnRelay(port), browser.context()]);
});

after(endAll);

afterEach(noFaults);

/** @param {string} id @param {import('playwright-core').BrowserContext} [where] @param {RegExp[]} [allowed] */
function open(id, where = context, allowed = []) {
  const url = `ws://localhost:${port}`;
  return P2PPage.open(where, site, { url, id, allowed: [NO_SERVER, ...allowed] });
}

/**
 * @param {string} one
 * @param {string} two ids of two pages that are connected then
 * @param {import('playwright-core').BrowserContext} [where] the second one is
 */
async function openPair(one, two, where) {
  const [from, to] = await Promise.all([open(one), open(two, where)]);
  await connect(from, to, two);
  await areDirect([from, to]);
  return [from, to];
}

/** @param {P2PPage[]} pages */
const areDirect = (pages) => Promise.all(pages.map((page) => page.call('pathOf', ['host'])));

/** @param {P2PPage[]} pages */
const closeAll = (pages) => Promise.all(pages.map((page) => page.close()));

/**
 * All that was sent has come, once and in order.
 * @param {P2PPage} page
 * @param {'set' | 'emit'} kind
 * @param {number} count
 */
async function hasAll(page, kind, count) {
  await page.call('reach', kind, count);
  const { lost, twice, disordered, ...more } = await page.call('account', kind);
  assert.deepEqual({ lost, twice, disordered, count: more.count }, { ...WHOLE, count });
}

/** Without a goodbye, and started again: both pages are told. @param {P2PPage[]} pages that hear of it at once */
async function restartRelay(pages) {
  for (const page of pages) page.take('session');
  await relay.close();
  await Promise.all(pages.map((page) => page.next('session', ({ session }) => session === '')));
  relay = await spawnRelay(port);
  await Promise.all(pages.map((page) => page.next('session', ({ session }) => session !== '')));
}

/**
 * How many of WebRTC's packets the pages lose. It counts for sockets alone that are made after the first call.
 * @param {P2PPage[]} pages
 * @returns {Promise<(percent: number) => Promise<void>>}
 */
async function lossOf(pages) {
  const sessions = await Promise.all(pages.map(({ page }) => context.newCDPSession(page)));
  await Promise.all(sessions.map((cdp) => cdp.send('Network.enable')));
  return async (packetLoss) => {
    const conditions = { ...NO_LIMITS, packetLoss };
    for (const cdp of sessions) await cdp.send('Network.emulateNetworkConditions', conditions);
  };
}

describe('a page that is frozen', () => {
  /** @type {P2PPage} */
  let awake;
  /** @type {P2PPage} */
  let frozen;
  /** @type {import('playwright-core').CDPSession} */
  let session;

  before(async () => {
    const { name } = await startDisplay(); // a page without a window is never hidden, and so never frozen
    const windowed = await (await launch({ display: name })).context();
    [awake, frozen] = await openPair('awake', 'frozen', windowed);
    session = await windowed.newCDPSession(frozen.page);
  });

  after(() => closeAll([awake, frozen]));

  async function freeze() {
    await session.send('Page.setWebLifecycleState', { state: 'frozen' });
    await frozen.next('lifecycle', ({ state }) => state === 'frozen');
  }

  async function resume() {
    await session.send('Page.setWebLifecycleState', { state: 'active' });
    await frozen.next('lifecycle', ({ state }) => state === 'resumed');
    await frozen.page.bringToFront();
  }

  test('has all that was said meanwhile when it is resumed, once and in order', async () => {
    await freeze();
    await awake.call('send', 'emit', SHORT);
    const { unacknowledgedBytes } = await awake.call('stats');
    assert.ok(unacknowledgedBytes > 0, 'nobody reads there');
    await resume();
    await hasAll(frozen, 'emit', SHORT.count);
    await areDirect([awake, frozen]);
  });

  test('misses that the relay was started anew, and can be dialled by others after it', async () => {
    await freeze();
    const sending = awake.call('send', 'set', SHORT);
    await restartRelay([awake]);
    await resume();
    assert.deepEqual(await sending, { refused: [] });
    await hasAll(frozen, 'set', SHORT.count);
    const other = await open('other');
    await connect(other, frozen, 'frozen');
    await other.close();
  });

  test('notices when it is resumed that its peer has left', async () => {
    await freeze();
    await awake.call('close');
    await resume();
    await frozen.next('state', ({ id, state }) => id === 'awake' && state === 'closed');
  });
});

test('a machine that sleeps: the peer is told, and when it wakes nothing was lost', async () => {
  const sleeper = await launch();
  const [one, two] = await openPair('wakeful', 'asleep', await sleeper.context());
  const sending = [one, two].map((page) => page.call('send', 'set', LONG));
  await Promise.all([one, two].map((page) => page.call('reach', 'set', BEGUN)));
  const from = Date.now();
  sleeper.sleep();
  const { at } = await one.next('state', ({ state }) => state === 'disconnected');
  sleeper.wake();
  assert.ok(at - from <= DISCONNECTED_MS + SLACK_MS, `told after ${at - from} ms`);
  assert.deepEqual(await Promise.all(sending), [{ refused: [] }, { refused: [] }]);
  for (const page of [one, two]) await hasAll(page, 'set', LONG.count);
  await areDirect([one, two]);
  await closeAll([one, two]);
  await sleeper.close();
});

test('a tab that dies: the peer is told, then that it is gone; opened again it is connected', async (t) => {
  const doomed = await (await launch()).context();
  const [one, two] = await Promise.all([open('lives'), open('dies', doomed, [CRASHED])]);
  await connect(one, two, 'dies');
  const cdp = await doomed.newCDPSession(two.page);
  const from = Date.now();
  cdp.send('Page.crash').catch(() => {}); // nobody is left to answer
  const lost = one.call('send', 'set', { count: 1, every: 1 });
  const disconnected = await one.next('state', ({ state }) => state === 'disconnected');
  const noticed = disconnected.at - from;
  assert.ok(noticed <= DISCONNECTED_MS + SLACK_MS, `told after ${noticed} ms`);
  const isEnd = (/** @type {{state: string}} */ { state }) => /^(failed|closed)$/.test(state);
  const gone = await one.next('state', isEnd, RETURN_MS + SLACK_MS);
  t.diagnostic(`disconnected after ${noticed} ms, gone after ${gone.at - from} ms`);
  assert.equal(gone.code, 'PEER_GONE');
  assert.deepEqual(await lost, { refused: ['PEER_GONE'] });
  const again = await open('dies');
  await Promise.all([one.call('dial', 'dies'), again.next('peer')]);
  await one.call('set', '/well', true);
  await closeAll([one, again]);
});

describe('the relay is killed and started again', () => {
  /** @type {P2PPage} */
  let one;
  /** @type {P2PPage} */
  let two;
  /** @type {Awaited<ReturnType<typeof lossOf>>} */
  let lose;

  before(async () => {
    [one, two] = await Promise.all([open('one'), open('two')]);
    lose = await lossOf([one, two]);
    await lose(0);
    await connect(one, two, 'two');
    await areDirect([one, two]);
  });

  after(() => closeAll([one, two]));

  test('what is direct goes on, nothing is lost, and somebody new is connected', async () => {
    const sending = [one, two].map((page) => page.call('send', 'set', SHORT));
    await restartRelay([one, two]);
    assert.deepEqual(await Promise.all(sending), [{ refused: [] }, { refused: [] }]);
    for (const page of [one, two]) await hasAll(page, 'set', SHORT.count);
    assert.deepEqual([...one.take('state'), ...two.take('state')], []);
    assert.equal((await one.call('explain', 'two')).code, 'CONNECTED');
  });

  test('while it carries: nothing is lost either, and the direct path comes back', async () => {
    const pages = [one, two];
    await lose(100);
    const sending = pages.map((page) => page.call('send', 'emit', LONG));
    await Promise.all(pages.map((page) => page.call('pathOf', ['router'])));
    await restartRelay(pages);
    await lose(0);
    assert.deepEqual(await Promise.all(sending), [{ refused: [] }, { refused: [] }]);
    for (const page of pages) await hasAll(page, 'emit', LONG.count);
    await areDirect(pages);
    const newcomer = await open('newcomer');
    await Promise.all([newcomer.call('dial', 'one'), one.next('peer')]);
    await newcomer.close();
  });
});
