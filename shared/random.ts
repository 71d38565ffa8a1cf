/**
 * Random numbers from a seed: what is drawn with them comes out the same on every device, and can be drawn again.
 *
 * @see Blackman & Vigna 2018, "Scrambled linear pseudorandom number generators" (xoshiro128**)
 */

export interface Random {
  /** In [0, 1), with 32 bits. */
  next(): number;
  /** A whole number in [0, limit); limit at most 2³². */
  below(limit: number): number;
}

/** @param seed any whole number; its lowest 32 bits count. */
export function seeded(seed: number): Random {
  let [a, b, c, d] = spread(seed);
  const next = (): number => {
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result / 2 ** 32;
  };
  return { next, below: (limit) => Math.floor(next() * limit) };
}

/** Four words of state from a seed, never all zero (splitmix32). */
function spread(seed: number): [number, number, number, number] {
  let state = seed | 0;
  const word = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let x = state;
    x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
    return x ^ (x >>> 15);
  };
  return [word(), word(), word(), word() | 1];
}
