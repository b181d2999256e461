/** A program that is talked to line by line, over its stdin and stdout. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { PATIENCE_MS, within } from '../../browser/support/wait.js';

const KEPT_LINES = 20; // of what it said on stderr, for messages

/** Ends with this process: its stdin does. */
export class LineProgram {
  #child;
  #name;
  #exit;
  /** @type {string[]} */ #complaints = [];
  /** @type {(line: string) => void} */ #onLine = () => {};

  /**
   * @param {string} command
   * @param {string[]} args
   * @param {(line: string) => void} onLine
   */
  constructor(command, args, onLine) {
    this.#name = [command, ...args].join(' ').slice(-80);
    this.#onLine = onLine;
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stdin.on('error', () => {}); // it has ended, which `ended` tells
    createInterface(this.#child.stdout).on('line', (line) => this.#onLine(line));
    createInterface(this.#child.stderr).on('line', (line) => {
      this.#complaints.push(line);
      this.#complaints.splice(0, this.#complaints.length - KEPT_LINES);
    });
    this.#exit = new Promise((resolve) => {
      this.#child.once('exit', resolve).once('error', resolve);
    });
  }

  /** Rejects when it ends. */
  get ended() {
    return this.#exit.then((how) => {
      const said = this.#complaints.join('\n');
      throw new Error(`${this.#name} ended (${String(how)}); it had said:\n${said}`);
    });
  }

  /** Last lines of its stderr. */
  get complaints() {
    return this.#complaints.join('\n');
  }

  /** @param {string} line */
  write(line) {
    this.#child.stdin.write(`${line}\n`);
  }

  /** @returns {Promise<void>} when it is gone. Idempotent. */
  async close() {
    this.#child.kill('SIGKILL');
    await within(PATIENCE_MS, `${this.#name} to be gone`, this.#exit);
  }
}
