import { ClaspP2P } from '../../web/index.js';
import { Facts } from '../common/facts.js';
import { Relay, pause } from '../common/relay.js';
import { showShareLink } from '../common/share-link.js';
import { StatusLine } from '../common/status-line.js';
import { byId } from '../common/ui.js';
import { Desk } from './desk.js';
import { linkTo, newControllerId, peerOptions, readSettings } from './settings.js';
import { describeDisplay } from './words.js';

/** @import { Peer } from '../../web/index.js' */

const REFRESH_MS = 1000;
const RETRY_MS = 1000; // after an attempt that came to nothing

const page = new URL(location.href);
const settings = readSettings(page);
const status = new StatusLine();
const facts = new Facts(byId('facts', HTMLElement));
const p2p = new ClaspP2P({ ...peerOptions(settings), clientId: newControllerId() });
const relay = new Relay(p2p, settings.relay);
/** @type {WeakSet<Peer>} */ const followed = new WeakSet();
/** @type {Peer | null} */ let display = null;

const desk = new Desk({
  set: (address, value) => display?.set(address, value),
  stream: (address, value) => display?.stream(address, value),
  emit: (address) => display?.emit(address),
});

byId('boot-hint', HTMLElement).remove();
document.documentElement.classList.toggle('framed', window.top !== window);
showShareLink(linkTo(page, 'display.html'), { title: 'Open the display', open: 'In a new tab' });
for (const event of /** @type {const} */ (['peer_connecting', 'peer_connected', 'peer_failed'])) {
  p2p.on(event, refresh);
}
p2p.on('peer_disconnected', refresh);
relay.addEventListener('change', refresh);
setInterval(refresh, REFRESH_MS);
refresh();
await relay.connect();
await control();

/** Keeps a connection to the display: waits for it, and waits again when it has gone. */
async function control() {
  const { signal } = new AbortController();
  for (;;) {
    try {
      display = await p2p.connectToPeer(settings.display);
      follow(display);
      for (const [address, value] of desk.values()) display.set(address, value);
      refresh();
      await over(display);
    } catch {
      await pause(RETRY_MS, signal); // explain() has the reason
    }
    display = null;
    refresh();
  }
}

/** Shows its changes, once for each peer: one that comes back may be the same. @param {Peer} peer */
function follow(peer) {
  if (followed.has(peer)) return;
  followed.add(peer);
  for (const event of /** @type {const} */ (['connected', 'disconnected', 'path'])) {
    peer.on(event, refresh);
  }
}

/**
 * @param {Peer} peer
 * @returns {Promise<void>} resolves when it has gone, or was given up
 */
function over(peer) {
  return new Promise((resolve) => {
    peer.once('closed', () => resolve());
    peer.once('failed', () => resolve());
  });
}

function refresh() {
  const { tone, text } = describeDisplay(p2p, relay, settings, display);
  status.set(tone, text);
  facts.show(display);
}
