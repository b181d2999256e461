/** The tab that is called: it echoes or counts, as the first one says. */
import { Control } from './control.js';
import { Tally, Window } from './tally.js';

/** @typedef {import('./lanes.js').Link} Link */
/** @typedef {import('./lanes.js').Lane} Lane */

/** FNV-1a of all messages in order, their lengths included. */
export class Digest {
  value = 0x811c9dc5;
  #count = 0;
  #expected = Infinity;
  /** @type {(value?: unknown) => void} */ #complete = () => {};

  /** @param {Uint8Array} bytes */
  hear = (bytes) => {
    this.#mix(bytes.length & 255);
    bytes.forEach((byte) => this.#mix(byte));
    if (++this.#count === this.#expected) this.#complete();
  };

  /** @param {number} byte */
  #mix(byte) {
    this.value = Math.imul(this.value ^ byte, 0x01000193) >>> 0;
  }

  /** Of so many messages, when they are there. @param {number} count */
  async of(count) {
    this.#expected = count;
    if (this.#count < count) await new Promise((resolve) => (this.#complete = resolve));
    return this.value;
  }
}

/** What a lane does with what it hears, by its name. @type {Record<string, (lane: () => Lane, argument: any) => any>} any: each is asked for what it has by its own methods */
const TASKS = {
  echo: (lane) => ({ hear: (/** @type {any} */ message) => lane().send(message) }),
  tally: (_, options) => new Tally(options),
  window: (_, span) => new Window(span),
  digest: () => new Digest(),
};

/** @param {import('./lanes.js').Contestant} contestant @param {string} pair */
export function beSecond(contestant, pair) {
  /** Links by the number that the first tab gave. @type {Map<number, Link>} */
  const links = new Map();
  /** By link and lane. @type {Map<string, any>} any: of TASKS */
  const tasks = new Map();
  const taskOf = (/** @type {number} */ id, /** @type {string} */ lane) =>
    tasks.get(`${id} ${lane}`);

  const attend = (/** @type {number} */ id) => {
    for (const [name, lane] of Object.entries(links.get(id)?.lanes ?? {})) {
      const task = taskOf(id, name);
      if (task) lane.heard = task.hear;
    }
  };

  new Control(pair, {
    listen: (id, plan) =>
      contestant.listen(plan, (link) => {
        links.set(id, link);
        attend(id);
      }),
    begin(id, lane, task, argument) {
      const own = () => /** @type {Link} */ (links.get(id)).lanes[lane];
      tasks.set(`${id} ${lane}`, TASKS[task](own, argument));
      attend(id);
    },
    ask: (id, lane, method, ...args) => taskOf(id, lane)[method](...args),
    async close(id) {
      await links.get(id)?.close();
      links.delete(id);
      for (const key of tasks.keys()) if (key.startsWith(`${id} `)) tasks.delete(key);
    },
  });
}
