/** Dequantization against what Python's `gguf` gives (test/goldens/make_gguf.py). */
import { describe, expect, it } from 'vitest';
import { blockSize, byteLength, isDtype, isFloat, toFloat32 } from '../../shared/formats/dtype.ts';
import { isObject } from '../../shared/formats/json.ts';
import { readJson } from '../support/read-json.ts';

function decode(base64: unknown): Uint8Array<ArrayBuffer> {
  if (typeof base64 !== 'string') throw new Error('gguf.json: expected base64');
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

const golden = readJson('test/goldens/gguf.json');
if (!isObject(golden) || !isObject(golden['cases'])) throw new Error('gguf.json: no cases');
const CASES = Object.entries(golden['cases']).map(([dtype, entry]) => {
  if (!isDtype(dtype) || !isFloat(dtype) || !isObject(entry)) throw new Error(`gguf.json: ${dtype}`);
  return { dtype, bytes: decode(entry['bytes']), floats: new Float32Array(decode(entry['floats']).buffer) };
});

/** Equal numbers, the sign of zero included; a NaN is as good as another. */
function expectSame(ours: Float32Array, theirs: Float32Array): void {
  expect(ours.length).toBe(theirs.length);
  const wrong = theirs.findIndex((x, i) => !Object.is(x, ours[i]));
  expect(wrong < 0 ? 'equal' : `[${wrong}]: expected ${theirs[wrong]}, got ${ours[wrong]}`).toBe('equal');
}

describe('dequantization', () => {
  it('has a golden of every type', () => {
    expect(CASES.map((c) => c.dtype).sort()).toEqual(
      ['BF16', 'F16', 'F32', 'Q4_0', 'Q4_1', 'Q4_K', 'Q5_0', 'Q5_1', 'Q5_K', 'Q6_K', 'Q8_0'].sort(),
    );
  });

  it.each(CASES)('$dtype is bit for bit what Python gives, zeros, subnormals and NaN too', (each) => {
    const { dtype, bytes, floats } = each;
    expect(byteLength(dtype, floats.length)).toBe(bytes.length);
    expectSame(toFloat32(bytes, dtype), floats);
  });

  it.each(CASES)('$dtype does not mind where the bytes lie', ({ dtype, bytes, floats }) => {
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    const one = byteLength(dtype, blockSize(dtype));
    expectSame(toFloat32(shifted.subarray(1), dtype), floats);
    expectSame(
      toFloat32(bytes.subarray(one, 3 * one), dtype),
      floats.slice(blockSize(dtype), 3 * blockSize(dtype)),
    );
    expect(toFloat32(new Uint8Array(0), dtype)).toEqual(new Float32Array(0));
  });
});
