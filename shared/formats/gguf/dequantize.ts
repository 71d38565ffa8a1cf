/**
 * ggml's quantized types with blocks of 32 numbers, into f32. A block holds a half-float scale d (and a minimum m in
 * the `_1` types), the fifth bits of Q5, then the quants. Of the bytes of 4-bit quants the low halves are numbers
 * 0–15 of the block, the high halves numbers 16–31.
 *
 * Every product here is exact in f64, so that each number is rounded to f32 once: bit for bit what Python's `gguf`
 * computes in f32, where only the last operation rounds.
 *
 * @see https://github.com/ggml-org/llama.cpp, `ggml/src/ggml-common.h` (layouts), `gguf-py/gguf/quants.py` (values)
 */
import { halfTable } from '../half-float.ts';

/** Numbers in a block. */
const BLOCK = 32;
const HALF = BLOCK / 2;

/** 34 bytes: d, then 32 signed bytes q. x = d·q. */
export function dequantizeQ8_0(bytes: Uint8Array, out: Float32Array): void {
  const half = halfTable();
  let at = 0;
  for (let o = 0; o < out.length; o += BLOCK) {
    const d = half[(bytes[at] as number) | ((bytes[at + 1] as number) << 8)] as number;
    at += 2;
    for (let i = 0; i < BLOCK; i++) out[o + i] = d * (((bytes[at + i] as number) << 24) >> 24);
    at += BLOCK;
  }
}

/** 18 bytes: d, then 16 bytes of quants. x = d·(q − 8). */
export function dequantizeQ4_0(bytes: Uint8Array, out: Float32Array): void {
  const half = halfTable();
  let at = 0;
  for (let o = 0; o < out.length; o += BLOCK) {
    const d = half[(bytes[at] as number) | ((bytes[at + 1] as number) << 8)] as number;
    at += 2;
    for (let i = 0; i < HALF; i++) {
      const q = bytes[at + i] as number;
      out[o + i] = d * ((q & 15) - 8);
      out[o + HALF + i] = d * ((q >> 4) - 8);
    }
    at += HALF;
  }
}

/** 20 bytes: d, m, then 16 bytes of quants. x = d·q + m. */
export function dequantizeQ4_1(bytes: Uint8Array, out: Float32Array): void {
  const half = halfTable();
  let at = 0;
  for (let o = 0; o < out.length; o += BLOCK) {
    const d = half[(bytes[at] as number) | ((bytes[at + 1] as number) << 8)] as number;
    const m = half[(bytes[at + 2] as number) | ((bytes[at + 3] as number) << 8)] as number;
    at += 4;
    for (let i = 0; i < HALF; i++) {
      const q = bytes[at + i] as number;
      out[o + i] = d * (q & 15) + m;
      out[o + HALF + i] = d * (q >> 4) + m;
    }
    at += HALF;
  }
}

/** The fifth bits of a block: bit i belongs to number i. */
function fifthBits(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

/** 22 bytes: d, 32 fifth bits, then 16 bytes of quants. x = d·(q − 16). */
export function dequantizeQ5_0(bytes: Uint8Array, out: Float32Array): void {
  const half = halfTable();
  let at = 0;
  for (let o = 0; o < out.length; o += BLOCK) {
    const d = half[(bytes[at] as number) | ((bytes[at + 1] as number) << 8)] as number;
    const fifth = fifthBits(bytes, at + 2);
    at += 6;
    for (let i = 0; i < HALF; i++) {
      const q = bytes[at + i] as number;
      out[o + i] = d * (((q & 15) | (((fifth >>> i) & 1) << 4)) - 16);
      out[o + HALF + i] = d * (((q >> 4) | (((fifth >>> (HALF + i)) & 1) << 4)) - 16);
    }
    at += HALF;
  }
}

/** 24 bytes: d, m, 32 fifth bits, then 16 bytes of quants. x = d·q + m. */
export function dequantizeQ5_1(bytes: Uint8Array, out: Float32Array): void {
  const half = halfTable();
  let at = 0;
  for (let o = 0; o < out.length; o += BLOCK) {
    const d = half[(bytes[at] as number) | ((bytes[at + 1] as number) << 8)] as number;
    const m = half[(bytes[at + 2] as number) | ((bytes[at + 3] as number) << 8)] as number;
    const fifth = fifthBits(bytes, at + 4);
    at += 8;
    for (let i = 0; i < HALF; i++) {
      const q = bytes[at + i] as number;
      out[o + i] = d * ((q & 15) | (((fifth >>> i) & 1) << 4)) + m;
      out[o + HALF + i] = d * ((q >> 4) | (((fifth >>> (HALF + i)) & 1) << 4)) + m;
    }
    at += HALF;
  }
}
