/**
 * A sound track without sound. A connection made with it can later carry a microphone by a mere
 * swap of tracks, where a kind that was not there at first needs a new connection.
 */
export class Silence {
  #context = new AudioContext();
  #track;

  constructor() {
    [this.#track] = this.#context.createMediaStreamDestination().stream.getAudioTracks();
    this.#context.suspend().catch(() => {}); // closed meanwhile
  }

  /** Owned by this object: `stop()` ends it. */
  get track() {
    return this.#track;
  }

  stop() {
    this.#track.stop();
    this.#context.close().catch(() => {}); // closed before
  }
}
