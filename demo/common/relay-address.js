/** Where the relay is, as a page's address says it. */

/**
 * What is wrong with a relay address, in words; '' if nothing.
 *
 * @param {URL} page
 * @param {string} address
 */
export function relayProblem(page, address) {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || !['ws:', 'wss:'].includes(url.protocol)) {
    return 'Write an address such as ws://localhost:7330 or wss://relay.example.';
  }
  if (page.protocol === 'https:' && url.protocol === 'ws:' && !isLoopback(url.hostname)) {
    return 'This page came by https, so the browser allows only wss:// here.';
  }
  return '';
}

/**
 * The relay of `npm run dev` on the machine that the page came from.
 *
 * @param {URL} page
 */
export function defaultRelay(page) {
  const scheme = page.protocol === 'https:' && !isLoopback(page.hostname) ? 'wss' : 'ws';
  return `${scheme}://${page.hostname || 'localhost'}:7330`;
}

/** @param {string} hostname of a URL */
export function isLoopback(hostname) {
  return ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}
