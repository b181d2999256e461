/** The relay: in a process of its own where it is to be killed, and what its counters say. */
import { join } from 'node:path';
import { startRelay } from '../../../relay/index.js';
import { ROOT } from '../../../scripts/lib/process.mjs';
import { Child } from './children.js';
import { use } from './lifetime.js';

/** A relay in this process, on a port that is free. */
export function openRelay() {
  return use(startRelay({ port: 0 }));
}

/**
 * The relay's command line, as users start it.
 * @param {number} [port] 0: any that is free
 * @returns {Promise<{url: string, close: () => Promise<void>}>} `close` gives it no chance to say goodbye
 */
export function spawnRelay(port = 0) {
  return use(spawned(port));
}

/** @param {number} port */
async function spawned(port) {
  const args = [join(ROOT, 'relay', 'cli.js'), 'relay', '--port', String(port)];
  const child = new Child(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await child.prints(1, /listening on (ws:\S+)/);
  return { url, close: () => child.end() };
}

/**
 * @param {string} url of a relay
 * @returns {Promise<Record<string, number>>} its counters
 */
export async function metricsOf(url) {
  const response = await fetch(`${url.replace(/^ws/, 'http')}/metrics`);
  const lines = (await response.text()).matchAll(/^clasp_relay_(\w+) (\d+)$/gm);
  return Object.fromEntries([...lines].map(([, name, value]) => [name, Number(value)]));
}

/** @returns {Promise<number>} a port where no relay listens, but could */
export async function portWithoutRelay() {
  const { port, close } = await startRelay({ port: 0 });
  await close();
  return port;
}
