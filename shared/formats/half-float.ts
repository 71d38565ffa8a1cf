/** Half floats (IEEE 754 binary16) in f32, and the way back. */

let table: Float32Array<ArrayBuffer> | undefined;

/** All 65,536 half floats in f32, by their bits; made once: 256 kB. */
export function halfTable(): Float32Array<ArrayBuffer> {
  if (table) return table;
  const made = new Float32Array(65536);
  for (let h = 0; h < 65536; h++) {
    const sign = h & 0x8000 ? -1 : 1;
    const exponent = (h >> 10) & 0x1f;
    const fraction = h & 0x3ff;
    if (exponent === 0) made[h] = sign * fraction * 2 ** -24;
    else if (exponent === 31) made[h] = fraction === 0 ? sign * Infinity : NaN;
    else made[h] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  return (table = made);
}

/** f32 numbers as half floats, rounded to nearest, ties to even. Past 65,519 in size they become infinite. */
export function toHalves(values: Float32Array<ArrayBuffer>): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < out.length; i++) {
    const word = bits[i] as number;
    const size = word & 0x7fffffff;
    let half: number;
    if (size < 0x38800000) {
      // Below 2^-14 halves are multiples of 2^-24: adding 2^52 lets the double's own rounding choose one.
      half = Math.abs(values[i] as number) * 2 ** 24 + 2 ** 52 - 2 ** 52;
    } else if (size > 0x7f800000) {
      half = 0x7e00; // not a number
    } else {
      half = Math.min(0x7c00, (size - 0x38000000 + 0xfff + ((size >>> 13) & 1)) >>> 13);
    }
    out[i] = ((word >>> 16) & 0x8000) | half;
  }
  return out;
}

/**
 * The power of two that brings the largest of `values` into [1/2, 1): times it, none leaves what halves can hold. 1
 * where all are zero, or one isn't finite.
 */
export function halfScale(values: Float32Array): number {
  let largest = 0;
  for (const value of values) {
    const size = Math.abs(value);
    if (!(size <= largest)) largest = size; // a NaN stays
  }
  if (largest === 0 || !Number.isFinite(largest)) return 1;
  let scale = 2 ** -(Math.floor(Math.log2(largest)) + 1);
  if (largest * scale >= 1) scale /= 2;
  return scale;
}
