/** What runs in wan: the relay of this package, and a TURN server (which is a STUN server too). */
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../../scripts/lib/process.mjs';
import { PATIENCE_MS, within } from '../../browser/support/wait.js';
import { LineProgram } from './lines.js';
import { TURN_PORT, WAN } from './world.js';

const RELAY_PORT = 7330;
const SECRET = 'of the TURN server and who gives out its credentials';

/**
 * @param {import('./world.js').World} world
 * @param {string[]} command
 * @param {RegExp} ready printed when it listens
 */
async function start(world, command, ready) {
  const [first, ...rest] = [...world.inside('wan'), ...command];
  /** @type {(value?: unknown) => void} */
  let listens;
  const listening = new Promise((resolve) => (listens = resolve));
  const program = new LineProgram(first, rest, (line) => {
    if (ready.test(line)) listens();
  });
  await within(PATIENCE_MS, `${command[0]} to listen`, Promise.race([listening, program.ended]));
  return program;
}

/**
 * @param {import('./world.js').World} world
 * @returns {Promise<{url: string, close: () => Promise<void>}>} `close` gives it no chance to say goodbye
 */
export async function startRelay(world) {
  const address = ['--host', WAN, '--port', String(RELAY_PORT)];
  const cli = join(ROOT, 'relay', 'cli.js');
  const command = [process.execPath, cli, 'relay', ...address, '--no-rendezvous'];
  const program = await start(world, command, /listening on/);
  return { url: `ws://${WAN}:${RELAY_PORT}`, close: () => program.close() };
}

/**
 * @param {import('./world.js').World} world
 * @returns {Promise<{close: () => Promise<void>}>}
 */
export async function startTurn(world) {
  const folder = mkdtempSync(join(tmpdir(), 'clasp-turn-'));
  const options = {
    'listening-ip': WAN,
    'listening-port': TURN_PORT,
    'relay-ip': WAN,
    'min-port': 49160,
    'max-port': 49960,
    'static-auth-secret': SECRET,
    realm: 'clasp.test',
    userdb: join(folder, 'users'),
    pidfile: join(folder, 'pid'),
    'log-file': 'stdout',
  };
  const flags = ['n', 'use-auth-secret', 'no-tls', 'no-dtls', 'no-cli', 'simple-log'];
  const words = [
    ...flags.map((flag) => (flag.length > 1 ? `--${flag}` : `-${flag}`)),
    ...Object.entries(options).map(([name, value]) => `--${name}=${value}`),
  ];
  const program = await start(world, ['turnserver', ...words], /DB connection success/);
  const close = async () => {
    await program.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { close };
}

/**
 * Credentials as services give them out: the name says until when they hold.
 * @param {number} seconds from now on
 */
export function credentialsFor(seconds) {
  const username = `${Math.floor(Date.now() / 1000) + seconds}:test`;
  const credential = createHmac('sha1', SECRET).update(username).digest('base64');
  return { username, credential };
}

/**
 * @param {{username: string, credential: string}} [credentials] good for an hour
 * @returns {RTCIceServer[]}
 */
export function iceServers(credentials = credentialsFor(3600)) {
  const at = `${WAN}:${TURN_PORT}`;
  const urls = [`turn:${at}?transport=udp`, `turn:${at}?transport=tcp`];
  return [{ urls: `stun:${at}` }, { urls, ...credentials }];
}
