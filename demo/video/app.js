import { ready } from '../../web/index.js';
import { Call } from './call.js';
import { Lobby } from './lobby.js';
import { Notices } from '../common/notices.js';
import { pageLink, readSettings } from './settings.js';
import { StatusLine } from '../common/status-line.js';
import { byId } from '../common/ui.js';

/** @import { Settings } from './settings.js' */

const status = new StatusLine();
const notices = new Notices();
const given = readSettings(new URL(location.href));
const lobby = new Lobby(given, (settings) => join(settings));
const callView = byId('call', HTMLElement);
/** @type {Call | null} */ let call = null;

byId('boot-hint', HTMLElement).remove();
ready().catch((error) => notices.show('core', `This page cannot start: ${error.message}`));
showLobby('You are not in a room.');
if (given.join && lobby.validate()) join(given);

/** @param {Settings} settings */
function join(settings) {
  setAddress(settings, true);
  lobby.show(false);
  callView.hidden = false;
  document.title = `${settings.room} · clasp-p2p`;
  byId('call-title', HTMLElement).focus();
  call = new Call(settings, { status, notices, onLeave: () => leave(settings) });
  call.start();
}

/** @param {Settings} settings */
function leave(settings) {
  call?.leave();
  call = null;
  setAddress(settings, false);
  showLobby(`You left ${settings.room}.`);
  lobby.focus();
}

/** @param {string} text for the status line */
function showLobby(text) {
  callView.hidden = true;
  lobby.show(true);
  document.title = 'Two-tab video · clasp-p2p';
  status.clearEvent();
  status.set('info', text);
}

/**
 * @param {Settings} settings
 * @param {boolean} joined
 */
function setAddress(settings, joined) {
  history.replaceState(null, '', pageLink(new URL(location.href), settings, joined));
}
