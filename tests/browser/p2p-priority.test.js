/** A `high` channel beside a `low` one that is full: what is urgent does not wait for what is not. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { launch } from './support/chromium.js';
import { endAll } from './support/lifetime.js';
import { P2PPage, connect } from './support/p2p.js';
import { noFaults } from './support/pages.js';
import { openRelay } from './support/relay.js';
import { startSite } from './support/site.js';

/** Values on the low channel: 7.5 MiB, nearly all that may wait for a peer. Small ones on the high channel. */
const RACE = { bulk: 30, kib: 256, urgent: 100 };

/** @type {(id: string) => Promise<P2PPage>} */
let open;

before(async () => {
  const [site, { url }, browser] = await Promise.all([startSite(), openRelay(), launch()]);
  const context = await browser.context();
  open = (id) => P2PPage.open(context, site, { url, id });
});

after(endAll);

afterEach(noFaults);

test('everything of the high channel arrives before the low one is through, in order of its own', async (t) => {
  const [one, two] = await Promise.all([open('one'), open('two')]);
  await connect(one, two, 'two');
  await two.call('watchRace');
  const { bulkLeft } = await one.call('race', RACE);
  const order = await two.call('order');
  const bulkBefore = order.slice(0, order.lastIndexOf('high')).filter((it) => it === 'low').length;
  t.diagnostic(`${bulkBefore} of ${RACE.bulk} large values came before the last urgent one`);
  assert.equal(order.length, RACE.bulk + RACE.urgent);
  assert.ok(bulkBefore < RACE.bulk / 2, order.join());
  assert.ok(bulkLeft > RACE.bulk / 2, `${bulkLeft} of the large ones had not arrived`);
  await Promise.all([one.close(), two.close()]);
});
