import { relayProblem } from '../common/relay-address.js';
import { byId, setText } from '../common/ui.js';
import { pageLink } from './settings.js';

/** @import { Settings } from './settings.js' */

const HINTS = {
  relay: 'A CLASP relay introduces the tabs, also across machines. “npm run dev” starts one here.',
  broadcast: 'Tabs of this browser find each other without any server.',
};

/** The form before the call. Raises nothing by itself: `onJoin` gets the answers. */
export class Lobby {
  #view = byId('lobby', HTMLElement);
  #form = byId('lobby-form', HTMLFormElement);
  #room = byId('room', HTMLInputElement);
  #name = byId('name', HTMLInputElement);
  #source = byId('source', HTMLSelectElement);
  #signalling = byId('signalling', HTMLSelectElement);
  #relay = byId('relay', HTMLInputElement);

  /**
   * @param {Settings} settings what the fields show first
   * @param {(settings: Settings) => void} onJoin
   */
  constructor(settings, onJoin) {
    this.#room.value = settings.room;
    this.#name.value = settings.name;
    this.#source.value = settings.source;
    this.#signalling.value = settings.signalling;
    this.#relay.value = settings.relay;
    this.#form.addEventListener('input', () => this.#edited());
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      onJoin(this.#settings());
    });
    this.#check();
  }

  /** @param {boolean} shown */
  show(shown) {
    this.#view.hidden = !shown;
  }

  /** @returns {boolean} false: a field is wrong, and now says so; the form must be shown */
  validate() {
    return this.#form.reportValidity();
  }

  focus() {
    byId('join', HTMLButtonElement).focus();
  }

  #edited() {
    this.#check();
    history.replaceState(null, '', pageLink(new URL(location.href), this.#settings(), false));
  }

  /** Shows the hint and the fields that belong to the choice, and validates the relay's address. */
  #check() {
    const { signalling } = this.#settings();
    const byRelay = signalling === 'relay';
    const page = new URL(location.href);
    byId('relay-field', HTMLElement).hidden = !byRelay;
    setText(byId('signalling-hint', HTMLElement), HINTS[signalling]);
    this.#relay.setCustomValidity(byRelay ? relayProblem(page, this.#relay.value.trim()) : '');
    this.#room.setCustomValidity(this.#room.value.trim() ? '' : 'A room needs a name.');
  }

  /** @returns {Settings} */
  #settings() {
    return {
      room: this.#room.value.trim(),
      name: this.#name.value.trim() || 'Guest',
      source: this.#source.value === 'pattern' ? 'pattern' : 'camera',
      signalling: this.#signalling.value === 'broadcast' ? 'broadcast' : 'relay',
      relay: this.#relay.value.trim(),
    };
  }
}
