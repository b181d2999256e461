import { isIP } from 'node:net';

/** @typedef {import('node:http').IncomingMessage} Request */

const V4 = 0xffff; // no network has 0:ffff:… as its prefix: IPv4 addresses take the place

/** Plain text of an address: `::ffff:1.2.3.4` is 1.2.3.4, and the zone is left out. @param {string} text */
function plain(text) {
  const address = text
    .trim()
    .replace(/%.*$/, '')
    .replace(/^\[(.*)\]$/, '$1');
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
}

/** @param {Request} request from a proxy: what the one nearest to us has added */
function forwardedFor(request) {
  const header = [request.headers['x-forwarded-for'] ?? ''].flat().join(',');
  const last = plain(header.slice(header.lastIndexOf(',') + 1));
  return isIP(last) ? last : undefined;
}

/**
 * The remote address of a request.
 * @param {Request} request
 * @param {boolean} trustProxy the last address of X-Forwarded-For is the one
 */
export function addressOf(request, trustProxy) {
  const own = plain(request.socket.remoteAddress ?? '');
  return (trustProxy && forwardedFor(request)) || own;
}

/** The eight groups of an IPv6 address. @param {string} address */
function groupsOf(address) {
  const [head, tail] = address.split('::').map((half) => half.split(':').filter(Boolean));
  const missing = tail ? Array(8 - head.length - tail.length).fill('0') : [];
  return [...head, ...missing, ...(tail ?? [])].map((group) => parseInt(group, 16));
}

/**
 * What stands for a remote address where something is counted: an IPv4 address, or the /64 of an IPv6 one, since whoever
 * has one address of it has them all.
 * @param {string} text
 * @returns {[high: number, low: number]} of 32 bits each; zeros: no address
 */
export function hostOf(text) {
  const address = plain(text);
  const family = isIP(address);
  if (family === 4) {
    return [V4, address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)];
  }
  if (family === 0) return [0, 0];
  const [a, b, c, d] = groupsOf(address);
  const [high, low] = [a * 0x10000 + b, c * 0x10000 + d];
  return high || low ? [high, low] : [0, 1]; // ::1
}

/** @param {string} address of a client, or a host to listen on: is it this machine alone? */
export const isLoopback = (address) =>
  address === 'localhost' || address === '::1' || /^127\.\d+\.\d+\.\d+$/.test(address);

/** True if a request comes from this machine, and from no proxy on it that speaks for another one. @param {Request} request */
export const isLocal = (request) =>
  isLoopback(plain(request.socket.remoteAddress ?? '')) &&
  !request.headers['x-forwarded-for'] &&
  !request.headers.forwarded;
