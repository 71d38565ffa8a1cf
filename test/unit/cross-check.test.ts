/** Where two runs differ most: the cell, the reading, and NaN, which is never called equal. */
import { describe, expect, it } from 'vitest';
import type { LateReadings, LayerReadings } from '../../shared/lens/readings.ts';
import { compareTables } from '../../site/controllers/cross-check.ts';

const target = (rank: number) => ({
  ids: Int32Array.of(5, 5),
  logprobs: Float32Array.of(-1, -1),
  ranks: Int32Array.of(rank, rank),
});
function table(change: { entropy?: number; top?: number; rank?: number; kl?: number } = {}) {
  const row = (layer: number, last: boolean): LayerReadings => ({
    layer,
    k: 2,
    topIds: Int32Array.of(1, 2, last ? (change.top ?? 3) : 3, 4),
    topLogprobs: Float32Array.of(-1, -2, -1, -2),
    entropy: Float32Array.of(1, 2 + (last ? (change.entropy ?? 0) : 0)),
    input: target(last ? (change.rank ?? 0) : 0),
    next: target(0),
  });
  const late: LateReadings = {
    finalIds: Int32Array.of(1, 3),
    final: [target(0), target(0)],
    kl: [Float32Array.of(change.kl ?? 0.5, 0.5), Float32Array.of(0, 0)],
    convergence: Int32Array.of(0, 0),
  };
  return { rows: [row(-1, false), row(0, true)], late };
}

describe('compareTables', () => {
  it('finds nothing between equal tables', () => {
    const { differences, topsThatDiffer, ranksThatDiffer, cells } = compareTables(table(), table());
    expect(differences.map(({ value }) => value)).toEqual([0, 0, 0]);
    expect([topsThatDiffer, ranksThatDiffer, cells]).toEqual([0, 0, 4]);
  });

  it('names the cell of the largest difference, and counts tops and ranks', () => {
    const found = compareTables(table(), table({ entropy: 0.25, kl: 0.75, top: 9, rank: 1 }));
    expect(found.differences.find(({ reading }) => reading === 'entropy')).toEqual({
      reading: 'entropy',
      value: 0.25,
      layer: 0,
      pos: 1,
    });
    expect(found.differences.find(({ reading }) => reading === 'KL')).toMatchObject({
      value: 0.25,
      layer: -1,
      pos: 0,
    });
    expect([found.topsThatDiffer, found.ranksThatDiffer]).toEqual([1, 2]);
  });

  it('takes a NaN for the largest difference of all, and refuses another number of rows', () => {
    const found = compareTables(table(), table({ entropy: NaN }));
    expect(found.differences.find(({ reading }) => reading === 'entropy')?.value).toBe(Infinity);
    const short = table();
    expect(() => compareTables(table(), { ...short, rows: short.rows.slice(1) })).toThrow(
      'cross-check: expected 2 rows, got 1',
    );
  });
});
