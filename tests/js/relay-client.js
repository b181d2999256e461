/** A client of the relay that speaks bytes, and the relay's command line as a process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { WebSocket } from 'ws';

export const PATIENCE_MS = 10_000;

/** @param {string} text */
export const string = (text) => {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
};

/** @param {...(number | Buffer)} parts a message, as bytes and runs of bytes */
export function frame(...parts) {
  const payload = Buffer.concat(
    parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : part)),
  );
  return Buffer.concat([
    Buffer.from([0x53, 1, payload.length >> 8, payload.length & 0xff]),
    payload,
  ]);
}

/** @param {string} token */
export const hello = (token) => frame(0x01, 1, 0xf8, string('test'), string(token));
export const PING = frame(0x41);

/** @param {string} pattern */
export const subscribe = (pattern) =>
  frame(0x10, Buffer.from([0, 0, 0, 7]), string(pattern), 0xff, 0);

/**
 * @param {string} address
 * @param {Buffer} bytes the value
 */
export const publish = (address, bytes) =>
  frame(0x20, 0x20, string(address), 1, 0x09, bytes.length >> 8, bytes.length & 0xff, bytes);

export const TYPE = { WELCOME: 0x02, PUBLISH: 0x20, SNAPSHOT: 0x23, PONG: 0x42, ERROR: 0x51 };

/** @param {Buffer} message an ERROR */
export const errorCode = (message) => message.readUInt16BE(5);

export class Client {
  /** @type {Buffer[]} */ #messages = [];
  /** @type {(() => void) | undefined} */ #arrived;

  /**
   * @param {string} url
   * @param {string[]} [protocols]
   * @param {import('ws').ClientOptions} [options]
   */
  constructor(url, protocols = ['clasp'], options = {}) {
    this.ws = new WebSocket(url, protocols, options);
    this.ws.on('message', (data) => {
      this.#messages.push(/** @type {Buffer} */ (data));
      this.#arrived?.();
    });
    this.closed = once(this.ws, 'close').then(([code]) => code);
  }

  /**
   * @param {string} url
   * @param {string} [token]
   * @param {import('ws').ClientOptions} [options]
   */
  static async join(url, token = '', options = {}) {
    const client = new Client(url, ['clasp'], options);
    await once(client.ws, 'open');
    client.ws.send(hello(token));
    await client.next(TYPE.WELCOME);
    await client.next(TYPE.SNAPSHOT);
    return client;
  }

  /**
   * The next message of a type; others before it are dropped.
   * @param {number} type
   * @returns {Promise<Buffer>}
   */
  async next(type) {
    const deadline = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const message = this.#messages.shift();
      if (message?.[4] === type) return message;
      if (message) continue;
      await new Promise((resolve, reject) => {
        this.#arrived = () => resolve(undefined);
        deadline.onabort = () =>
          reject(new Error(`no message of type ${type} within ${PATIENCE_MS} ms`));
      });
    }
  }
}

const CLI = new URL('../../relay/cli.js', import.meta.url).pathname;

/** @param {...string} args */
export function run(...args) {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { out: '', err: '' };
  child.stdout.on('data', (data) => (output.out += data));
  child.stderr.on('data', (data) => (output.err += data));
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...output }));
  return { child, ended };
}
