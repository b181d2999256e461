/** How the two tabs of a contestant tell each other what comes next, apart from what is measured. */

/** @typedef {Record<string, (...args: any[]) => unknown>} Methods any: what the other tab passes */

/** Calls from tab to tab, by a BroadcastChannel. Arguments and results are cloned. */
export class Control {
  #channel;
  #methods;
  #calls = 0;
  /** @type {Map<number, {resolve: (value: any) => void, reject: (error: Error) => void}>} */
  #waiting = new Map();

  /** @param {string} name the same in both tabs @param {Methods} methods what the other tab may call */
  constructor(name, methods) {
    this.#methods = methods;
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }) => void (data.method ? this.#do(data) : this.#done(data));
  }

  /**
   * @param {string} method
   * @param {...unknown} args
   * @returns {Promise<any>} any: what it gives; rejects with the message of what it throws
   */
  call(method, ...args) {
    const call = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, { resolve, reject });
      this.#channel.postMessage({ call, method, args });
    });
  }

  /** @param {{call: number, method: string, args: unknown[]}} asked */
  async #do({ call, method, args }) {
    try {
      const value = await this.#methods[method](...args);
      this.#channel.postMessage({ call, value });
    } catch (error) {
      this.#channel.postMessage({ call, error: `${method}: ${error}` });
    }
  }

  /** @param {{call: number, value?: unknown, error?: string}} answer */
  #done({ call, value, error }) {
    const waiting = this.#waiting.get(call);
    this.#waiting.delete(call);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new Error(error));
  }
}
