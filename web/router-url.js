/** Where routers are. */

const ROUTER_PORT = '7330';
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** @param {unknown} url @returns {URL | undefined} where it is one that a WebSocket takes */
function parse(url) {
  try {
    const parsed = new URL(String(url));
    return /^wss?:$/.test(parsed.protocol) && parsed.hash === '' ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Where the router of a rendezvous server may be: at the same URL, as a relay of this package serves both on one port; then at the
 * usual port of the same host.
 * @param {string} rendezvous http:// or https://
 * @returns {string[]} ws:// or wss://, the likelier one first
 */
export function routersOf(rendezvous) {
  const same = new URL(rendezvous.replace(/^http/i, 'ws'));
  const usual = new URL(same);
  usual.port = ROUTER_PORT;
  usual.pathname = '/';
  return [...new Set([same, usual].map(String))];
}

/** What two URLs of one router have in common. @param {URL} url */
const keyOf = ({ protocol, hostname, port, pathname, search }) =>
  [protocol, LOOPBACK.includes(hostname) ? LOOPBACK[0] : hostname, port, pathname, search].join();

/**
 * The router by which to reach a peer: the one that it names, where that is another one than the own. What it calls localhost is its
 * own machine, which means nothing here unless the own router is on this one.
 * @param {unknown} named
 * @param {string} own
 * @returns {string}
 */
export function routerFor(named, own) {
  const url = parse(named);
  const home = parse(own);
  if (!url || !home || keyOf(url) === keyOf(home)) return own;
  const isElsewhere = LOOPBACK.includes(url.hostname) && !LOOPBACK.includes(home.hostname);
  return isElsewhere ? own : String(url);
}
