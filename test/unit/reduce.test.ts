/** The reducer in plain code against the definitions, over any cut of the vocabulary. */
import { describe, expect, it } from 'vitest';
import { convergenceDepth } from '../../shared/lens/convergence.ts';
import { PlainReducer } from '../../engine/reduce-plain.ts';
import type { Logits, LogitShare } from '../../engine/reduce.ts';
import type { Tensor } from '../../engine/runtime.ts';
import { seeded } from '../support/random.ts';

const VOCAB = 61;

/** The part of a tensor that the plain reducer reads. */
function tensor(data: Float32Array): Tensor {
  return { data, location: 'cpu' } as unknown as Tensor;
}

function cut(rows: readonly Float32Array[], cuts: readonly number[], withExps: boolean): Logits {
  const edges = [0, ...cuts, VOCAB];
  const shares = edges.slice(1).map((to, i): LogitShare => {
    const first = edges[i] as number;
    const parts = rows.map((row) => row.subarray(first, to));
    const flat = (pick: (part: Float32Array) => ArrayLike<number>): Float32Array =>
      Float32Array.from(parts.flatMap((p) => Array.from(pick(p))));
    const exps = flat((p) => p.map((z) => Math.exp(Math.max(-80, z - Math.max(...p)))));
    return {
      first,
      count: to - first,
      tensor: tensor(flat((p) => p)),
      ...(withExps && { exps: tensor(exps) }),
    };
  });
  return { rows: rows.length, shares };
}

function randomRows(seed: number, count: number, spread: number): Float32Array[] {
  const random = seeded(seed);
  return Array.from({ length: count }, () =>
    Float32Array.from({ length: VOCAB }, () => Math.round((random.next() - 0.5) * spread * 4) / 4),
  );
}

function softmax(z: Float32Array): number[] {
  const max = Math.max(...z);
  const e = Array.from(z, (v) => Math.exp(v - max));
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / sum);
}

/** Ids from best to worst; equal logits by smaller id. */
function order(z: Float32Array): number[] {
  return Array.from(z.keys()).sort((a, b) => (z[b] as number) - (z[a] as number) || a - b);
}

describe.each([
  ['whole', [], true],
  ['whole, without exponentials', [], false],
  ['in two shares', [30], true],
  ['in shares of one and many', [1, 2, 60], true],
  ['in shares, without exponentials', [7, 50], false],
])('logits %s', (_, cuts, withExps) => {
  // A spread of 8 in steps of a quarter has many ties; one of 400 has exponentials that vanish.
  it.each([8, 40, 400])('agree with the definitions at a spread of %d', async (spread) => {
    const rows = randomRows(spread, 6, spread);
    const targets = Int32Array.from({ length: 12 }, (__, i) => (i % 5 === 4 ? -1 : (i * 17) % VOCAB));
    const reducer = new PlainReducer();
    const logits = cut(rows, cuts, withExps);
    const stats = await reducer.reduce(logits, { k: 5, targets, perRow: 2 });
    rows.forEach((z, r) => {
      const p = softmax(z);
      const ranked = order(z);
      const entropy = -p.reduce((n, v) => n + (v > 0 ? v * Math.log(v) : 0), 0);
      expect(stats.entropy[r]).toBeCloseTo(entropy, 5);
      expect([...stats.topIds.subarray(r * 5, r * 5 + 5)]).toEqual(ranked.slice(0, 5));
      const logZ = (stats.max[r] as number) + Math.log(stats.sum[r] as number);
      ranked.slice(0, 5).forEach((id, n) => {
        expect((stats.topLogits[r * 5 + n] as number) - logZ).toBeCloseTo(Math.log(p[id] as number), 5);
      });
      for (const j of [2 * r, 2 * r + 1]) {
        const id = targets[j] as number;
        expect(stats.targetRanks[j]).toBe(id < 0 ? -1 : ranked.indexOf(id));
        expect(stats.targetLogits[j]).toEqual(id < 0 ? NaN : z[id]);
      }
    });
  });

  it('compare rows with the output', async () => {
    const [output, row] = [randomRows(3, 4, 30), randomRows(5, 4, 30)];
    const reducer = new PlainReducer();
    const request = { k: 1, targets: new Int32Array(0), perRow: 0 };
    const [own, other] = [cut(output, cuts, withExps), cut(row, cuts, withExps)];
    const [ownStats, otherStats] = [await reducer.reduce(own, request), await reducer.reduce(other, request)];
    const result = await reducer.compare(own, ownStats, other, otherStats, ownStats.topIds);
    output.forEach((z, r) => {
      const [p, q] = [softmax(z), softmax(row[r] as Float32Array)];
      const kl = p.reduce((n, v, i) => n + (v > 0 ? v * Math.log(v / (q[i] as number)) : 0), 0);
      expect(result.kl[r]).toBeCloseTo(kl, 4);
      expect(result.targetRanks[r]).toBe(order(row[r] as Float32Array).indexOf(ownStats.topIds[r] as number));
    });
    const self = await reducer.compare(own, ownStats, own, ownStats, ownStats.topIds);
    expect([...self.kl]).toEqual([0, 0, 0, 0]);
    expect([...self.targetRanks]).toEqual([0, 0, 0, 0]);
  });

  it('show a NaN as a NaN', async () => {
    const rows = randomRows(11, 1, 10);
    (rows[0] as Float32Array)[40] = NaN;
    const request = { k: 2, targets: new Int32Array(0), perRow: 0 };
    const stats = await new PlainReducer().reduce(cut(rows, cuts, withExps), request);
    expect(stats.sum[0]).toBeNaN();
  });
});

describe('convergence depth', () => {
  it('is the first layer from which the top-1 stays the final one', () => {
    const rows = [
      [1, 5, 9, 2],
      [1, 4, 9, 2],
      [1, 5, 8, 2],
      [1, 5, 9, 3],
    ].map((r) => Int32Array.from(r));
    expect([...convergenceDepth(rows, [-1, 0, 1, 2])]).toEqual([-1, 1, 2, 2]);
    expect([...convergenceDepth([], [])]).toEqual([]);
  });
});
