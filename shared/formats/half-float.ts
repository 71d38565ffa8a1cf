/** Half floats (IEEE 754 binary16) in f32. */

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
