/** Figures of a link, in words. */

/** @import { LinkStats } from './room.js' */

/** @type {Record<string, string>} by the kind of the ICE candidate pair in use */
const PATHS = {
  host: 'direct (same network)',
  srflx: 'direct (through a router)',
  prflx: 'direct (through a router)',
  relay: 'through a TURN server',
};

/** @param {LinkStats | null} stats */
export function pathText(stats) {
  const words = stats && PATHS[stats.path];
  return words ? `${words} · ${stats.protocol}` : 'not known yet';
}

/** @param {number | null | undefined} bits a second */
export function bitrateText(bits) {
  if (bits === null || bits === undefined) return '–';
  if (bits < 1e6) return `${Math.round(bits / 1e3)} kbit/s`;
  return `${(bits / 1e6).toFixed(1)} Mbit/s`;
}

/** @param {number | null | undefined} ms */
export function delayText(ms) {
  if (ms === null || ms === undefined) return '–';
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

/** @param {number | null | undefined} rate */
export function rateText(rate) {
  return rate === null || rate === undefined ? '–' : `${Math.round(rate)} fps`;
}

/** @param {LinkStats | null} stats */
export function sizeText(stats) {
  return stats?.frameWidth ? `${stats.frameWidth} × ${stats.frameHeight}` : '–';
}

/**
 * What a plot shows, for those who do not see it.
 *
 * @param {string} what
 * @param {(number | null)[]} values oldest first
 * @param {(value: number) => string} format
 */
export function seriesText(what, values, format) {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return `${what}: no figures yet`;
  const span = `between ${format(Math.min(...known))} and ${format(Math.max(...known))}`;
  return `${what}: now ${format(known[known.length - 1])}, ${span} over ${values.length} seconds`;
}
