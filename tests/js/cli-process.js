/** The command line as processes of its own. Not a test: used by them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const CLI = new URL('../../relay/cli.js', import.meta.url).pathname;
const PATIENCE_MS = 20_000;

/** @typedef {{code: number | null, out: string, err: string, bytes: Buffer}} Ended */

/** A command that runs. */
export class Command {
  #out = Buffer.alloc(0);
  #err = '';
  /** @type {() => void} */ #heard = () => {};

  /** @type {Promise<Ended>} */
  ended;

  /**
   * @param {string[]} args
   * @param {Record<string, string>} [env] beside PATH
   * @param {{program?: string, cwd?: string, patience?: number}} [options] program: another one than the command line; patience:
   *   milliseconds that it may take
   */
  constructor(args, env = {}, { program = CLI, cwd, patience = PATIENCE_MS } = {}) {
    this.child = spawn(process.execPath, [program, ...args], {
      env: { PATH: process.env.PATH, ...env },
      cwd,
    });
    const { stdin, stdout, stderr } = this.child;
    stdin.on('error', () => {}); // it may be over before it has read all
    stdout.on('data', (data) => {
      this.#out = Buffer.concat([this.#out, data]);
      this.#heard();
    });
    stderr.on('data', (data) => {
      this.#err += data;
      this.#heard();
    });
    const late = setTimeout(() => this.child.kill('SIGKILL'), patience);
    this.ended = once(this.child, 'close').then(([code]) => {
      clearTimeout(late);
      this.#heard();
      return { code, out: this.out, err: this.err, bytes: this.#out };
    });
  }

  get out() {
    return this.#out.toString();
  }

  get err() {
    return this.#err;
  }

  /**
   * Until it has said something.
   * @param {'out' | 'err'} where
   * @param {string | RegExp} what
   */
  async says(where, what) {
    const isThere = () =>
      typeof what === 'string' ? this[where].includes(what) : what.test(this[where]);
    while (!isThere()) {
      if (this.child.exitCode !== null || this.child.signalCode !== null)
        throw new Error(`it ended without "${what}": ${this.out}${this.err}`);
      await new Promise((resolve) => (this.#heard = () => resolve(undefined)));
    }
  }
}

/**
 * Run a command to its end.
 * @param {string[]} args
 * @param {{input?: string | Uint8Array, env?: Record<string, string>}} [options] input: of stdin
 */
export function cli(args, { input = '', env } = {}) {
  const command = new Command(args, env);
  command.child.stdin.end(input);
  return command.ended;
}
