/** Heads' scores that stay on the device: back whole, never another model's, nothing for what is damaged. */
import { describe, expect, it } from 'vitest';
import { headsKey, keepHeads, keptHeads } from '../../engine/kept-heads.ts';
import type { HeadsReading } from '../../engine/heads-api.ts';
import { MemoryStorage } from '../support/kept-memory.ts';

const SHAPE = { layers: 2, heads: 2 };
const table = (...values: number[]): Float32Array => Float32Array.from(values);
const scores = { mean: table(0.1, 0.2, 0.3, 0.4), deviation: table(NaN, 0, 0.25, 1) };

const READING: HeadsReading = {
  ...SHAPE,
  seed: 0,
  bos: undefined,
  length: 2,
  sequences: [[1, 2, 1, 2]],
  patterns: { previous: scores, present: scores, first: scores, duplicate: scores, induction: scores },
  copying: table(-1, NaN, 0.5, 1),
  labels: [['induction'], [], [], ['deleting', 'present token']],
  loss: { first: [{ mean: NaN, deviation: NaN }], second: [{ mean: 0.5, deviation: 0.1 }] },
  composition: {
    q: undefined,
    k: table(...new Array<number>(16).fill(NaN)),
    v: new Float32Array(16),
    baseline: 0.1,
  },
  pair: { previous: { layer: 0, head: 1 }, induction: { layer: 1, head: 0 }, kComposition: 0.2 },
  sentence: 'A pair.',
  notes: [],
};

describe('kept heads', () => {
  it('come back whole, numbers that are none included', async () => {
    const storage = new MemoryStorage();
    const key = headsKey('a'.repeat(64), 'heads-1');
    await keepHeads(key, READING, storage);
    expect(await keptHeads(key, SHAPE, storage)).toEqual(READING);
    expect(await keptHeads(headsKey('b'.repeat(64), 'heads-1'), SHAPE, storage)).toBeUndefined();
    expect(await keptHeads(headsKey('a'.repeat(64), 'heads-2'), SHAPE, storage)).toBeUndefined();
  });

  it('are none where the shape is another, or the file is damaged', async () => {
    const storage = new MemoryStorage();
    const key = headsKey('a'.repeat(64), 'heads-1');
    await keepHeads(key, READING, storage);
    expect(await keptHeads(key, { layers: 2, heads: 3 }, storage)).toBeUndefined();
    await keepHeads(key, { ...READING, copying: table(1) }, storage);
    expect(await keptHeads(key, SHAPE, storage)).toBeUndefined();
    for (const text of ['', '{', 'null', '[]', '{"layers":2,"heads":2}']) {
      await (await storage.open('residscope-heads-1')).put(key, new Response(text));
      expect(await keptHeads(key, SHAPE, storage)).toBeUndefined();
    }
  });
});
