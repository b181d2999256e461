import { openCamera } from './camera.js';
import { Silence } from './silence.js';
import { TestPattern } from './test-pattern.js';

/**
 * What this page shows to the others: camera and microphone; the test pattern and silence in place
 * of what is missing. Always one track of each kind, so that any source can take the place of any
 * other on a running connection. Owns every track it hands out.
 *
 * Raises `lost` when a camera that was in use goes away.
 */
export class LocalMedia extends EventTarget {
  #name;
  #stream = new MediaStream();
  /** @type {TestPattern | null} */ #pattern = null;
  /** @type {Silence | null} */ #silence = null;
  #audio = true;
  #video = true;

  /** @param {string} name drawn on the test pattern */
  constructor(name) {
    super();
    this.#name = name;
  }

  /** The current stream; another object after each `open()`. */
  get stream() {
    return this.#stream;
  }

  /** @returns {'camera' | 'pattern'} where the picture comes from now */
  get source() {
    return this.#pattern ? 'pattern' : 'camera';
  }

  /** Is there a microphone? */
  get hasAudio() {
    return this.#silence === null;
  }

  /** What the others are told: is there sound, is there a picture? */
  get state() {
    return { audio: this.hasAudio && this.#audio, video: this.#video };
  }

  /**
   * Changes the source. The tracks of the stream before go on until `release` is called, so that
   * they can be swapped without a gap.
   *
   * @param {'camera' | 'pattern'} source
   * @returns {Promise<{problem: string, release: () => void}>} `problem` in words, '' if none
   */
  async open(source) {
    const none = { stream: null, problem: '' };
    const { stream, problem } = source === 'camera' ? await openCamera() : none;
    const release = this.#stopper();
    this.#stream = stream ?? new MediaStream();
    this.#fillUp();
    this.setAudio(this.#audio);
    this.setVideo(this.#video);
    return { problem, release };
  }

  /** @param {boolean} on */
  setAudio(on) {
    this.#audio = on;
    for (const track of this.#stream.getAudioTracks()) track.enabled = on;
  }

  /** @param {boolean} on */
  setVideo(on) {
    this.#video = on;
    for (const track of this.#stream.getVideoTracks()) track.enabled = on;
  }

  close() {
    this.#stopper()();
  }

  /** Stands in for the kinds that the stream lacks. */
  #fillUp() {
    const [camera] = this.#stream.getVideoTracks();
    this.#pattern = camera ? null : new TestPattern(this.#name);
    this.#silence = this.#stream.getAudioTracks().length > 0 ? null : new Silence();
    if (camera) this.#watch(camera);
    for (const made of [this.#pattern, this.#silence]) if (made) this.#stream.addTrack(made.track);
  }

  /** @returns {() => void} stops what is shown at this moment */
  #stopper() {
    const made = [this.#pattern, this.#silence];
    const tracks = this.#stream.getTracks();
    return () => {
      for (const track of tracks) track.stop();
      for (const source of made) source?.stop();
    };
  }

  /** @param {MediaStreamTrack} track */
  #watch(track) {
    track.addEventListener('ended', () => {
      if (this.#stream.getTracks().includes(track)) this.dispatchEvent(new Event('lost'));
    });
  }
}
