import { relayProblem } from '../common/relay-address.js';
import { StatusLine } from '../common/status-line.js';
import { byId } from '../common/ui.js';
import { ChatRoom } from './chat-room.js';
import { pageLink, readSettings } from './settings.js';

/** @import { Settings } from './settings.js' */

const page = new URL(location.href);
const status = new StatusLine();
const lobby = byId('lobby', HTMLElement);
const view = byId('chat-view', HTMLElement);
const form = byId('lobby-form', HTMLFormElement);
const fields = {
  room: byId('room', HTMLInputElement),
  name: byId('name', HTMLInputElement),
  relay: byId('relay', HTMLInputElement),
};
const given = readSettings(page);
/** @type {ChatRoom | null} */ let stay = null;

byId('boot-hint', HTMLElement).remove();
for (const key of /** @type {const} */ (['room', 'name', 'relay'])) fields[key].value = given[key];
form.addEventListener('input', check);
form.addEventListener('submit', (event) => {
  event.preventDefault();
  join(asked());
});
byId('leave', HTMLButtonElement).addEventListener('click', leave);
showLobby('You are not in a room.');
if (given.join) join(given);

/** @returns {Settings} */
function asked() {
  return {
    room: fields.room.value.trim(),
    name: fields.name.value.trim() || 'Guest',
    relay: fields.relay.value.trim(),
    direct: given.direct,
  };
}

function check() {
  const { room, relay } = asked();
  fields.room.setCustomValidity(room ? '' : 'A room needs a name.');
  fields.relay.setCustomValidity(relayProblem(page, relay));
}

/** @param {Settings} settings */
function join(settings) {
  history.replaceState(null, '', pageLink(page, settings, true));
  lobby.hidden = true;
  view.hidden = false;
  document.title = `${settings.room} · clasp-p2p`;
  byId('room-title', HTMLElement).focus();
  stay = new ChatRoom(settings, status);
}

function leave() {
  stay?.leave();
  stay = null;
  history.replaceState(null, '', pageLink(page, asked(), false));
  showLobby('You left the room.');
  byId('join', HTMLButtonElement).focus();
}

/** @param {string} text for the status line */
function showLobby(text) {
  view.hidden = true;
  lobby.hidden = false;
  document.title = 'Mesh chat · clasp-p2p';
  status.clearEvent();
  status.set('info', text);
}
