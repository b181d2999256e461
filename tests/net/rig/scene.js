/** A world with its servers, and two programs in it, as tests use them. */
import { openProgram } from './host.js';
import { iceServers, startRelay, startTurn } from './services.js';
import { World } from './world.js';

/** @typedef {import('./host.js').AnyProgram} AnyProgram */
/** @typedef {'node' | 'chromium'} Kind */

/** A round trip of 100 ms from host to host: four ways over a link. */
export const DELAY_MS = 25;

/**
 * @typedef {object} Scene
 * @property {World} world
 * @property {{url: string, close: () => Promise<void>}} relay
 * @property {() => RTCIceServer[]} iceServers with credentials good for an hour
 * @property {() => Promise<void>} close
 */

/**
 * @param {Parameters<typeof World.make>[0]} [options]
 * @returns {Promise<Scene>}
 */
export async function openScene(options) {
  const world = await World.make(options);
  try {
    const [turn, relay] = await Promise.all([startTurn(world), startRelay(world)]);
    const close = async () => {
      await Promise.all([turn.close(), relay.close()]);
      await world.close();
    };
    return { world, relay, iceServers, close };
  } catch (error) {
    await world.close();
    throw error;
  }
}

/**
 * Run the same module on both hosts for as long as `body` takes. What they throw, and what nobody catches there, fails it.
 * @template T
 * @param {Scene} scene
 * @param {[Kind, Kind]} kinds of a and b
 * @param {string} name of the module in ../programs/
 * @param {(a: AnyProgram, b: AnyProgram) => Promise<T>} body
 * @returns {Promise<T>}
 */
export async function withPrograms({ world }, [kindA, kindB], name, body) {
  const opening = [openProgram(kindA, world, 'a', name), openProgram(kindB, world, 'b', name)];
  try {
    const [a, b] = await Promise.all(opening);
    const result = await body(a, b);
    const faults = [...a.take('fault'), ...b.take('fault')];
    if (faults.length > 0) throw new Error(faults.join('\n'));
    return result;
  } finally {
    for (const program of await Promise.allSettled(opening)) {
      if (program.status === 'fulfilled') await program.value.close();
    }
  }
}
