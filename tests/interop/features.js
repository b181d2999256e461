/** What a relay does, feature by feature: seen by frames on the wire, and written down in docs/interop.md. */
import { CONTROL, MALFORMED } from './features/control.js';
import { OPENING } from './features/opening.js';
import { PARAMS } from './features/params.js';
import { PUBLISHING } from './features/publishing.js';
import { SUBSCRIPTIONS } from './features/subscriptions.js';
import { Scene } from './scene.js';

/** @typedef {import('./scene.js').Feature} Feature */

/** @type {Record<string, Feature[]>} by the titles of the tables, each name once in all of them */
export const FEATURES = {
  Opening: OPENING,
  'SET and GET': PARAMS,
  SUBSCRIBE: SUBSCRIPTIONS,
  PUBLISH: PUBLISHING,
  'Bundles, discovery, clock, limits': CONTROL,
  'Malformed messages after WELCOME': MALFORMED,
};

const AT_ONCE = 8; // scenes; most of them only wait for the other side

/**
 * Look at every feature of one relay.
 * @param {string} url
 * @returns {Promise<Map<string, string>>} what was seen, by the feature's name; a probe that failed says why
 */
export async function observe(url) {
  /** @type {Map<string, string>} */
  const seen = new Map();
  const all = Object.values(FEATURES).flat();
  const waiting = all.filter(({ spoils }) => !spoils);
  const work = async () => {
    for (let feature = waiting.shift(); feature; feature = waiting.shift()) {
      seen.set(feature.name, await look(feature, url));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  for (const feature of all.filter(({ spoils }) => spoils)) {
    seen.set(feature.name, await look(feature, url));
  }
  return seen;
}

/** @param {Feature} feature @param {string} url */
async function look({ see }, url) {
  const scene = new Scene(url);
  try {
    return await see(scene);
  } catch (error) {
    return `failed: ${error}`;
  } finally {
    scene.end();
  }
}
