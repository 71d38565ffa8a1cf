/** Safetensors written here are read back by our reader, bit for bit, and are aligned. */
import { expect, it } from 'vitest';
import { MemorySource } from '../../shared/formats/byte-source.ts';
import { openSafetensors } from '../../shared/formats/safetensors.ts';
import { planSafetensors, tensorBytes } from '../../shared/formats/safetensors-write.ts';

const f32 = { name: 'blocks.0.hook_resid_post', dtype: 'F32', shape: [1, 3] } as const;
const i64 = { name: 'ids', dtype: 'I64', shape: [2] } as const;
const empty = { name: 'nothing', dtype: 'F32', shape: [0, 4] } as const;

it('writes what the reader reads', async () => {
  const floats = Float32Array.of(1.5, -0, Number.NaN);
  const ids = BigInt64Array.of(-1n, 2n ** 40n);
  const plan = planSafetensors([f32, i64, empty], { model: 'm' });
  expect(plan.tensors.map((t) => t.name)).toEqual(['ids', f32.name, 'nothing']);
  expect(plan.header.length % 8).toBe(0);
  const parts = [plan.header, tensorBytes(i64, ids), tensorBytes(f32, floats)];
  const bytes = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  const file = await openSafetensors(new MemorySource('x', bytes));
  expect(file.metadata).toEqual({ model: 'm' });
  for (const { name, dtype, shape } of [f32, i64, empty]) {
    expect(file.tensors.get(name)).toMatchObject({ dtype, shape });
  }
  const at = file.tensors.get(f32.name);
  expect(new Uint32Array(bytes.slice(at?.start, at?.end).buffer)).toEqual(new Uint32Array(floats.buffer));
  const idsAt = file.tensors.get('ids');
  expect((idsAt?.start ?? 1) % 8).toBe(0);
  expect(new BigInt64Array(bytes.slice(idsAt?.start, idsAt?.end).buffer)).toEqual(ids);
});

it('refuses what no reader would take', () => {
  expect(() => planSafetensors([f32, f32])).toThrow(/a name of its own/);
  expect(() => planSafetensors([{ ...f32, name: '__metadata__' }])).toThrow(/a name of its own/);
  expect(() => planSafetensors([{ ...f32, shape: [-1] }])).toThrow(/expected a shape/);
  expect(() => tensorBytes(f32, new Float32Array(4))).toThrow(/expected \[1, 3\], got 4 numbers/);
});
