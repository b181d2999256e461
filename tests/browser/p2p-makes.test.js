/** ClaspP2P between browsers of two makes and Node: everything that one can say, whoever has dialled. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { launch } from './support/chromium.js';
import { EXCHANGED } from './support/exchange.js';
import { launchFirefox } from './support/firefox.js';
import { endAll } from './support/lifetime.js';
import { P2PHere, P2PPage, connect } from './support/p2p.js';
import { noFaults } from './support/pages.js';
import { openRelay } from './support/relay.js';
import { startSite } from './support/site.js';
import { PATIENCE_MS, within } from './support/wait.js';

/** @typedef {import('./support/p2p.js').AnyP2P} AnyP2P */
/** @typedef {'Chromium' | 'Firefox' | 'Node'} Make */

/** @type {Record<Make, (id: string) => Promise<AnyP2P>>} */
let open;

before(async () => {
  const [site, { url }, ...browsers] = await Promise.all([
    startSite(),
    openRelay(),
    launch(),
    launchFirefox(),
  ]);
  const [chromium, firefox] = await Promise.all(browsers.map((browser) => browser.context()));
  open = {
    Chromium: (id) => P2PPage.open(chromium, site, { url, id }),
    Firefox: (id) => P2PPage.open(firefox, site, { url, id }),
    Node: (id) => P2PHere.open({ url, id }),
  };
});

after(endAll);

afterEach(noFaults);

/**
 * @param {AnyP2P} from
 * @param {AnyP2P} to
 * @param {string} name of the former
 */
async function everything(from, to, name) {
  const exchange = within(PATIENCE_MS, `all to come back to ${name}`, from.call('exchange', name));
  const { channel, ...result } = /** @type {any} as EXCHANGED */ (await exchange);
  const label = `/there/${name}`;
  const { ordered, maxRetransmits } = await to.next('channel', (told) => told.label === label);
  return { ...result, channel: { ordered, maxRetransmits, ...channel } };
}

for (const [one, other] of /** @type {[Make, Make][]} */ ([
  ['Chromium', 'Firefox'],
  ['Firefox', 'Chromium'],
  ['Chromium', 'Node'],
  ['Node', 'Chromium'],
  ['Firefox', 'Node'],
  ['Node', 'Firefox'],
])) {
  test(`${one} dials ${other}: values, streams, channels, large values and pipes, both ways`, async () => {
    const ids = [`${one}-to-${other}`, `${other}-from-${one}`];
    const [from, to] = await Promise.all([open[one](ids[0]), open[other](ids[1])]);
    await connect(from, to, ids[1]);
    await Promise.all([from.call('echo'), to.call('echo')]);
    assert.deepEqual(await everything(from, to, ids[0]), EXCHANGED);
    assert.deepEqual(await everything(to, from, ids[1]), EXCHANGED);
    const gone = to.next('state', ({ state }) => state === 'closed');
    await from.call('close');
    await gone;
    await Promise.all([from.close(), to.close()]);
  });
}
