/** Number formats of stored weights, and their way to f32. */
import {
  dequantizeQ4_0,
  dequantizeQ4_1,
  dequantizeQ5_0,
  dequantizeQ5_1,
  dequantizeQ8_0,
} from './gguf/dequantize.ts';
import { dequantizeQ4_K, dequantizeQ5_K, dequantizeQ6_K } from './gguf/dequantize-k.ts';
import { halfTable } from './half-float.ts';

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
  Q8_0: { numbers: 32, bytes: 34 },
  Q4_0: { numbers: 32, bytes: 18 },
  Q4_1: { numbers: 32, bytes: 20 },
  Q5_0: { numbers: 32, bytes: 22 },
  Q5_1: { numbers: 32, bytes: 24 },
  Q4_K: { numbers: 256, bytes: 144 },
  Q5_K: { numbers: 256, bytes: 176 },
  Q6_K: { numbers: 256, bytes: 210 },
} as const satisfies Record<string, Layout>;

export type Dtype = keyof typeof LAYOUTS;

/** Types that become f32. */
export type FloatDtype = Exclude<Dtype, 'I64' | 'I32'>;

/** Several numbers share a scale: ggml's quantized types. */
export type QuantizedDtype = Extract<Dtype, `Q${string}`>;

export function isDtype(value: unknown): value is Dtype {
  return typeof value === 'string' && Object.hasOwn(LAYOUTS, value);
}

export function isFloat(dtype: Dtype): dtype is FloatDtype {
  return dtype !== 'I64' && dtype !== 'I32';
}

export function isQuantized(dtype: Dtype): dtype is QuantizedDtype {
  return LAYOUTS[dtype].numbers > 1;
}

/** Numbers that are stored together: a row holds whole blocks. */
export function blockSize(dtype: Dtype): number {
  return LAYOUTS[dtype].numbers;
}

/** Bytes of so many numbers, which fill whole blocks. */
export function byteLength(dtype: Dtype, numbers: number): number {
  const layout = LAYOUTS[dtype];
  return (numbers / layout.numbers) * layout.bytes;
}

/** `bytes` as `count` little-endian 16-bit words, copied only where they are not aligned. */
function words16(bytes: Uint8Array, count: number): Uint16Array {
  if (bytes.byteOffset % 2 === 0) return new Uint16Array(bytes.buffer, bytes.byteOffset, count);
  return new Uint16Array(bytes.slice().buffer, 0, count);
}

type Kernel = (bytes: Uint8Array, out: Float32Array) => void;

const KERNELS: Readonly<Record<FloatDtype, Kernel>> = {
  F32: (bytes, out) => {
    new Uint8Array(out.buffer).set(bytes);
  },
  F16: (bytes, out) => {
    const table = halfTable();
    const words = words16(bytes, out.length);
    for (let i = 0; i < out.length; i++) out[i] = table[words[i] as number] as number;
  },
  BF16: (bytes, out) => {
    const bits = new Uint32Array(out.buffer);
    const words = words16(bytes, out.length);
    for (let i = 0; i < out.length; i++) bits[i] = (words[i] as number) << 16;
  },
  Q8_0: dequantizeQ8_0,
  Q4_0: dequantizeQ4_0,
  Q4_1: dequantizeQ4_1,
  Q5_0: dequantizeQ5_0,
  Q5_1: dequantizeQ5_1,
  Q4_K: dequantizeQ4_K,
  Q5_K: dequantizeQ5_K,
  Q6_K: dequantizeQ6_K,
};

/**
 * Stored floats as f32.
 *
 * @param bytes little-endian values of `dtype`, whole blocks (every platform that runs WebAssembly is little-endian).
 */
export function toFloat32(bytes: Uint8Array, dtype: FloatDtype): Float32Array<ArrayBuffer> {
  const { numbers, bytes: size } = LAYOUTS[dtype];
  const out = new Float32Array((bytes.byteLength / size) * numbers);
  KERNELS[dtype](bytes, out);
  return out;
}
