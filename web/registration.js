import { ClaspError } from './error.js';

/** @typedef {import('./rendezvous.js').Rendezvous} Rendezvous */
/** @typedef {import('./rendezvous.js').Device} Device */
/** @typedef {import('./rendezvous.js').Registered} Registered */

/**
 * @typedef {object} RegistrationEvents by name, what `detail` holds
 * @property {{id: string, ttl: number}} refreshed it is registered, for the first time or anew (another id), or prolonged
 * @property {{error: ClaspError}} error a try that failed; the next one comes by itself
 */

const REFRESH_MAX_S = 120;
const REFRESH_MIN_S = 0.2; // whatever ttl a server gives
const REFRESH_SHARE = 0.4; // of the ttl: two refreshes may fail before it is over
const RETRY_MS = 1_000; // after the first failure; it doubles
const RETRY_MAX_MS = 60_000;

/** @typedef {new () => import('./conference.js').Typed<RegistrationEvents> & EventTarget} Base */

const Base = /** @type {Base} */ (
  /** @type {unknown} its listeners take any event */ (EventTarget)
);

/**
 * A device that is kept registered, by Rendezvous.keep(), until close(), or until its page is closed. In Node it does not
 * keep the process alive: what has nothing else to do ends, and the server forgets the device when its ttl is over.
 */
export class Registration extends Base {
  #rendezvous;
  #device;
  #end = new AbortController();
  /** @type {Registered | undefined} */ #entry;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  /** @type {Promise<unknown>} the request under way, or the last one */ #work;
  #failures = 0;
  /** @type {(entry: Registered) => void} */ #done = () => {};
  /** @type {(error: ClaspError) => void} */ #failed = () => {};
  /** @type {Promise<void> | undefined} */ #closing;

  /** Resolved when it is registered for the first time; rejected when it is closed before. @type {Promise<Registered>} */
  ready = new Promise((resolve, reject) => {
    this.#done = resolve;
    this.#failed = reject;
  });

  /**
   * @param {Rendezvous} rendezvous
   * @param {Device} device
   * @param {AbortSignal} [signal] ends it
   */
  constructor(rendezvous, device, signal) {
    super();
    this.#rendezvous = rendezvous;
    this.#device = device;
    this.ready.catch(() => {}); // whoever awaits it is told
    const { signal: ended } = this.#end;
    const close = () => void this.close();
    globalThis.addEventListener?.('pagehide', close, { signal: ended });
    signal?.addEventListener('abort', close, { signal: ended });
    this.#work = Promise.resolve();
    if (signal?.aborted) close();
    else this.#work = this.#beat();
  }

  /** Its present id at the server; '' while it has none. */
  get id() {
    return this.#entry?.id ?? '';
  }

  /**
   * Unregister, and end. Idempotent; no event comes after it was called.
   * @returns {Promise<void>} when the server was told, or could not be: this never fails
   */
  close() {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  [Symbol.dispose]() {
    this.close();
  }

  async #finish() {
    const entry = this.#entry;
    this.#end.abort();
    clearTimeout(this.#timer);
    this.#failed(new ClaspError('ABORTED', 'closed before it was registered'));
    const told = entry && this.#rendezvous.unregister(entry.id).catch(() => {});
    await this.#work; // it may have made another entry meanwhile
    if (this.#entry && this.#entry !== entry)
      await this.#rendezvous.unregister(this.#entry.id).catch(() => {});
    await told;
  }

  /** One try, and the appointment for the next. */
  async #beat() {
    const { signal } = this.#end;
    try {
      const isKnown = this.#entry && (await this.#rendezvous.refresh(this.#entry.id, { signal }));
      if (!isKnown) this.#entry = await this.#rendezvous.register(this.#device); // to its end: close() has to know the id
      if (signal.aborted) return;
      this.#failures = 0;
      this.#refreshed(/** @type {Registered} */ (this.#entry));
    } catch (error) {
      if (signal.aborted) return;
      this.#failures++;
      this.#raise('error', { error: /** @type {ClaspError} */ (error) });
    }
    if (!signal.aborted) this.#arm();
  }

  #arm() {
    this.#timer = setTimeout(() => (this.#work = this.#beat()), this.#wait());
    /** @type {{unref?: () => void}} */ (this.#timer).unref?.(); // Node's; pages have numbers
  }

  /** In milliseconds. */
  #wait() {
    const ttl = this.#entry?.ttl ?? Infinity;
    const usual = Math.max(REFRESH_MIN_S, Math.min(REFRESH_MAX_S, ttl * REFRESH_SHARE)) * 1000;
    if (this.#failures === 0) return usual;
    return Math.min(usual, RETRY_MAX_MS, RETRY_MS * 2 ** (this.#failures - 1));
  }

  /** @param {Registered} entry */
  #refreshed(entry) {
    this.#done(entry);
    this.#raise('refreshed', { id: entry.id, ttl: entry.ttl });
  }

  /**
   * @template {keyof RegistrationEvents} K
   * @param {K} type
   * @param {RegistrationEvents[K]} detail
   */
  #raise(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
