/**
 * ggml's K-quants, blocks of 256 numbers, into f32. A block has half-float scales for all of it and small whole
 * scales for its stretches of 32 (Q4_K, Q5_K) or 16 numbers (Q6_K).
 *
 * As in `dequantize.ts`, the products are exact in f64 and only the last operation rounds, to the same f32 as
 * Python's `gguf`.
 *
 * @see https://github.com/ggml-org/llama.cpp, `ggml/src/ggml-common.h` (layouts), `gguf-py/gguf/quants.py` (values)
 */
import { halfTable } from '../half-float.ts';

/** Numbers in a block. */
const BLOCK = 256;
/** Bytes of the packed 6-bit scales and minimums of Q4_K and Q5_K. */
const PACKED_SCALES = 12;

/** Scale `j` (0–7) out of 12 packed bytes: six bits each, the upper two of 4–7 kept beside 0–3. */
export function packedScale(bytes: Uint8Array, at: number, j: number): number {
  if (j < 4) return (bytes[at + j] as number) & 63;
  return ((bytes[at + 4 + j] as number) & 15) | (((bytes[at + j - 4] as number) >> 2) & 0x30);
}

/** Minimum `j` (0–7) out of the same bytes. */
export function packedMinimum(bytes: Uint8Array, at: number, j: number): number {
  if (j < 4) return (bytes[at + 4 + j] as number) & 63;
  return ((bytes[at + 4 + j] as number) >> 4) | (((bytes[at + j] as number) >> 2) & 0x30);
}

/**
 * 144 bytes: d, dmin, 12 bytes of scales, 128 bytes of quants. x = d·scale·q − dmin·minimum. 32 bytes of quants are
 * two stretches: the low halves, then the high halves.
 */
export function dequantizeQ4_K(bytes: Uint8Array, out: Float32Array): void {
  const half = halfTable();
  let at = 0;
  for (let o = 0; o < out.length; o += BLOCK) {
    const d = half[(bytes[at] as number) | ((bytes[at + 1] as number) << 8)] as number;
    const dmin = half[(bytes[at + 2] as number) | ((bytes[at + 3] as number) << 8)] as number;
    const scales = at + 4;
    const quants = scales + PACKED_SCALES;
    for (let j = 0; j < 8; j++) {
      const scale = d * packedScale(bytes, scales, j);
      const minimum = dmin * packedMinimum(bytes, scales, j);
      const from = quants + (j >> 1) * 32;
      const shift = (j & 1) * 4;
      const to = o + j * 32;
      for (let i = 0; i < 32; i++) {
        out[to + i] = scale * (((bytes[from + i] as number) >> shift) & 15) - minimum;
      }
    }
    at = quants + 128;
  }
}

/** 176 bytes: as Q4_K, with 32 bytes of fifth bits before the quants: bit j of byte i belongs to stretch j. */
export function dequantizeQ5_K(bytes: Uint8Array, out: Float32Array): void {
  const half = halfTable();
  let at = 0;
  for (let o = 0; o < out.length; o += BLOCK) {
    const d = half[(bytes[at] as number) | ((bytes[at + 1] as number) << 8)] as number;
    const dmin = half[(bytes[at + 2] as number) | ((bytes[at + 3] as number) << 8)] as number;
    const scales = at + 4;
    const fifth = scales + PACKED_SCALES;
    const quants = fifth + 32;
    for (let j = 0; j < 8; j++) {
      const scale = d * packedScale(bytes, scales, j);
      const minimum = dmin * packedMinimum(bytes, scales, j);
      const from = quants + (j >> 1) * 32;
      const shift = (j & 1) * 4;
      const to = o + j * 32;
      for (let i = 0; i < 32; i++) {
        const low = ((bytes[from + i] as number) >> shift) & 15;
        const high = (((bytes[fifth + i] as number) >> j) & 1) << 4;
        out[to + i] = scale * (low | high) - minimum;
      }
    }
    at = quants + 128;
  }
}

/**
 * 210 bytes: 128 bytes of low four bits, 64 of high two bits, 16 signed scales, d. x = d·scale·(q − 32). Half a block
 * (128 numbers) takes 64 low bytes, whose low halves are stretches 0 and 1 of 32 and whose high halves are 2 and 3,
 * and 32 high bytes with two bits for each of the four.
 */
export function dequantizeQ6_K(bytes: Uint8Array, out: Float32Array): void {
  const half = halfTable();
  let at = 0;
  for (let o = 0; o < out.length; o += BLOCK) {
    const highs = at + 128;
    const scales = at + 192;
    const d = half[(bytes[at + 208] as number) | ((bytes[at + 209] as number) << 8)] as number;
    for (let j = 0; j < 8; j++) {
      const part = j >> 2; // which half of the block
      const k = j & 3; // which stretch of 32 in it
      const low = at + part * 64 + (k & 1) * 32;
      const lowShift = (k >> 1) * 4;
      const high = highs + part * 32;
      for (let s = 0; s < 32; s += 16) {
        const scale = d * (((bytes[scales + j * 2 + (s >> 4)] as number) << 24) >> 24);
        for (let i = s; i < s + 16; i++) {
          const four = ((bytes[low + i] as number) >> lowShift) & 15;
          const two = ((bytes[high + i] as number) >> (k * 2)) & 3;
          out[o + j * 32 + i] = scale * ((four | (two << 4)) - 32);
        }
      }
    }
    at += 210;
  }
}
