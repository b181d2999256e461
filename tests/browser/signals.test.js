/** Malformed signals, published by a stranger to the addresses of a room. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { RelayDriver } from '../../web/index.js';
import { launch } from './support/chromium.js';
import { endAll } from './support/lifetime.js';
import { noFaults } from './support/pages.js';
import { PeerPage } from './support/peer.js';
import { openRelay } from './support/relay.js';
import { startSite } from './support/site.js';

const ROOM = 'abused';
const STRANGER = 'stranger';
const OVER_A_DESCRIPTION = 41 << 10; // bytes; docs/wire.md allows 40 KiB
const OVER_A_STATE = 17 << 10; // bytes; 16 KiB

/** @type {import('./support/site.js').Site} */
let site;
/** @type {Awaited<ReturnType<typeof openRelay>>} */
let relay;
/** @type {import('./support/chromium.js').Chromium} */
let browser;
/** @type {RelayDriver} */
let stranger;
/** @type {Record<'sender' | 'receiver', PeerPage>} */
let pages;

before(async () => {
  [site, relay, browser] = await Promise.all([startSite(), openRelay(), launch()]);
  const context = await browser.context();
  const at = { room: ROOM, relay: relay.url };
  const [sender, receiver] = await Promise.all([
    PeerPage.open(context, site, { role: 'sender', ...at }),
    PeerPage.open(context, site, { role: 'receiver', ...at }),
  ]);
  pages = { sender, receiver };
  stranger = new RelayDriver({ url: relay.url });
  await Promise.all([sender.next('channel'), receiver.next('channel'), receiver.next('stream')]);
});

after(() => stranger.close());
after(endAll);

afterEach(noFaults);

/** The two go on: a message and a state pass. */
afterEach(async () => {
  const mark = String(Math.random());
  await pages.sender.call('send', mark);
  await pages.sender.call('sync', { mark });
  await pages.receiver.next('message', ({ message }) => message === mark);
  await pages.receiver.next('sync', ({ state }) => state.mark === mark);
});

const offer = { type: 'offer', sdp: 'v=0\r\n' };

/** @type {[what: string, to: 'sender' | 'receiver', message: any, code: string][]} any: that is the point */
const CASES = [
  ['a text', 'sender', 'invoke', 'BAD_SIGNAL'],
  ['a number', 'receiver', 42, 'BAD_SIGNAL'],
  ['nothing', 'receiver', null, 'BAD_SIGNAL'],
  ['a list', 'sender', [{ type: 'invoke', id: STRANGER }], 'BAD_SIGNAL'],
  ['a signal without a type', 'sender', { id: STRANGER }, 'BAD_SIGNAL'],
  ['a signal of nobody', 'receiver', { type: 'invoke' }, 'BAD_SIGNAL'],
  ['an id that is a number', 'sender', { type: 'invoke', id: 7 }, 'BAD_SIGNAL'],
  ['an id over its limit', 'sender', { type: 'invoke', id: 'x'.repeat(257) }, 'BAD_SIGNAL'],
  ['an offer without one', 'receiver', { type: 'offer', id: STRANGER }, 'BAD_SIGNAL'],
  [
    'an offer without a description',
    'receiver',
    { type: 'offer', id: STRANGER, offer: { type: 'offer' } },
    'BAD_SIGNAL',
  ],
  [
    'an answer in the place of an offer',
    'receiver',
    { type: 'offer', id: STRANGER, offer: { ...offer, type: 'answer' } },
    'BAD_SIGNAL',
  ],
  [
    'a candidate that is a text',
    'sender',
    { type: 'candidate', id: STRANGER, candidate: 'candidate:1' },
    'BAD_SIGNAL',
  ],
  [
    'a description over its limit',
    'receiver',
    {
      type: 'offer',
      id: STRANGER,
      offer: { type: 'offer', sdp: `v=0${'x'.repeat(OVER_A_DESCRIPTION)}` },
    },
    'TOO_LARGE',
  ],
  [
    'a state over its limit',
    'receiver',
    { type: 'offer', id: STRANGER, offer, state: 'x'.repeat(OVER_A_STATE) },
    'TOO_LARGE',
  ],
  [
    'credentials over their limit',
    'sender',
    { type: 'invoke', id: STRANGER, credentials: 'x'.repeat(OVER_A_STATE) },
    'TOO_LARGE',
  ],
  [
    'lists in lists',
    'sender',
    { type: 'invoke', id: STRANGER, credentials: nested(40) },
    'TOO_DEEP',
  ],
];

for (const [what, to, message, code] of CASES) {
  test(`${what} is an error ${code} of the ${to}`, async () => {
    stranger.emit([to, ROOM], message);
    assert.equal((await pages[to].next('error')).code, code);
  });
}

test('a description that the browser refuses ends the attempt of its peer alone', async () => {
  stranger.emit(['receiver', ROOM], { type: 'offer', id: STRANGER, offer });
  const { id, code } = await pages.receiver.next('dispose');
  assert.deepEqual({ id, code }, { id: STRANGER, code: 'NEGOTIATION' });
});

/** @param {number} levels @returns {unknown} */
function nested(levels) {
  return levels > 0 ? [nested(levels - 1)] : 0;
}
