import { Chat } from '../common/chat.js';
import { Controls } from './controls.js';
import { watchCamera } from './camera.js';
import { LocalMedia } from './local-media.js';
import { Room } from './room.js';
import { shareLink } from './settings.js';
import { StatsPanel } from './stats-panel.js';
import { describeCall } from './status.js';
import { Tiles } from './tiles.js';
import { byId, setText } from '../common/ui.js';

/** @import { Notices } from '../common/notices.js' */
/** @import { Settings } from './settings.js' */
/** @import { StatusLine } from '../common/status-line.js' */

const REFRESH_MS = 1000;

/** One stay in a room: joins what is shown and what is sent. `leave()` ends it for good. */
export class Call {
  #settings;
  #status;
  #notices;
  #life = new AbortController();
  #media;
  #room;
  #tiles;
  #controls;
  #chat;
  #stats = new StatsPanel();
  /** @type {ReturnType<typeof setInterval> | undefined} */ #timer;
  #opening = false;
  #wantsCamera;

  /**
   * @param {Settings} settings
   * @param {{status: StatusLine, notices: Notices, onLeave: () => void}} page
   */
  constructor(settings, { status, notices, onLeave }) {
    this.#settings = settings;
    this.#status = status;
    this.#notices = notices;
    this.#wantsCamera = settings.source === 'camera';
    this.#media = new LocalMedia(settings.name);
    this.#room = new Room(settings);
    this.#tiles = new Tiles(() => this.#offerSound());
    this.#controls = new Controls(this.#actions(onLeave), this.#life.signal);
    this.#chat = new Chat((text, at) => this.#room.send(text, at), this.#life.signal);
    setText(byId('call-room', HTMLElement), settings.room);
    this.#listen();
  }

  /** Opens the source, then joins. */
  async start() {
    this.#status.set('busy', this.#wantsCamera ? 'Waiting for the camera …' : 'Joining …');
    await this.#open(this.#settings.source);
    if (this.#life.signal.aborted) return;
    this.#refresh();
    this.#timer = setInterval(() => this.#tick(), REFRESH_MS);
    await this.#room.join(this.#media.stream, this.#media.state).catch(() => {}); // `error` said it
  }

  leave() {
    this.#life.abort();
    clearInterval(this.#timer);
    this.#room.leave();
    this.#media.close();
    this.#tiles.close();
    this.#notices.clear();
  }

  /** @param {() => void} leave */
  #actions(leave) {
    return {
      leave,
      link: () => shareLink(new URL(location.href), this.#settings),
      switchSource: () => this.#switchTo(this.#media.source === 'camera' ? 'pattern' : 'camera'),
      setAudio: (/** @type {boolean} */ on) => this.#tell(() => this.#media.setAudio(on)),
      setVideo: (/** @type {boolean} */ on) => this.#tell(() => this.#media.setVideo(on)),
    };
  }

  #listen() {
    const { signal } = this.#life;
    const room = this.#room;
    room.addEventListener('change', () => this.#refresh(), { signal });
    on(room, 'notice', ({ text }) => this.#status.announce(text), signal);
    on(room, 'message', (message) => this.#chat.add(message), signal);
    this.#media.addEventListener('lost', () => this.#switchTo('pattern', true), { signal });
    watchCamera(() => this.#offerCamera(), signal);
  }

  /** @param {() => void} change of what is sent; the others are told */
  #tell(change) {
    change();
    this.#room.update(this.#media.state);
    this.#showLocal();
  }

  /**
   * @param {'camera' | 'pattern'} source
   * @param {boolean} [unplugged] the camera went away by itself: offer it when it is back
   */
  async #switchTo(source, unplugged = false) {
    if (this.#opening) return;
    this.#wantsCamera = source === 'camera' || unplugged;
    const release = await this.#open(source);
    if (this.#life.signal.aborted) return;
    if (unplugged) this.#notices.show('media', 'The camera went away. Others see a test pattern.');
    try {
      await this.#room.replaceStream(this.#media.stream);
      this.#room.update(this.#media.state);
    } catch (error) {
      this.#status.announce(`The others do not see this: ${/** @type {Error} */ (error).message}.`);
    }
    release();
  }

  /**
   * Opens a source and shows it here.
   *
   * @param {'camera' | 'pattern'} source
   * @returns {Promise<() => void>} stops what was shown before
   */
  async #open(source) {
    this.#opening = true;
    this.#controls.setSwitching(true);
    const { problem, release } = await this.#media.open(source);
    this.#opening = false;
    this.#controls.setSwitching(false);
    if (this.#life.signal.aborted) {
      this.#media.close();
      return release;
    }
    if (problem) this.#notices.show('media', problem);
    else this.#notices.hide('media');
    this.#showLocal();
    return release;
  }

  #offerCamera() {
    if (!this.#wantsCamera || this.#opening || this.#media.source === 'camera') return;
    this.#notices.show('media', 'A camera is ready now. The others still see a test pattern.', {
      label: 'Use the camera',
      run: () => this.#switchTo('camera'),
    });
  }

  #offerSound() {
    if (this.#life.signal.aborted) return;
    this.#notices.show('sound', 'The browser keeps the sound off until you ask for it.', {
      label: 'Turn on the sound',
      run: () => {
        this.#tiles.allowSound();
        this.#refresh();
      },
    });
  }

  #showLocal() {
    const { stream, state, source } = this.#media;
    const mirrored = source === 'camera';
    this.#tiles.showLocal(stream, { name: this.#settings.name, mirrored, ...state });
    this.#controls.update(this.#media);
  }

  #refresh() {
    const people = this.#room.people;
    this.#tiles.update(people);
    const { tone, text } = describeCall(this.#room.signalling, people);
    this.#status.set(tone, text);
  }

  async #tick() {
    this.#refresh();
    await this.#stats.refresh(this.#room.people, (person) => this.#room.sample(person));
  }
}

/**
 * @param {EventTarget} target
 * @param {string} type of a CustomEvent
 * @param {(detail: any) => void} handler the detail's shape is in the comment of its class
 * @param {AbortSignal} signal
 */
function on(target, type, handler, signal) {
  const listener = (/** @type {Event} */ event) =>
    handler(/** @type {CustomEvent} */ (event).detail);
  target.addEventListener(type, listener, { signal });
}
