/** Programs that a test starts. None outlives the test's process, however that ends. */
import { spawn } from 'node:child_process';
import { PATIENCE_MS, within } from './wait.js';

/** @type {Set<Child>} */
const running = new Set();

process.once('exit', () => running.forEach((child) => child.signal('SIGKILL')));
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.once(signal, () => process.exit(1)); // which raises `exit`
}

/** A running program, with the processes that it starts. */
export class Child {
  #process;
  #name;
  #exit;

  /**
   * @param {string} command
   * @param {string[]} args
   * @param {{env?: Record<string, string>, stdio: import('node:child_process').StdioOptions}} options `env` is over
   *   the environment of this process
   */
  constructor(command, args, { env, stdio }) {
    this.#name = command;
    const detached = true; // a process group of its own, which is signalled as one
    this.#process = spawn(command, args, { detached, stdio, env: { ...process.env, ...env } });
    running.add(this);
    this.#exit = new Promise((resolve) => {
      const gone = () => {
        running.delete(this);
        resolve(undefined);
      };
      this.#process.once('exit', gone).once('error', gone);
    });
  }

  /**
   * Wait for something in what it prints.
   * @param {number} output file descriptor
   * @param {RegExp} pattern with one group
   * @returns {Promise<string>} that group
   */
  prints(output, pattern) {
    const stream = /** @type {import('node:stream').Readable} */ (this.#process.stdio[output]);
    let printed = '';
    const found = new Promise((resolve, reject) => {
      stream.setEncoding('utf8').on('data', (text) => {
        printed += text;
        const match = pattern.exec(printed);
        if (match) resolve(match[1]);
      });
      this.#process.once('error', reject);
      this.#exit.then(() => reject(new Error(`${this.#name} ended; it had printed:\n${printed}`)));
    });
    return within(PATIENCE_MS, `${this.#name} to print ${pattern}`, found);
  }

  /**
   * Ends it, with the processes that it started. Idempotent.
   * @param {NodeJS.Signals} [signal] SIGKILL leaves it no chance to say goodbye
   */
  async end(signal = 'SIGKILL') {
    this.signal(signal);
    await within(PATIENCE_MS, `${this.#name} to be gone`, this.#exit);
  }

  /** @param {NodeJS.Signals} signal */
  signal(signal) {
    const { pid } = this.#process;
    if (pid !== undefined && running.has(this)) process.kill(-pid, signal);
  }
}
