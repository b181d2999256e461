/** The CLASP client of PyPI, as an object with its methods: client.py in a process of its own. */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { PATIENCE_MS, within } from '../browser/support/wait.js';
import { PYTHON_ENV } from '../../scripts/lib/python-client.mjs';

const PROGRAM = fileURLToPath(new URL('client.py', import.meta.url));

/** @typedef {{done?: any, failed?: string, heard?: [any, string], error?: string}} Line any: JSON */

/** Bytes as client.py writes them. @param {Uint8Array} bytes */
export const asBytes = (bytes) => ({ bytes: Buffer.from(bytes).toString('base64') });

/** One client; it ends with this process. */
export class PythonClient {
  #child;
  #came = new EventTarget();
  /** Answers to calls, calls of callbacks, errors: each kind in its order. @type {Record<string, Line[]>} */
  #lines = { answer: [], heard: [], error: [] };
  #errors = '';

  /** @param {string} url */
  constructor(url) {
    const env = { ...process.env, ...PYTHON_ENV };
    this.#child = spawn('python3', [PROGRAM, url], { env });
    this.#child.stderr.setEncoding('utf8').on('data', (text) => (this.#errors += text));
    createInterface(this.#child.stdout).on('line', (text) => this.#note(text));
  }

  /**
   * Call a method, and wait for what it returns.
   * @param {string} call
   * @param {unknown[]} args
   * @param {object} [named]
   * @returns {Promise<any>} any: JSON
   * @throws {Error} that it threw
   */
  async call(call, args = [], named = {}) {
    this.#child.stdin.write(`${JSON.stringify({ call, args, named })}\n`);
    const { done, failed } = await this.#next('answer', call);
    if (failed !== undefined) throw new Error(failed);
    return done;
  }

  /** The next call of a callback: value and address. @returns {Promise<[any, string]>} any: what was sent */
  async hears() {
    const { heard } = await this.#next('heard', 'a call of a callback');
    return /** @type {[any, string]} */ (heard);
  }

  /** The next call of its on_error(). */
  async fails() {
    return (await this.#next('error', 'a call of on_error')).error;
  }

  /** The values of the calls that nobody has looked at. */
  rest() {
    return this.#lines.heard.splice(0).map(({ heard }) => heard?.[0]);
  }

  async close() {
    const gone = once(this.#child, 'exit');
    this.#child.stdin.end();
    await within(PATIENCE_MS, 'client.py to end', gone);
  }

  /** @param {string} text a line of its output; the client prints some words of its own */
  #note(text) {
    if (!text.startsWith('{')) return;
    const line = JSON.parse(text);
    const kind = ['heard', 'error'].find((it) => it in line) ?? 'answer';
    this.#lines[kind].push(line);
    this.#came.dispatchEvent(new Event('line'));
  }

  /** @param {string} kind @param {string} what @returns {Promise<Line>} */
  async #next(kind, what) {
    const look = async () => {
      while (this.#lines[kind].length === 0) await once(this.#came, 'line');
      return /** @type {Line} */ (this.#lines[kind].shift());
    };
    return within(PATIENCE_MS, () => `${what}; client.py said ${this.#errors}`, look());
  }
}
