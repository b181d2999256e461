/** @import { FileNote } from './messages.js' */

const MAX_EXPECTED = 4; // files of one peer at once

/** A file on its way in. Raises `progress`, then `done` or `failed`. */
export class Download extends EventTarget {
  /** @type {Blob | null} the file, once it is whole */ blob = null;
  received = 0; // bytes

  /** @param {FileNote} note */
  constructor(note) {
    super();
    this.note = note;
  }

  /** @param {ReadableStream<Uint8Array>} readable */
  async run(readable) {
    /** @type {Uint8Array<ArrayBuffer>[]} */ const parts = [];
    const reader = readable.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        this.received += value.length;
        if (this.received > this.note.size) throw new Error('more bytes than announced');
        parts.push(value.slice());
        this.dispatchEvent(new Event('progress'));
      }
      if (this.received < this.note.size) throw new Error('fewer bytes than announced');
      this.blob = new Blob(parts, { type: this.note.type });
      this.dispatchEvent(new Event('done'));
    } catch (error) {
      reader.cancel(/** @type {Error} */ (error).message).catch(() => {});
      this.dispatchEvent(new Event('failed'));
    }
  }
}

/** The files that one peer sends: each is announced first, then comes as bytes. */
export class Inbox {
  #onFile;
  /** @type {Map<string, FileNote>} by id */ #expected = new Map();

  /** @param {(file: Download) => void} onFile */
  constructor(onFile) {
    this.#onFile = onFile;
  }

  /** @param {FileNote | null} note */
  expect(note) {
    if (note && this.#expected.size < MAX_EXPECTED) this.#expected.set(note.id, note);
  }

  /**
   * @param {ReadableStream<Uint8Array>} readable
   * @param {string} address /files/{id}
   */
  take(readable, address) {
    const id = address.split('/').at(-1) ?? '';
    const note = this.#expected.get(id);
    if (!note) return void readable.cancel('not announced').catch(() => {});
    this.#expected.delete(id);
    const file = new Download(note);
    this.#onFile(file);
    file.run(readable);
  }
}
