/** The tab that calls: connections to the second one, and the workloads on them. */
import { Control } from './control.js';

/** @typedef {import('./lanes.js').Lane} Lane */
/** @typedef {import('./lanes.js').Link} Link */
/** @typedef {Omit<import('./lanes.js').Plan, 'id'>} Plan */

/** A connection, as the workloads use it. */
export class Wire {
  #control;
  #id;
  #link;

  /** @param {Control} control @param {number} id @param {Link} link */
  constructor(control, id, link) {
    this.#control = control;
    this.#id = id;
    this.#link = link;
  }

  /** @param {string} name @returns {Lane} */
  lane(name) {
    return this.#link.lanes[name];
  }

  /** Have the second tab do something with what it hears. @param {string} lane @param {string} task of second.js @param {unknown} [argument] */
  begin(lane, task, argument) {
    return this.#control.call('begin', this.#id, lane, task, argument);
  }

  /** @param {string} lane @param {string} method of its task @param {...unknown} args @returns {Promise<any>} any: what it gives */
  ask(lane, method, ...args) {
    return this.#control.call('ask', this.#id, lane, method, ...args);
  }

  async close() {
    await this.#link.close();
    await this.#control.call('close', this.#id);
  }
}

/** The first tab of a contestant. */
export class First {
  #contestant;
  #control;
  #dialled = 0;
  /** The connections that are kept, by their lanes. @type {Map<string, Promise<Wire>>} */
  #kept = new Map();

  /** @param {import('./lanes.js').Contestant} contestant @param {string} pair */
  constructor(contestant, pair) {
    this.#contestant = contestant;
    this.#control = new Control(pair, {});
  }

  /**
   * A new connection.
   * @param {Plan} plan
   * @param {string} [task] what its lanes do from the first message on
   * @returns {Promise<{wire: Wire, time: number}>} `time`: when dialling began
   */
  async dial(plan, task = 'echo') {
    const id = ++this.#dialled;
    for (const lane of plan.lanes) await this.#control.call('begin', id, lane, task);
    await this.#control.call('listen', id, { ...plan, id });
    const time = performance.now();
    const link = await this.#contestant.dial({ ...plan, id });
    return { wire: new Wire(this.#control, id, link), time };
  }

  /** The connection with these lanes that stays; `warm` is called once, when it is new. @param {Plan} plan @param {(wire: Wire) => Promise<unknown>} warm */
  kept(plan, warm) {
    const key = plan.lanes.join();
    const opened =
      this.#kept.get(key) ?? this.dial(plan).then(async ({ wire }) => (await warm(wire), wire));
    this.#kept.set(key, opened);
    return opened;
  }

  /** Close what is kept: new connections are to be alone. */
  async drop() {
    const wires = await Promise.all(this.#kept.values());
    this.#kept.clear();
    for (const wire of wires) await wire.close();
  }
}
