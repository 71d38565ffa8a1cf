/** Fitted lenses that stay on the device: found by weights and prompts, never in place of another's; damage and a full disk. */
import { describe, expect, it } from 'vitest';
import { keepLens, keptLens, lensKey } from '../../engine/kept-lenses.ts';
import { hashTranslators, readLens } from '../../engine/lens-file.ts';
import type { MemorySource } from '../../shared/formats/byte-source.ts';
import type { Translators } from '../../shared/lens/translators.ts';
import { MemoryStorage } from '../support/kept-memory.ts';

const WEIGHTS = 'a'.repeat(64);
const OTHERS = 'b'.repeat(64);
const PROMPTS = ['One sentence.', 'Another.'];

async function lensOf(weightHash: string): Promise<Translators> {
  const layers = [0, 1].map((i) => ({
    weight: Float32Array.from([i, 2, 3, 4]),
    bias: Float32Array.from([5, i]),
  }));
  return { kind: 'fitted', hash: await hashTranslators(layers), dModel: 2, layers, weightHash };
}

const openFor =
  (weightHash: string) =>
  (source: MemorySource): Promise<Translators> =>
    readLens(source, { dModel: 2, nLayers: 2 }, weightHash);

describe('kept lenses', () => {
  it('come back whole for the same weights, prompts and settings only', async () => {
    const storage = new MemoryStorage();
    const lens = await lensOf(WEIGHTS);
    const key = await lensKey(WEIGHTS, PROMPTS, 'ridge-1');
    await keepLens(key, lens, storage);
    expect(await keptLens(key, openFor(WEIGHTS), storage)).toEqual(lens);
    for (const other of [
      await lensKey(OTHERS, PROMPTS, 'ridge-1'),
      await lensKey(WEIGHTS, PROMPTS.slice(1), 'ridge-1'),
      await lensKey(WEIGHTS, PROMPTS, 'ridge-2'),
    ]) {
      expect(other).not.toBe(key);
      expect(await keptLens(other, openFor(WEIGHTS), storage)).toBeUndefined();
    }
  });

  it('of other weights are not used, even under this one’s key', async () => {
    const storage = new MemoryStorage();
    const key = await lensKey(WEIGHTS, PROMPTS, 'ridge-1');
    await keepLens(key, await lensOf(OTHERS), storage);
    expect(await keptLens(key, openFor(WEIGHTS), storage)).toBeUndefined();
    expect(await keptLens(key, openFor(OTHERS), storage)).toBeDefined();
  });

  it('are passed over when damaged, and not missed when the device is full', async () => {
    const storage = new MemoryStorage();
    const key = await lensKey(WEIGHTS, PROMPTS, 'ridge-1');
    await keepLens(key, await lensOf(WEIGHTS), storage);
    for (const cache of storage.caches.values()) {
      for (const [url, entry] of cache) cache.set(url, { ...entry, bytes: entry.bytes.slice(0, 40) });
    }
    expect(await keptLens(key, openFor(WEIGHTS), storage)).toBeUndefined();
    const full = new MemoryStorage();
    full.quota = 10;
    await keepLens(key, await lensOf(WEIGHTS), full);
    expect(full.used).toBe(0);
  });
});
