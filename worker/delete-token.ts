/** The one-time token that deletes a trace: random, told once, kept as its hash only. */
import { sha256 } from '../shared/sha256.ts';

/** 256 random bits in base64url. */
export function newDeleteToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/** SHA-256 in hexadecimal: what stores keep. A token of 256 bits needs no salt. */
export function hashOfToken(token: string): Promise<string> {
  return sha256(token);
}

/** Compares two hashes in a time that doesn't depend on where they differ. */
export function sameHash(a: string, b: string): boolean {
  if (a.length !== b.length || a === '') return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
