/**
 * What a browser tells of its network; nothing in Node.
 *
 * @typedef {object} NetworkListener
 * @property {() => void} changed it is another one, or the page was frozen meanwhile: connections may be dead without a word
 * @property {() => void} [seen] the page is visible again
 */

const BEAT_MS = 5000;
const FROZEN_MS = 15_000;

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
 * A page that was frozen, or a machine that slept, notices by the time that is gone.
 * @param {() => void} frozen it was; connections may be dead without a word
 * @param {AbortSignal} signal ends it
 */
export function followClock(frozen, signal) {
  let last = Date.now();
  const beat = () => {
    const time = Date.now();
    if (time - last > FROZEN_MS) frozen();
    last = time;
  };
  const timer = setInterval(beat, BEAT_MS);
  /** @type {any} any: of Node alone */ (timer).unref?.();
  signal.addEventListener('abort', () => clearInterval(timer));
}

/**
 * As followNetwork(), for a session: its socket is replaced, or tried.
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
