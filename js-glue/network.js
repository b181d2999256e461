/**
 * What a browser tells of its network; nothing in Node.
 *
 * @typedef {object} NetworkListener
 * @property {() => void} changed it is another one, or the page was frozen meanwhile: connections may be dead without a word
 * @property {() => void} [seen] the page is visible again
 */

/**
 * @param {NetworkListener} listener
 * @param {AbortSignal} signal ends it
 */
export function followNetwork({ changed, seen }, signal) {
  /** @type {any} any: not of every browser */
  const { connection } = globalThis.navigator ?? {};
  connection?.addEventListener?.('change', changed, { signal });
  globalThis.addEventListener?.('online', changed, { signal });
  if (typeof document === 'undefined') return;
  document.addEventListener('resume', changed, { signal });
  const turned = () => document.visibilityState === 'visible' && seen?.();
  document.addEventListener('visibilitychange', turned, { signal });
}

/**
 * The same, for a session: its socket is replaced, or tried.
 * @param {{renew: () => void, hurry: () => void, check: () => void}} session
 * @param {AbortSignal} signal
 */
export function keepAlive(session, signal) {
  const seen = () => {
    session.hurry();
    session.check();
  };
  followNetwork({ changed: () => session.renew(), seen }, signal);
}
