/** The CLASP router of crates.io: built once on a machine from tests/interop/router, and started. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { digestOf } from './foreign.mjs';
import { CACHE, Failure, ROOT, must, which } from './process.mjs';

const SOURCES = ['tests/interop/router/Cargo.toml', 'tests/interop/router/src/main.rs'];
const TARGET = join(CACHE, 'router');
const PROGRAM = join(TARGET, `interop-router-${digestOf(SOURCES)}`);
const START_MS = 20_000;
const TOLD_MS = 60_000;

/** @type {import('./foreign.mjs').Foreign} */
export const ROUTER = { name: 'CLASP router (Rust)', file: PROGRAM, build };

async function build() {
  if (!which('cargo')) throw new Failure('no cargo: install Rust, https://rustup.rs');
  const manifest = join(ROOT, SOURCES[0]);
  const args = ['build', '--quiet', '--release', '--manifest-path', manifest];
  await must('cargo', [...args, '--target-dir', TARGET]);
  const half = `${PROGRAM}.${process.pid}`; // a program that is there is whole
  copyFileSync(join(TARGET, 'release', 'interop-router'), half);
  renameSync(half, PROGRAM);
}

/**
 * @typedef {object} RunningRouter
 * @property {string} url
 * @property {number} port
 * @property {(count: number) => Promise<void>} sessionsBecome wait until it has so many sessions
 * @property {() => Promise<void>} close ends it, without a goodbye to its clients. Idempotent
 */

/**
 * Start the router. It ends with this process.
 * @param {number} [port] 0: any free one
 * @param {number} [sessionTimeout] seconds after which it forgets a session, give or take 10; its own default: 300
 * @param {number} [rate] messages a second that it takes from one session; its own default: 1000
 * @returns {Promise<RunningRouter>} once it accepts connections
 * @throws {Error} it is not built, or ended at once: the port is taken
 */
export async function startRouter(port = 0, sessionTimeout = 300, rate = 1000) {
  const args = [port, sessionTimeout, rate].map(String);
  const child = spawn(PROGRAM, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  const gone = once(child, 'exit');
  const lines = createInterface(child.stdout);
  const first = once(lines, 'line', { signal: AbortSignal.timeout(START_MS) });
  const ended = gone.then(() => {
    throw new Error(`the router ended; is port ${port} taken?`);
  });
  const [announced] = await Promise.race([first, ended]).catch((error) => {
    child.kill();
    throw error;
  });
  const chosen = Number(/^listening on 127\.0\.0\.1:(\d+)$/.exec(announced)?.[1]);
  let sessions = 0;
  lines.on('line', (line) => (sessions = Number(/^sessions (\d+)$/.exec(line)?.[1])));
  return {
    url: `ws://127.0.0.1:${chosen}`,
    port: chosen,
    async sessionsBecome(count) {
      while (sessions !== count)
        await once(lines, 'line', { signal: AbortSignal.timeout(TOLD_MS) });
    },
    async close() {
      child.kill();
      await gone;
    },
  };
}
