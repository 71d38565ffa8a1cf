/** Addresses of callers, as far as counting needs them: nothing here is stored or logged. */
import { sha256 } from '../shared/sha256.ts';

/** One caller's share of the network: an IPv4 address, or the /64 that an IPv6 subscriber has. */
export function addressKey(address: string): string {
  const plain = address.replace(/^\[|\]$|%.*$/g, '').toLowerCase();
  if (!plain.includes(':')) return plain;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain);
  if (mapped?.[1] !== undefined) return mapped[1];
  const [head = '', tail] = plain.split('::', 2);
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...new Array<string>(zeros).fill('0'), ...right].slice(0, 4);
  return `${groups.map((group) => group.replace(/^0+(?=.)/, '')).join(':')}::/64`;
}

/**
 * The caller's address behind `proxies` trusted proxies, each of which appends to `X-Forwarded-For` the address that
 * it was asked from. What stands further left is whatever the caller wrote.
 *
 * @param connection address that the connection comes from.
 * @param proxies 0: the header isn't looked at.
 */
export function forwardedAddress(
  connection: string | undefined,
  forwardedFor: string | null,
  proxies: number,
): string | undefined {
  if (proxies === 0 || forwardedFor === null) return connection;
  const hops = forwardedFor.split(',').map((hop) => hop.trim());
  const hop = hops[Math.max(0, hops.length - proxies)] ?? '';
  return /^[\da-f.:]{2,45}$/i.test(hop) ? hop : connection;
}

/**
 * A name for an address in a store: a hash that can't be traced back once the salt is gone.
 *
 * @returns 32 hexadecimal digits.
 */
export async function addressHash(address: string, salt: string): Promise<string> {
  return (await sha256(`${salt}\n${address}`)).slice(0, 32);
}
