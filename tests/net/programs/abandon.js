/** Makes a world, says its names, and is then gone without a chance to clean up. */
import { World } from '../rig/world.js';

const world = await World.make();
process.stdout.write(`${world.space('wan')} ${world.space('a')}\n`, () =>
  process.kill(process.pid, 'SIGKILL'),
);
