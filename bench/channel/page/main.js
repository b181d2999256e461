/** A tab of one contestant: which one and which end is in the query. The bench calls `run` of the first tab. */
import { First } from './first.js';
import { beSecond } from './second.js';
import { WORKLOADS } from './workloads.js';

/** @type {Record<string, () => Promise<{open: import('./lanes.js').Open}>>} */
const CONTESTANTS = {
  raw: () => import('./contestants/raw.js'),
  'simple-peer': () => import('./contestants/simple-peer.js'),
  peerjs: () => import('./contestants/peerjs.js'),
  p2p: () => import('./contestants/p2p.js'),
  'clasp-p2p': () => import('./contestants/clasp-p2p.js'),
};

const params = new URLSearchParams(location.search);
const place = JSON.parse(String(params.get('place')));
const { open } = await CONTESTANTS[String(params.get('contestant'))]();
const contestant = await open(place);

if (place.role === 'first') {
  const first = new First(contestant, place.pair);
  Object.assign(globalThis, {
    /** @param {string} workload @param {import('./workloads.js').Use} use */
    run: (workload, use) => WORKLOADS[workload](first, use),
  });
} else {
  beSecond(contestant, place.pair);
}
console.log('ready');
