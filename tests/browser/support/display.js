/** An X server without a screen: for what only a browser with a window does. */
import { Child } from './children.js';
import { use } from './lifetime.js';

/** @returns {Promise<{name: string, close: () => Promise<void>}>} `name` such as ':7' */
export function startDisplay() {
  return use(start());
}

async function start() {
  const args = ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'];
  const server = new Child('Xvfb', args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  const number = await server.prints(3, /^(\d+)\n/);
  return { name: `:${number}`, close: () => server.end('SIGTERM') };
}
