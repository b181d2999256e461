/** The link with faults (link.c): compiled once, one process for each. */
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PATIENCE_MS, within } from '../../browser/support/wait.js';
import { ROOT, must, which } from '../../../scripts/lib/process.mjs';
import { LineProgram } from './lines.js';

const SOURCE = join(import.meta.dirname, 'link.c');
const FOLDER = join(ROOT, 'build', 'net');

/**
 * @typedef {object} Faults
 * @property {number} [delay] milliseconds one way
 * @property {number} [jitter] milliseconds at most, added to it at random
 * @property {number} [loss] share of the packets, 0 to 1
 * @property {number} [reorder] share of the packets that others overtake
 */

/** @typedef {{handedOver: number, dropped: number, heldBack: number, overflowed: number}} Counts packets */

/** @type {Promise<string> | undefined} one compilation, whoever asks and however many at once */
let compilation;

/** @returns {Promise<string>} path of the program */
const compiled = () => (compilation ??= compile());

/** @returns {Promise<string>} path of the program */
async function compile() {
  const program = join(FOLDER, 'link');
  if (existsSync(program) && statSync(program).mtimeMs > statSync(SOURCE).mtimeMs) return program;
  mkdirSync(FOLDER, { recursive: true });
  const made = `${program}.${process.pid}`;
  await must(which('cc') ?? 'clang', [
    '-std=c11',
    '-O2',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-o',
    made,
    SOURCE,
  ]);
  renameSync(made, program);
  return program;
}

/** A running one. */
export class Link {
  #program;
  /** @type {((line: string) => void)[]} */ #waiting = [];
  /** @type {Faults} */ #faults = {};

  /**
   * @param {string} file
   * @param {string[]} args
   */
  constructor(file, args) {
    this.#program = new LineProgram(file, args, (line) => this.#waiting.shift()?.(line));
  }

  /**
   * @param {[namespace: string, device: string]} from
   * @param {[namespace: string, device: string]} to
   * @param {number} seed of its faults
   * @returns {Promise<Link>} with both devices there, and no fault yet
   */
  static async start(from, to, seed) {
    const link = new Link(await compiled(), [...from, ...to, String(seed)]);
    await link.#answer();
    return link;
  }

  /**
   * From now on, for packets that have yet to come. What is left out stays.
   * @param {Faults} faults
   * @returns {Promise<Counts>} since the start
   */
  async set(faults) {
    this.#faults = { ...this.#faults, ...faults };
    const { delay = 0, jitter = 0, loss = 0, reorder = 0 } = this.#faults;
    const answer = this.#answer();
    const numbers = [delay * 1e3, jitter * 1e3, loss * 1e6, reorder * 1e6].map(Math.round);
    this.#program.write(numbers.join(' '));
    const [handedOver, dropped, heldBack, overflowed] = (await answer)
      .split(' ')
      .slice(1)
      .map(Number);
    return { handedOver, dropped, heldBack, overflowed };
  }

  close() {
    return this.#program.close();
  }

  /** @returns {Promise<string>} */
  #answer() {
    const answer = new Promise((/** @type {(line: string) => void} */ resolve) =>
      this.#waiting.push(resolve),
    );
    return within(PATIENCE_MS, 'the link', Promise.race([answer, this.#program.ended]));
  }
}
