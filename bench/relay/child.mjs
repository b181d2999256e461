/** Server processes of the bench: start one, ask what it has used, end it. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** @typedef {{cpu: number, memory: number}} Usage cpu: milliseconds so far; memory: bytes resident, after a collection */

/** In the child: say the URL, then answer what the parent asks. @param {string} url */
export function serveParent(url) {
  process.on('message', () => process.send?.(usage()));
  process.on('disconnect', () => process.exit(0));
  process.send?.({ url });
}

/** @returns {Usage} */
function usage() {
  globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  return { cpu: (user + system) / 1000, memory: process.memoryUsage.rss() };
}

/**
 * @param {string} file beside this one
 * @returns {Promise<{url: string, usage: () => Promise<Usage>, end: () => Promise<void>}>}
 */
export async function startServer(file) {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), { execArgv: ['--expose-gc'] });
  const [{ url }] = await once(child, 'message');
  return {
    url,
    async usage() {
      child.send('usage');
      const [answer] = await once(child, 'message');
      return answer;
    },
    async end() {
      child.disconnect();
      await once(child, 'exit');
    },
  };
}
