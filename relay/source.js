/** IPv4 as a socket of IPv6 shows it. */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** @param {string} half of an address, before or behind "::" */
const groupsOf = (half) => (half === '' ? [] : half.split(':'));

/**
 * What devices are counted under: the address, of IPv6 the first 64 bits, of which whoever has one address has all others.
 * @param {string} [address] as `remoteAddress` of a socket
 */
export function sourceOf(address = '') {
  const mapped = MAPPED.exec(address)?.[1];
  if (mapped || !address.includes(':')) return mapped ?? address;
  const [head, tail] = address.split('%')[0].split('::').map(groupsOf);
  const zeros = tail ? Array(8 - head.length - tail.length).fill('0') : [];
  const prefix = [...head, ...zeros, ...(tail ?? [])].slice(0, 4);
  return `${prefix.map((group) => parseInt(group, 16).toString(16)).join(':')}::/64`;
}
