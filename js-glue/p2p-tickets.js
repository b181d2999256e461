/** @typedef {import('./error.js').ClaspError} ClaspError */
/** @typedef {{resolve: (result: any) => void, reject: (error: ClaspError) => void}} Ticket any: by request */

/** Requests that are settled later, by the number under which the core knows them. */
export class Tickets {
  /** @type {Map<number, Ticket>} */ #waiting = new Map();
  #last = 0;

  /** A number that is not in use: of requests and subscriptions. */
  newNumber() {
    return (this.#last = (this.#last + 1) >>> 0 || 1);
  }

  /**
   * @param {(ticket: number) => void} begin throws where nothing is begun
   * @returns {{ticket: number, promise: Promise<any>}} any: by request. A rejection may be ignored
   */
  ask(begin) {
    const ticket = this.newNumber();
    const promise = new Promise((resolve, reject) =>
      this.#waiting.set(ticket, { resolve, reject }),
    );
    promise.catch(() => {});
    try {
      begin(ticket);
    } catch (error) {
      this.take(ticket);
      throw error;
    }
    return { ticket, promise };
  }

  /** Who waits for it, for the last time. @param {number} ticket */
  take(ticket) {
    const found = this.#waiting.get(ticket);
    this.#waiting.delete(ticket);
    return found;
  }
}
