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

/** With it no connection finds a path: there is no TURN server. @type {RTCConfiguration} */
const NO_PATH = { iceServers: [], iceTransportPolicy: 'relay' };
/** @type {RTCConfiguration} */
const ANY_PATH = { iceServers: [], iceTransportPolicy: 'all' };

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

/**
 * @typedef {object} Where
 * @property {import('playwright-core').BrowserContext} [where]
 * @property {RegExp[]} [allowed] faults of the page that belong to the test
 * @property {() => RTCConfiguration} [config] asked for each connection
 */

/** @param {string} id @param {Where} [options] */
function open(id, { where = context, allowed = [], config } = {}) {
  const url = `ws://localhost:${port}`;
  return P2PPage.open(where, site, { url, id, allowed: [NO_SERVER, ...allowed], config });
}

/**
 * Two pages that are connected directly.
 * @param {P2PPage} one
 * @param {P2PPage} two
 * @param {string} id of the latter
 */
async function pair(one, two, id) {
  await connect(one, two, id);
  await areDirect([one, two]);
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
    [awake, frozen] = await Promise.all([open('awake'), open('frozen', { where: windowed })]);
    await pair(awake, frozen, 'frozen');
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
    const isEnd = (/** @type {{id: string, state: string}} */ { id, state }) =>
      id === 'awake' && /^(failed|closed)$/.test(state);
    await frozen.next('state', isEnd, DISCONNECTED_MS + RETURN_MS);
  });
});

test('a machine that sleeps: the peer is told, and when it wakes nothing was lost', async () => {
  const sleeper = await launch();
  const where = await sleeper.context();
  const [one, two] = await Promise.all([open('wakeful'), open('asleep', { where })]);
  await pair(one, two, 'asleep');
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
  const [one, two] = await Promise.all([
    open('lives'),
    open('dies', { where: doomed, allowed: [CRASHED] }),
  ]);
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
  let isCut = false;

  before(async () => {
    const config = () => (isCut ? NO_PATH : ANY_PATH);
    [one, two] = await Promise.all([open('one', { config }), open('two', { config })]);
    await pair(one, two, 'two');
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
    isCut = true;
    await one.breakPath();
    const sending = pages.map((page) => page.call('send', 'emit', LONG));
    await Promise.all(pages.map((page) => page.call('pathOf', ['router'])));
    await restartRelay(pages);
    isCut = false;
    assert.deepEqual(await Promise.all(sending), [{ refused: [] }, { refused: [] }]);
    for (const page of pages) await hasAll(page, 'emit', LONG.count);
    await areDirect(pages);
    const newcomer = await open('newcomer');
    await Promise.all([newcomer.call('dial', 'one'), one.next('peer')]);
    await newcomer.close();
  });
});
