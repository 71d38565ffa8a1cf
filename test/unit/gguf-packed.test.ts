/** Packed matrices hold the file's own numbers, in MatMulNBits' layout. */
import { describe, expect, it } from 'vitest';
import { byteLength, toFloat32 } from '../../shared/formats/dtype.ts';
import {
  isPackable,
  packMatrix,
  type PackableDtype,
  type PackedMatrix,
} from '../../shared/formats/gguf/packed.ts';
import { seeded } from '../support/random.ts';

const [ROWS, COLUMNS] = [3, 512];

/** Random blocks whose half-float scales are ordinary numbers. */
function randomBytes(dtype: PackableDtype): Uint8Array {
  const random = seeded(17);
  const bytes = Uint8Array.from({ length: byteLength(dtype, ROWS * COLUMNS) }, () => random.below(256));
  const step = { Q8_0: 34, Q4_0: 18, Q4_1: 20, Q4_K: 144 }[dtype];
  const halves = dtype === 'Q8_0' || dtype === 'Q4_0' ? 1 : 2;
  for (let at = 0; at < bytes.length; at += step) {
    for (let h = 0; h < halves; h++)
      bytes[at + 2 * h + 1] = (random.below(2) << 7) | (0x28 + random.below(16));
  }
  return bytes;
}

/** As MatMulNBits reads it. */
function unpack({ bits, codes, scales, offsets }: PackedMatrix): number[] {
  const blocks = COLUMNS / 32;
  return Array.from({ length: ROWS * COLUMNS }, (_, n) => {
    const [row, column] = [Math.floor(n / COLUMNS), n % COLUMNS];
    const b = row * blocks + Math.floor(column / 32);
    const code = bits === 8 ? (codes[n] as number) : ((codes[n >> 1] as number) >> (n % 2 ? 4 : 0)) & 15;
    const offset = offsets?.[Math.floor(column / 32) * ROWS + row] ?? 0;
    return (scales[b] as number) * (code - (bits === 8 ? 128 : 8)) + offset;
  });
}

describe.each<PackableDtype>(['Q8_0', 'Q4_0', 'Q4_1', 'Q4_K'])('packed %s', (dtype) => {
  it('holds what the file holds', () => {
    const bytes = randomBytes(dtype);
    const expected = toFloat32(bytes, dtype);
    const packed = packMatrix(bytes, dtype, ROWS, COLUMNS);
    const scale = Math.max(...expected.map(Math.abs));
    expect(scale).toBeGreaterThan(0);
    unpack(packed).forEach((value, i) => {
      expect(Math.abs(value - (expected[i] as number))).toBeLessThanOrEqual(2e-6 * scale);
    });
    expect(packed.codes.length).toBe((ROWS * COLUMNS * packed.bits) / 8);
  });
});

it('other types are not packed', () => {
  expect((['F32', 'F16', 'Q5_0', 'Q6_K'] as const).some(isPackable)).toBe(false);
});
