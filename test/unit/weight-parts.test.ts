/** Parts of the weights: what goes after use, what is read again, and how progress counts. */
import { describe, expect, it, vi } from 'vitest';
import type { WeightsProgress } from '../../engine/api.ts';
import { WeightParts, type HoldLimits } from '../../engine/weight-parts.ts';
import { NetworkError } from '../../shared/errors.ts';
import type { ByteSource, OnBytes } from '../../shared/formats/byte-source.ts';
import type { TensorInfo } from '../../shared/formats/tensors.ts';

const BYTES = 1000;
const KEYS = ['a', 'b', 'c', 'd', 'e'];

/** Five parts of a tensor each, in a file that notes what is read of it. */
function setUp(local: boolean, limits: Partial<HoldLimits> = {}) {
  const reads: string[] = [];
  const progress: WeightsProgress[] = [];
  const state = { failAt: Infinity };
  const source: ByteSource = {
    name: 'f',
    size: KEYS.length * BYTES * 1000,
    local,
    async read(start: number, end: number, _signal?: AbortSignal, onBytes?: OnBytes) {
      reads.push(KEYS[start / (BYTES * 1000)] ?? '?');
      const bytes = new Uint8Array(end - start).fill(start / (BYTES * 1000));
      for (let at = 0; at < bytes.length; at += 100) {
        if (at >= state.failAt) throw new NetworkError('broke');
        onBytes?.(100);
        await Promise.resolve();
      }
      return bytes;
    },
  };
  // Far apart, so that each is a request of its own.
  const tensor = (name: string, i: number): TensorInfo => {
    const start = i * BYTES * 1000;
    return { name, dtype: 'F32', shape: [BYTES / 4], source, start, end: start + BYTES };
  };
  const parts = new WeightParts(
    new Map(KEYS.map((key, i) => [key, [tensor(key, i)]])),
    (p) => progress.push(p),
    { holdBytes: 100, holdRemoteBytes: 100, ...limits },
  );
  return { parts, reads, progress, state };
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

describe('parts', () => {
  it('go after use where the model is large, and come again', async () => {
    const { parts, reads } = setUp(true);
    expect(parts.gives).toBe(true);
    const first = await parts.use('a', undefined, () => Promise.resolve(parts.range('a')?.bytes[0]));
    expect(first).toBe(0);
    await settle();
    expect(parts.has('a')).toBe(false);
    expect(reads).toEqual(['b', 'c', 'a']);
    expect(await parts.use('a', undefined, () => Promise.resolve(parts.has('a')))).toBe(true);
    expect(reads).toEqual(['b', 'c', 'a', 'a']); // those behind it are not fetched ahead again
  });

  it('stay while another task uses them', async () => {
    const { parts } = setUp(true);
    let end = (): void => undefined;
    const long = parts.use('a', undefined, () => new Promise<void>((resolve) => (end = resolve)));
    await parts.use('a', undefined, () => Promise.resolve());
    await settle();
    expect(parts.has('a')).toBe(true);
    end();
    await long;
    await settle();
    expect(parts.has('a')).toBe(false);
  });

  it('stay where the model is small, or remote and allowed to', async () => {
    for (const { parts } of [setUp(true, { holdBytes: 5000 }), setUp(false, { holdRemoteBytes: 5000 })]) {
      expect(parts.gives).toBe(false);
      await parts.use('a', undefined, () => Promise.resolve());
      await settle();
      expect(parts.has('a')).toBe(true);
    }
  });

  it('leave a digest behind where reading again costs a download', async () => {
    const [remote, local] = [setUp(false).parts, setUp(true).parts];
    for (const parts of [remote, local]) {
      await parts.use('b', undefined, () => Promise.resolve());
      await vi.waitFor(() => expect(parts.has('b')).toBe(false)); // hashing takes its time
    }
    expect(remote.digest('b')).toMatch(/^[0-9a-f]{64}$/);
    expect(local.digest('b')).toBeUndefined();
  });

  it('count bytes as they arrive, each once, also over a failure and a second reading', async () => {
    const { parts, progress, state } = setUp(true);
    state.failAt = 500;
    await expect(parts.need('e')).rejects.toThrow('broke');
    expect(parts.progress.loadedBytes).toBe(500);
    state.failAt = Infinity;
    for (const key of KEYS) await parts.use(key, undefined, () => Promise.resolve());
    await parts.use('a', undefined, () => Promise.resolve());
    expect(parts.progress).toEqual({ loadedBytes: 5000, totalBytes: 5000 });
    const loaded = progress.map((p) => p.loadedBytes);
    expect(loaded).toEqual([...loaded].sort((a, b) => a - b));
    expect(loaded.some((n) => n % BYTES !== 0)).toBe(true); // within a part too
  });
});
