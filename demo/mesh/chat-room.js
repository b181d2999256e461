import { Chat } from '../common/chat.js';
import { PeerList } from '../common/peer-list.js';
import { bytes, isReachable } from '../common/peer-words.js';
import { showShareLink } from '../common/share-link.js';
import { byId, setText } from '../common/ui.js';
import { Attachment } from './attachment.js';
import { FILE_BYTES } from './messages.js';
import { sendFile } from './outbox.js';
import { Room } from './room.js';
import { shareLink } from './settings.js';
import { describeRoom } from './words.js';

/** @import { StatusLine } from '../common/status-line.js' */
/** @import { Download } from './inbox.js' */
/** @import { Settings } from './settings.js' */

const REFRESH_MS = 1000;

/** One stay in a room: joins what is shown and what is sent. `leave()` ends it for good. */
export class ChatRoom {
  #status;
  #life = new AbortController();
  #room;
  #chat;
  #list;
  #timer;

  /**
   * @param {Settings} settings
   * @param {StatusLine} status
   */
  constructor(settings, status) {
    this.#status = status;
    this.#room = new Room(settings);
    this.#chat = new Chat(async (text, at) => this.#room.say(text, at), this.#life.signal);
    this.#list = new PeerList(byId('people', HTMLUListElement), (peer) => this.#room.nameOf(peer));
    this.#timer = setInterval(() => this.#refresh(), REFRESH_MS);
    setText(byId('room-name', HTMLElement), settings.room);
    setText(byId('own-name', HTMLElement), settings.name);
    const link = shareLink(new URL(location.href), settings);
    showShareLink(link, { title: 'Bring somebody in', open: 'Open in a new tab' });
    this.#listen();
    this.#takeFiles();
    this.#refresh();
    this.#room.join();
  }

  leave() {
    this.#life.abort();
    clearInterval(this.#timer);
    this.#room.leave();
    this.#list.show([]);
  }

  #listen() {
    this.#room.addEventListener('change', () => this.#refresh());
    on(this.#room, 'line', (line) => this.#chat.add(line));
    on(this.#room, 'notice', ({ text }) => this.#status.announce(text));
    on(this.#room, 'file', ({ file, peer, name }) => this.#receive(file, peer.id, name));
  }

  /** By the button, by dropping, by pasting. */
  #takeFiles() {
    const { signal } = this.#life;
    const input = byId('file', HTMLInputElement);
    const button = byId('choose-file', HTMLButtonElement);
    button.addEventListener('click', () => input.click(), { signal });
    const chosen = () => {
      for (const file of input.files ?? []) this.#send(file);
      input.value = '';
    };
    input.addEventListener('change', chosen, { signal });
    const given = (/** @type {Event} */ event, /** @type {FileList | undefined} */ files) => {
      if (!files?.length) return;
      event.preventDefault();
      for (const file of files) this.#send(file);
    };
    addEventListener('paste', (event) => given(event, event.clipboardData?.files), { signal });
    addEventListener('drop', (event) => given(event, event.dataTransfer?.files), { signal });
    addEventListener('dragover', (event) => event.preventDefault(), { signal });
  }

  /** @param {File} file */
  async #send(file) {
    const line = this.#chat.add({ id: '', name: 'You', text: '', at: Date.now() });
    const shown = this.#attach(line, file);
    if (file.size > FILE_BYTES) return shown.say(`${file.name} is over ${bytes(FILE_BYTES)}.`);
    const people = this.#room.people.filter(isReachable);
    if (people.length === 0) return shown.say('Nobody is here to get it.');
    const all = file.size * people.length;
    const count = await sendFile(file, people, (sent) => shown.progress(sent, all));
    if (count === 0) return shown.say(`${file.name} reached nobody.`);
    shown.done(file, file.name);
    line.dataset.reached = String(count);
  }

  /**
   * @param {Download} file
   * @param {string} id
   * @param {string} name
   */
  #receive(file, id, name) {
    const line = this.#chat.add({ id, name, text: '', at: Date.now() });
    const shown = this.#attach(line, file.note);
    file.addEventListener('progress', () => shown.progress(file.received));
    file.addEventListener('failed', () => shown.say(`${file.note.name} did not arrive whole.`));
    file.addEventListener('done', () => {
      if (file.blob) shown.done(file.blob, file.note.name);
    });
  }

  /**
   * @param {HTMLElement} line
   * @param {{name: string, size: number}} file
   */
  #attach(line, file) {
    return new Attachment(line, file, (change) => this.#chat.keepEnd(change));
  }

  #refresh() {
    const people = this.#room.people;
    this.#list.show(people);
    const { tone, text } = describeRoom(this.#room, people);
    this.#status.set(tone, text);
  }
}

/**
 * @param {EventTarget} target
 * @param {string} type of a CustomEvent
 * @param {(detail: any) => void} handler the detail's shape is in the comment of its class
 */
function on(target, type, handler) {
  target.addEventListener(type, (event) => handler(/** @type {CustomEvent} */ (event).detail));
}
