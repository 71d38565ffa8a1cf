/** Number formats of stored weights, and their way to f32. */

/** Numbers come in blocks: so many of them take so many bytes. */
interface Layout {
  readonly numbers: number;
  readonly bytes: number;
}

const LAYOUTS = {
  F32: { numbers: 1, bytes: 4 },
  F16: { numbers: 1, bytes: 2 },
  BF16: { numbers: 1, bytes: 2 },
  I64: { numbers: 1, bytes: 8 },
  I32: { numbers: 1, bytes: 4 },
} as const satisfies Record<string, Layout>;

export type Dtype = keyof typeof LAYOUTS;

/** Types that become f32. */
export type FloatDtype = Exclude<Dtype, 'I64' | 'I32'>;

export const DTYPES: readonly string[] = Object.keys(LAYOUTS);

export function isDtype(value: unknown): value is Dtype {
  return typeof value === 'string' && Object.hasOwn(LAYOUTS, value);
}

export function isFloat(dtype: Dtype): dtype is FloatDtype {
  return dtype !== 'I64' && dtype !== 'I32';
}

/** Bytes of so many numbers, which fill whole blocks. */
export function byteLength(dtype: Dtype, numbers: number): number {
  const layout = LAYOUTS[dtype];
  return (numbers / layout.numbers) * layout.bytes;
}

let f16Table: Float32Array | undefined;

/** All 65,536 half floats in f32 (IEEE 754 binary16), made once: 256 kB. */
function halfTable(): Float32Array {
  if (f16Table) return f16Table;
  const table = new Float32Array(65536);
  for (let h = 0; h < 65536; h++) {
    const sign = h & 0x8000 ? -1 : 1;
    const exponent = (h >> 10) & 0x1f;
    const fraction = h & 0x3ff;
    if (exponent === 0) table[h] = sign * fraction * 2 ** -24;
    else if (exponent === 31) table[h] = fraction === 0 ? sign * Infinity : NaN;
    else table[h] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  return (f16Table = table);
}

/** `bytes` as `count` little-endian 16- or 32-bit words, copied only where they are not aligned. */
function words16(bytes: Uint8Array, count: number): Uint16Array {
  if (bytes.byteOffset % 2 === 0) return new Uint16Array(bytes.buffer, bytes.byteOffset, count);
  return new Uint16Array(bytes.slice().buffer, 0, count);
}

/**
 * Stored floats as f32.
 *
 * @param bytes little-endian values of `dtype` (every platform that runs WebAssembly is little-endian).
 */
export function toFloat32(bytes: Uint8Array, dtype: FloatDtype): Float32Array<ArrayBuffer> {
  const count = (bytes.byteLength / LAYOUTS[dtype].bytes) * LAYOUTS[dtype].numbers;
  const out = new Float32Array(count);
  if (dtype === 'F32') {
    new Uint8Array(out.buffer).set(bytes);
  } else if (dtype === 'F16') {
    const table = halfTable();
    const words = words16(bytes, count);
    for (let i = 0; i < count; i++) out[i] = table[words[i] as number] as number;
  } else {
    const bits = new Uint32Array(out.buffer);
    const words = words16(bytes, count);
    for (let i = 0; i < count; i++) bits[i] = (words[i] as number) << 16;
  }
  return out;
}
