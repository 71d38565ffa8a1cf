/**
 * Quantized matrices in the form that MatMulNBits computes with, so that they stay small on the device: codes of 4 or
 * 8 bits, a scale a block of 32, and for types with a minimum a small matrix of offsets. Nothing is quantized anew:
 * x = scale · (code − zero) + offset is the file's own number.
 *
 * @see https://github.com/microsoft/onnxruntime, docs/ContribOperators.md, com.microsoft.MatMulNBits
 */
import type { Dtype } from '../dtype.ts';
import { halfTable } from '../half-float.ts';
import { packedMinimum, packedScale } from './dequantize-k.ts';

/** Numbers in a block. */
export const PACKED_BLOCK = 32;

/** A matrix [rows, columns], each row in blocks of 32 along the columns. */
export interface PackedMatrix {
  readonly bits: 4 | 8;
  /** u8[rows, blocks, 32 · bits / 8]; of a byte of 4-bit codes the low half comes first. */
  readonly codes: Uint8Array<ArrayBuffer>;
  /** f32[rows, blocks]. The zero code is 8 (4 bits) or 128 (8 bits). */
  readonly scales: Float32Array<ArrayBuffer>;
  /** f32[blocks, rows]: what is added to each number of a block; undefined where nothing is. */
  readonly offsets: Float32Array<ArrayBuffer> | undefined;
}

export type PackableDtype = Extract<Dtype, 'Q8_0' | 'Q4_0' | 'Q4_1' | 'Q4_K'>;

export function isPackable(dtype: Dtype): dtype is PackableDtype {
  return dtype === 'Q8_0' || dtype === 'Q4_0' || dtype === 'Q4_1' || dtype === 'Q4_K';
}

function halfAt(bytes: Uint8Array, at: number): number {
  return halfTable()[(bytes[at] as number) | ((bytes[at + 1] as number) << 8)] as number;
}

/** Where the blocks of a type put what they hold. Block b of the whole matrix, in the order of its numbers. */
interface Reader {
  readonly scale: (bytes: Uint8Array, b: number) => number;
  /** Undefined: none. */
  readonly minimum?: (bytes: Uint8Array, b: number) => number;
  /** 4 bits: the code of number i. */
  readonly code: (bytes: Uint8Array, b: number, i: number) => number;
}

/** ggml's four-bit blocks: of 16 bytes the low halves are numbers 0–15, the high halves 16–31. */
function nibble(bytes: Uint8Array, at: number, i: number): number {
  return ((bytes[at + (i & 15)] as number) >> (i & 16 ? 4 : 0)) & 15;
}

const K_BYTES = 144;

const READERS: Readonly<Record<PackableDtype, Reader>> = {
  Q8_0: {
    scale: (bytes, b) => halfAt(bytes, b * 34),
    code: (bytes, b, i) => ((bytes[b * 34 + 2 + i] as number) + 128) & 255,
  },
  Q4_0: {
    scale: (bytes, b) => halfAt(bytes, b * 18),
    code: (bytes, b, i) => nibble(bytes, b * 18 + 2, i),
  },
  Q4_1: {
    scale: (bytes, b) => halfAt(bytes, b * 20),
    // x = d·q + m = d·(q − 8) + (m + 8d)
    minimum: (bytes, b) => halfAt(bytes, b * 20 + 2) + 8 * halfAt(bytes, b * 20),
    code: (bytes, b, i) => nibble(bytes, b * 20 + 4, i),
  },
  Q4_K: {
    scale: (bytes, b) => {
      const at = (b >> 3) * K_BYTES;
      return halfAt(bytes, at) * packedScale(bytes, at + 4, b & 7);
    },
    minimum: (bytes, b) => {
      const at = (b >> 3) * K_BYTES;
      const scale = packedScale(bytes, at + 4, b & 7);
      const minimum = packedMinimum(bytes, at + 4, b & 7);
      return 8 * halfAt(bytes, at) * scale - halfAt(bytes, at + 2) * minimum;
    },
    code: (bytes, b, i) => {
      const at = (b >> 3) * K_BYTES + 16 + ((b & 7) >> 1) * 32 + i;
      return ((bytes[at] as number) >> ((b & 1) * 4)) & 15;
    },
  },
};

/**
 * @param bytes rows of whole blocks, in the order in which they are wanted.
 * @param columns a multiple of 32.
 */
export function packMatrix(
  bytes: Uint8Array,
  dtype: PackableDtype,
  rows: number,
  columns: number,
): PackedMatrix {
  const { scale, minimum, code } = READERS[dtype];
  const blocks = columns / PACKED_BLOCK;
  const bits = dtype === 'Q8_0' ? 8 : 4;
  const blockBytes = (PACKED_BLOCK * bits) / 8;
  const codes = new Uint8Array(rows * blocks * blockBytes);
  const scales = new Float32Array(rows * blocks);
  const offsets = minimum === undefined ? undefined : new Float32Array(rows * blocks);
  for (let b = 0; b < rows * blocks; b++) {
    scales[b] = scale(bytes, b);
    if (offsets) offsets[(b % blocks) * rows + Math.floor(b / blocks)] = minimum?.(bytes, b) ?? 0;
    const to = b * blockBytes;
    if (bits === 8) {
      for (let i = 0; i < PACKED_BLOCK; i++) codes[to + i] = code(bytes, b, i);
    } else {
      for (let i = 0; i < PACKED_BLOCK; i += 2) {
        codes[to + i / 2] = code(bytes, b, i) | (code(bytes, b, i + 1) << 4);
      }
    }
  }
  return { bits, codes, scales, offsets };
}
