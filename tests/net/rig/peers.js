/** Two applications with a ClaspP2P each, connected across a world. */
import { withPrograms } from './scene.js';
import { credentialsFor, iceServers } from './services.js';

/** @typedef {import('./host.js').AnyProgram} AnyProgram */
/** @typedef {import('./scene.js').Kind} Kind */

/**
 * @typedef {object} PeerOptions
 * @property {RTCIceTransportPolicy} [iceTransportPolicy]
 * @property {boolean} [cover]
 * @property {() => RTCConfiguration} [askFor] called each time a peer asks for its configuration; none: one that is good
 *   for an hour, given at the start
 */

/**
 * @template T
 * @param {import('./scene.js').Scene} scene
 * @param {[Kind, Kind]} kinds of a and b
 * @param {PeerOptions} options
 * @param {(a: AnyProgram, b: AnyProgram) => Promise<T>} body
 * @returns {Promise<T>}
 */
export function withPeers(scene, kinds, { askFor, ...options }, body) {
  return withPrograms(scene, kinds, 'peer', async (a, b) => {
    const rtcConfig = askFor ? undefined : { iceServers: scene.iceServers() };
    for (const [program, id] of /** @type {[AnyProgram, string][]} */ ([
      [a, 'host-a'],
      [b, 'host-b'],
    ])) {
      program.on('config', ({ number }) => {
        program.call('config', number, askFor?.()).catch(() => {}); // it may have ended
      });
      await program.call('open', { url: scene.relay.url, id, rtcConfig, ...options });
    }
    await a.call('dial', 'host-b');
    await Promise.all([a.next('peer'), b.next('peer')]);
    return body(a, b);
  });
}

/**
 * Configurations whose TURN credentials hold for some seconds.
 * @param {number} seconds
 * @param {boolean} areFrozen true: those of the first time for ever
 * @returns {() => RTCConfiguration}
 */
export function shortLived(seconds, areFrozen) {
  const fresh = () => ({ iceServers: iceServers(credentialsFor(seconds)) });
  /** @type {RTCConfiguration | undefined} */
  let first;
  return () => (areFrozen ? (first ??= fresh()) : fresh());
}

/**
 * Traffic in both directions while something is done to the world.
 * @param {AnyProgram} a
 * @param {AnyProgram} b
 * @param {{kind: string, count: number, every: number, at: number}} run messages each way, milliseconds from one to the
 *   next; what is done begins when `at` of them have come
 * @param {() => Promise<unknown>} act
 */
export async function trafficDuring(a, b, { kind, count, every, at }, act) {
  const both = (/** @type {string} */ name, /** @type {unknown[]} */ ...args) =>
    Promise.all([a, b].map((program) => program.call(name, kind, ...args)));
  const sending = both('send', { count, every });
  sending.catch(() => {}); // looked at below
  await both('reach', at);
  const began = Date.now();
  try {
    await act();
    const refused = (await sending).flatMap((sent) => sent.refused);
    await both('reach', count);
    return { began, refused, accounts: await both('account'), steps: stepsOf(a, b, began) };
  } catch (cause) {
    const seen = { accounts: await both('account'), steps: stepsOf(a, b, began) };
    throw new Error(JSON.stringify(seen), { cause });
  }
}

/**
 * What both told since, oldest first.
 * @param {AnyProgram} a
 * @param {AnyProgram} b
 * @param {number} began
 */
export function stepsOf(a, b, began) {
  const told = ['state', 'path', 'session', 'error'].flatMap((type) =>
    [a, b].flatMap((program, index) =>
      program
        .take(type)
        .map(({ at, ...detail }) => ({ after: at - began, who: 'ab'[index], type, ...detail })),
    ),
  );
  return told.sort((one, other) => one.after - other.after);
}
