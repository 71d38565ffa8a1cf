/** Safetensors files that lie: good ones damaged, and headers made of lies. A typed error each time, and little memory. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError, NotFoundError } from '../../shared/errors.ts';
import { MemorySource } from '../../shared/formats/byte-source.ts';
import { openSafetensors } from '../../shared/formats/safetensors.ts';
import { openSharded } from '../../shared/formats/sharded.ts';
import { CountingSource } from '../support/counting-source.ts';
import { bufferBytes, CASES, damaged, LYING_NUMBERS } from '../support/hostile.ts';
import { f32, goodFile, rawFile } from '../support/safetensors-bytes.ts';

const GOOD = goodFile({
  a: { dtype: 'F32', shape: [2, 2], bytes: f32(1, 2, 3, 4) },
  b: { dtype: 'F16', shape: [2], bytes: new Uint8Array([0x00, 0x3c, 0x00, 0xc0]) },
});
const HEADER_BYTES = GOOD.length - 20;

const lie = fc.constantFrom<unknown>(
  ...[-1, -0, 0.5, 4, 2 ** 31, 2 ** 53, 1e308, null, true, '', 'F32', '4'],
  ...[[], {}, [0], [0, 4, 8], { length: 2 }],
);
const size = fc.oneof({ weight: 8, arbitrary: fc.nat(4) }, { weight: 1, arbitrary: lie });

/** Entries that would lie side by side, some with a lie in them. */
const entry = fc.record({
  name: fc.constantFrom('a', 'b', 'c', '', '__proto__', '__metadata__', 'constructor'),
  dtype: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('F32', 'F16', 'BF16', 'I64', 'I32') },
    { weight: 1, arbitrary: fc.constantFrom<unknown>('F8_E4M3', 'Q4_0', 'toString', '', 4, null) },
  ),
  shape: fc.oneof({ weight: 10, arbitrary: fc.array(size, { maxLength: 3 }) }, { weight: 1, arbitrary: lie }),
  offsets: fc.oneof(
    { weight: 8, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.tuple(size, size) },
    { weight: 1, arbitrary: lie },
  ),
});

const WIDTHS: Readonly<Record<string, number>> = { F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4 };

const lyingFile = fc
  .record({
    entries: fc.array(entry, { maxLength: 4 }),
    length: fc.oneof(
      { weight: 8, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.constantFrom(...LYING_NUMBERS) },
    ),
    missing: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(8) }),
  })
  .map(({ entries, length, missing }) => {
    let at = 0;
    const texts = entries.map(({ name, dtype, shape, offsets }) => {
      const numbers = Array.isArray(shape) ? shape.reduce<number>((n, d) => n * Number(d), 1) : 1;
      const bytes = numbers * (typeof dtype === 'string' ? (WIDTHS[dtype] ?? 4) : 4);
      const place = offsets ?? [at, at + bytes];
      if (bytes >= 0 && bytes < 4096) at += Math.ceil(bytes);
      return `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: place })}`;
    });
    return rawFile(`{${texts.join()}}`, new Uint8Array(Math.max(0, at - missing)), length);
  });

/** Opens each; what opens holds only tensors that lie in the file. */
async function openAll(
  files: fc.Arbitrary<Uint8Array<ArrayBuffer>>,
): Promise<{ opened: number; refused: number }> {
  const seen = { opened: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(files, async (bytes) => {
      const source = new CountingSource('lying.safetensors', bytes);
      const taken = await bufferBytes(async () => {
        try {
          const { tensors } = await openSafetensors(source);
          for (const { start, end } of tensors.values()) {
            expect(start).toBeLessThanOrEqual(end);
            expect(end).toBeLessThanOrEqual(bytes.length);
          }
          seen.opened++;
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
          expect(String(error)).toContain('lying.safetensors');
          seen.refused++;
        }
      });
      expect(source.bytes).toBeLessThanOrEqual(bytes.length);
      expect(taken).toBeLessThanOrEqual(bytes.length + 65_536);
    }),
    CASES,
  );
  return seen;
}

describe('safetensors that lie', () => {
  it('a damaged file ends in a FormatError, or its tensors lie inside it', async () => {
    const seen = await openAll(damaged(GOOD, HEADER_BYTES));
    expect(seen.refused).toBeGreaterThan(2500);
    expect(seen.opened).toBeGreaterThan(100);
  });

  it('a header made of lies does, too', async () => {
    const seen = await openAll(lyingFile);
    expect(seen.refused).toBeGreaterThan(2500);
    expect(seen.opened).toBeGreaterThan(500);
  });

  it('an index of shards ends in a set or a typed error whatever bytes it holds', async () => {
    const shards = new Map([
      ['model-1.safetensors', GOOD],
      ['model-2.safetensors', goodFile({ c: { dtype: 'F32', shape: [1], bytes: f32(3) } })],
    ]);
    const map = { a: 'model-1.safetensors', b: 'model-1.safetensors', c: 'model-2.safetensors' };
    const good = new TextEncoder().encode(JSON.stringify({ weight_map: map }));
    await fc.assert(
      fc.asyncProperty(damaged(good, good.length), async (bytes) => {
        try {
          const set = await openSharded(new MemorySource('index.json', bytes), (file) => {
            const shard = shards.get(file);
            if (!shard) throw new NotFoundError(file);
            return Promise.resolve(new MemorySource(file, shard));
          });
          expect(set.tensors.size).toBeGreaterThan(0);
        } catch (error) {
          expect(error instanceof FormatError || error instanceof NotFoundError).toBe(true);
        }
      }),
      CASES,
    );
  });
});
