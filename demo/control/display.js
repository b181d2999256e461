import { ClaspP2P } from '../../web/index.js';
import { PeerList } from '../common/peer-list.js';
import { isReachable } from '../common/peer-words.js';
import { Relay } from '../common/relay.js';
import { StatusLine } from '../common/status-line.js';
import { showShareLink } from '../common/share-link.js';
import { byId, setText } from '../common/ui.js';
import { Scene } from './scene.js';
import { isController, linkTo, peerOptions, readSettings } from './settings.js';

/** @import { Peer } from '../../web/index.js' */
/** @import { Tone } from '../common/status-line.js' */

const REFRESH_MS = 1000;

const page = new URL(location.href);
const settings = readSettings(page);
const status = new StatusLine();
const scene = new Scene(showValues);
const list = new PeerList(byId('controllers', HTMLUListElement), () => 'Controller');
const p2p = new ClaspP2P({ ...peerOptions(settings), clientId: settings.display });
const relay = new Relay(p2p, settings.relay);
/** @type {WeakSet<Peer>} */ const heard = new WeakSet();

byId('boot-hint', HTMLElement).remove();
document.documentElement.classList.toggle('framed', window.top !== window);
showShareLink(linkTo(page, 'controller.html'), {
  title: 'Open the controller',
  open: 'In a new tab',
});
byId('fullscreen', HTMLButtonElement).addEventListener('click', () => scene.fillScreen());

p2p.on('peer_connecting', (peer) => {
  if (!isController(peer.id)) peer.reject('this display takes controllers only');
});
p2p.on('peer_connected', (peer) => {
  if (!heard.has(peer)) obey(peer);
  refresh();
});
for (const event of /** @type {const} */ (['peer_disconnected', 'peer_failed']))
  p2p.on(event, refresh);
relay.addEventListener('change', refresh);
setInterval(refresh, REFRESH_MS);
refresh();
await relay.connect();

/** @param {Peer} peer whose values are shown from now on */
function obey(peer) {
  heard.add(peer);
  peer.on('/brightness', (value) => scene.setBrightness(value));
  peer.on('/hue', (value) => scene.setHue(value));
  peer.on('/blackout', (value) => scene.setBlackout(value));
  peer.on('/pad', (value) => scene.move(value));
  peer.on('/flash', () => scene.flash());
  peer.on('/ring', () => scene.ring());
  for (const event of /** @type {const} */ (['path', 'closed', 'failed'])) peer.on(event, refresh);
}

function refresh() {
  const peers = [...p2p.peers.values()];
  const { tone, text } = describe(peers.filter(isReachable).length);
  status.set(tone, text);
  list.show(peers);
}

function showValues() {
  for (const [name, value] of Object.entries(scene.figures())) {
    setText(byId(`scene-${name}`, HTMLElement), value);
  }
}

/**
 * @param {number} connected
 * @returns {{tone: Tone, text: string}}
 */
function describe(connected) {
  if (relay.trouble) return { tone: 'warn', text: relay.trouble };
  if (relay.state === 'connecting') {
    return { tone: 'busy', text: `Connecting to the relay at ${relay.url} …` };
  }
  if (connected === 0) return { tone: 'info', text: 'Waiting for a controller.' };
  return { tone: 'good', text: connected === 1 ? 'One controller.' : `${connected} controllers.` };
}
