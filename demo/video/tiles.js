import { byId, find, make, setText } from '../common/ui.js';

/** @import { Person } from './room.js' */

const STATE_WORDS = { connecting: 'Connecting …', recovering: 'Restoring …', connected: '' };

/** The grid of everybody in the room, the own tile (#local, part of the page) first. */
export class Tiles {
  #stage = byId('stage', HTMLElement);
  #local = byId('local', HTMLElement);
  #onBlockedSound;
  #silent = false;
  /** @type {Map<string, HTMLElement>} */ #remote = new Map();

  /** @param {() => void} onBlockedSound the browser wants a click before it plays sound */
  constructor(onBlockedSound) {
    this.#onBlockedSound = onBlockedSound;
  }

  /**
   * @param {MediaStream} stream
   * @param {{name: string, audio: boolean, video: boolean, mirrored: boolean}} own
   */
  showLocal(stream, own) {
    const video = find(this.#local, 'video', HTMLVideoElement);
    if (video.srcObject !== stream) video.srcObject = stream;
    this.#local.classList.toggle('mirrored', own.mirrored);
    label(this.#local, own);
  }

  /** @param {Person[]} people everybody else; tiles of others go */
  update(people) {
    const ids = new Set(people.map((person) => person.id));
    for (const [id, tile] of this.#remote) if (!ids.has(id)) this.#remove(id, tile);
    for (const person of people) this.#show(person);
    this.#stage.dataset.others = String(people.length);
    this.#stage.style.setProperty('--columns', String(Math.ceil(Math.sqrt(people.length + 1))));
  }

  /** Lets sound play from the next `update` on; call both from a click. */
  allowSound() {
    this.#silent = false;
  }

  close() {
    this.update([]);
    find(this.#local, 'video', HTMLVideoElement).srcObject = null;
  }

  /** @param {Person} person */
  #show(person) {
    const tile = this.#remote.get(person.id) ?? this.#add(person.id);
    tile.dataset.state = person.state;
    tile.setAttribute('aria-label', person.name);
    setText(find(tile, '[data-link]', HTMLElement), STATE_WORDS[person.state]);
    label(tile, { ...person, video: person.video && person.stream !== null });
    this.#showStream(find(tile, 'video', HTMLVideoElement), person);
  }

  /**
   * Whoever has no sound to send is muted here too: a silent video needs no leave to play.
   *
   * @param {HTMLVideoElement} video
   * @param {Person} person
   */
  #showStream(video, { stream, audio }) {
    const muted = this.#silent || !audio;
    if (video.srcObject === stream && video.muted === muted) return;
    video.muted = muted;
    if (video.srcObject !== stream) video.srcObject = stream;
    if (stream) this.#play(video);
  }

  /** @param {string} id */
  #add(id) {
    const tile = /** @type {HTMLElement} */ (this.#local.cloneNode(true));
    tile.removeAttribute('id');
    tile.classList.remove('mirrored');
    tile.dataset.peer = id;
    find(tile, '.you', HTMLElement).remove();
    find(tile, 'video', HTMLVideoElement).replaceWith(
      make('video', { playsinline: '', autoplay: '' }),
    );
    find(tile, '.screen', HTMLElement).append(make('p', { class: 'link', 'data-link': '' }));
    this.#remote.set(id, tile);
    this.#stage.append(tile);
    return tile;
  }

  /**
   * @param {string} id
   * @param {HTMLElement} tile
   */
  #remove(id, tile) {
    find(tile, 'video', HTMLVideoElement).srcObject = null;
    tile.remove();
    this.#remote.delete(id);
  }

  /** @param {HTMLVideoElement} video plays with sound if the browser lets it, else without */
  async #play(video) {
    try {
      await video.play();
    } catch (error) {
      if (/** @type {Error} */ (error).name !== 'NotAllowedError' || video.muted) return;
      this.#silent = true;
      video.muted = true;
      this.#onBlockedSound();
      this.#play(video);
    }
  }
}

/**
 * @param {HTMLElement} tile
 * @param {{name: string, audio: boolean, video: boolean}} person
 */
function label(tile, { name, audio, video }) {
  setText(find(tile, '[data-name]', HTMLElement), name);
  find(tile, 'video', HTMLVideoElement).ariaLabel = `Video of ${name}`;
  const avatar = find(tile, '[data-avatar]', HTMLElement);
  setText(avatar, [...name][0]?.toUpperCase() ?? '?');
  avatar.hidden = video;
  find(tile, '[data-badge="muted"]', HTMLElement).hidden = audio;
  find(tile, '[data-badge="camera-off"]', HTMLElement).hidden = video;
}
