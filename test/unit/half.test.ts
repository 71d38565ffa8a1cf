/** Half floats: the way there and back, scales, slices, and graphs that hold their matrices in them. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Queue } from '../../engine/queue.ts';
import { Runtime, type LoadedOrt } from '../../engine/runtime.ts';
import { WeightStore } from '../../engine/weights.ts';
import { MemorySource } from '../../shared/formats/byte-source.ts';
import { halfScale, halfTable, toHalves } from '../../shared/formats/half-float.ts';
import { openSafetensors } from '../../shared/formats/safetensors.ts';
import { blockGraph } from '../../shared/graph/block.ts';
import { slicesOf } from '../../shared/graph/half.ts';
import { readSpec } from '../../shared/spec/read-spec.ts';
import { TINY_CONFIG, tinyWeights } from '../support/tiny-model.ts';

const half = (x: number): number => toHalves(Float32Array.of(x))[0] ?? NaN;

describe('f32 to half', () => {
  it('gives every half back', () => {
    const table = halfTable();
    const back = toHalves(table);
    for (let bits = 0; bits < 65536; bits++) {
      if (Number.isNaN(table[bits])) expect((back[bits] ?? 0) & 0x7fff).toBe(0x7e00);
      else expect(back[bits]).toBe(bits);
    }
  });

  it('takes the nearest, and of two as near the even one', () => {
    const table = halfTable();
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0x7bfe }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (low, at) => {
          const [a = NaN, b = NaN] = table.subarray(low, low + 2);
          const x = Math.fround(a + (b - a) * at);
          const [below, above] = [x - a, b - x];
          const expected = below < above ? low : above < below ? low + 1 : low + (low % 2);
          expect(half(x)).toBe(expected);
          expect(half(-x)).toBe(expected | 0x8000);
        },
      ),
      { numRuns: 5000 },
    );
  });

  it.each([
    [65519, 0x7bff],
    [65520, 0x7c00],
    [-1e30, 0xfc00],
    [Infinity, 0x7c00],
    [NaN, 0x7e00],
    [2 ** -25, 0],
    [2 ** -24 * 1.5, 2],
    [-0, 0x8000],
  ])('%d', (x, bits) => expect(half(x)).toBe(bits));
});

describe('scales', () => {
  it('bring the largest number into [1/2, 1), by a power of two', () => {
    fc.assert(
      fc.property(fc.float({ min: Math.fround(1e-30), max: Math.fround(1e30), noNaN: true }), (x) => {
        const scale = halfScale(Float32Array.of(0, -x, x / 2));
        expect(Number.isInteger(Math.log2(scale))).toBe(true);
        expect(x * scale).toBeGreaterThanOrEqual(0.5);
        expect(x * scale).toBeLessThan(1);
      }),
    );
  });

  it('are one where there is nothing to scale', () => {
    expect(halfScale(new Float32Array(3))).toBe(1);
    expect(halfScale(Float32Array.of(1, NaN))).toBe(1);
    expect(halfScale(Float32Array.of(1, -Infinity))).toBe(1);
  });
});

describe('slices', () => {
  it('divide a row, in at most 256 terms where it divides so', () => {
    expect([64, 192, 256, 576, 1536, 2560, 8192].map(slicesOf)).toEqual([1, 1, 1, 3, 6, 10, 32]);
    expect(slicesOf(1021)).toBe(1); // a prime
  });
});

describe('a graph in f16', () => {
  it('holds its matrices in half the bytes, and in their precision', async () => {
    const file = await openSafetensors(new MemorySource('tiny.safetensors', tinyWeights()));
    const spec = await readSpec('tiny', TINY_CONFIG, file.tensors);
    const weights = new WeightStore(file, spec);
    await weights.need('block.0');
    const options = {
      hooks: ['attn.hook_result' as const],
      checks: false,
      past: false,
      present: false,
      centreFirst: false,
    };
    const graph = blockGraph(spec, 0, weights.inHalf(false), options);
    const halves = [...graph.external].filter(([location]) => location.endsWith('.f16'));
    const d = TINY_CONFIG.n_embd;
    expect(halves).toHaveLength(4);
    expect(halves.reduce((n, [, bytes]) => n + bytes.byteLength, 0)).toBe(2 * 12 * d * d);
    const name = 'h.0.mlp.c_fc.weight';
    const { data, scale } = weights.inHalf(false).half?.(name) ?? {};
    const words = new Uint16Array(data?.bytes.buffer ?? new ArrayBuffer(0));
    const exact = (await weights.tensor(name)).data;
    expect(words).toHaveLength(exact.length);
    words.forEach((bits, i) => {
      const value = (halfTable()[bits] ?? NaN) / (scale ?? NaN);
      expect(Math.abs(value - (exact[i] ?? NaN))).toBeLessThanOrEqual(
        Math.abs(exact[i] ?? NaN) * 2 ** -11 + 1e-7,
      );
    });
  });

  it.each([
    ['wasm', /compute f16: expected WebGPU with shader-f16, got wasm .*choose the device webgpu, or leave/],
    ['webgpu', /compute f16: expected a graphics adapter with shader-f16, got old one without it: leave/],
  ] as const)('is refused on %s without it', (name, message) => {
    const device = { name, detail: 'old one', reason: 'asked for', f16: false };
    const loaded = { ort: {} as LoadedOrt['ort'], queue: new Queue(), device, gpu: undefined };
    expect(() => new Runtime(loaded, 'f16')).toThrow(message);
    expect(new Runtime({ ...loaded, device: { ...device, f16: true } }, 'f16').device.compute).toBe('f16');
  });
});
