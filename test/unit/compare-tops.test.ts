/** Two runs by their candidates alone: tokens meet by their texts, and what is not among them is not known. */
import { describe, expect, it } from 'vitest';
import { compareTops } from '../../shared/compare/tops.ts';
import type { LayerReadings } from '../../shared/lens/readings.ts';

const none = { ids: new Int32Array(), logprobs: new Float32Array(), ranks: new Int32Array() };
function readings(topIds: readonly number[], k: number): LayerReadings {
  return {
    layer: 0,
    k,
    topIds: Int32Array.from(topIds),
    topLogprobs: Float32Array.from(topIds, (_, i) => -1 - (i % k)),
    entropy: Float32Array.from({ length: topIds.length / k }, (_, pos) => pos + 0.5),
    input: none,
    next: none,
  };
}

describe('candidates of two vocabularies', () => {
  const a = { readings: readings([1, 2, 3, 4], 2), texts: new Map([[1, 'x'], [2, 'y'], [3, 'z'], [4, 'w']]) }; // prettier-ignore
  const b = { readings: readings([7, 8, 9, 7], 2), texts: new Map([[7, 'y'], [8, 'q'], [9, 'z']]) }; // prettier-ignore
  const columns = [
    { a: 0, b: 0 },
    { a: 1, b: -1 },
    { a: 1, b: 1 },
  ];
  const found = compareTops(a, b, columns, { k: 2, targets: [['y'], ['z'], [undefined]] });

  it('find each other’s top token by its text, or not at all', () => {
    expect([...found.a.otherTop.ranks]).toEqual([1, -1, 0]);
    expect([...found.b.otherTop.ranks]).toEqual([-1, -1, 0]);
    expect(found.a.otherTop.logprobs[0]).toBe(-2);
    expect(found.b.otherTop.logprobs[0]).toBeNaN();
    expect([...found.a.targets.ranks]).toEqual([1, 0, -1]);
    expect([...found.b.targets.ranks]).toEqual([0, -1, -1]);
  });

  it('have entropies but no divergence', () => {
    expect([...found.a.entropy]).toEqual([0.5, 1.5, 1.5]);
    expect([...found.b.entropy]).toEqual([0.5, NaN, 1.5]);
    expect([...found.klAB, ...found.js].every(Number.isNaN)).toBe(true);
  });

  it('leave a row alone that one side does not have', () => {
    const alone = compareTops(a, { ...b, readings: undefined }, columns, { k: 2, targets: [] });
    expect([...alone.b.topIds].every((id) => id === -1)).toBe(true);
    expect(alone.a.topIds[0]).toBe(1);
  });
});
