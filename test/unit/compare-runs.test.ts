/** Two prompts side by side: which tokens and layers meet, when vocabularies are one, and the numbers of a cell. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alignOffsets, alignTokens, pairLayers } from '../../shared/compare/align.ts';
import { compareCells, emptyCells, joinCells } from '../../shared/compare/cells.ts';
import { matchVocabularies } from '../../shared/compare/vocabularies.ts';
import { distribution, divergence, isRank, topOf } from '../cases/lens-reference.ts';
import { seeded } from '../support/random.ts';

/** `The|The  capital|capital  ·|of`, a gap as `·`. */
function shown(a: readonly string[], b: readonly string[]): string {
  return alignTokens(a, b)
    .map((column) => `${a[column.a] ?? '·'}|${b[column.b] ?? '·'}`)
    .join(' ');
}

/** Length of the longest common subsequence, by the textbook's table. */
function longestCommon(a: readonly number[], b: readonly number[]): number {
  const row = new Array<number>(b.length + 1).fill(0);
  for (const x of a) {
    let corner = 0;
    b.forEach((y, j) => {
      const above = row[j + 1] ?? 0;
      row[j + 1] = x === y ? corner + 1 : Math.max(above, row[j] ?? 0);
      corner = above;
    });
  }
  return row[b.length] ?? 0;
}

describe('tokens in columns', () => {
  it('equal tokens meet, what differs between them is paired from the right', () => {
    const capital = 'The capital of France is'.split(' ');
    expect(shown(capital, 'The capital of Japan is'.split(' '))).toBe(
      'The|The capital|capital of|of France|Japan is|is',
    );
    expect(shown(capital, 'The capital of the Ivory Coast is'.split(' '))).toBe(
      'The|The capital|capital of|of ·|the ·|Ivory France|Coast is|is',
    );
    expect(shown(['a', 'b'], [])).toBe('a|· b|·');
    expect(shown(['a'], ['b', 'c', 'd'])).toBe('·|b ·|c a|d');
  });

  it('holds every place once, in order, with as many equal pairs as any alignment has', () => {
    const ids = fc.array(fc.nat(4), { maxLength: 24 });
    fc.assert(
      fc.property(ids, ids, (a, b) => {
        const columns = alignTokens(a, b);
        expect(columns.map((c) => c.a).filter((i) => i >= 0)).toEqual([...a.keys()]);
        expect(columns.map((c) => c.b).filter((i) => i >= 0)).toEqual([...b.keys()]);
        expect(columns.every((c) => c.a >= 0 || c.b >= 0)).toBe(true);
        const equal = columns.filter((c) => c.a >= 0 && c.b >= 0 && a[c.a] === b[c.b]).length;
        expect(equal).toBe(longestCommon(a, b));
      }),
    );
  });

  it('tokens of one text by two tokenizers meet where they end at the same character', () => {
    // “tower s” cut as to|wer| s, and as tower| |s; bos in front of both.
    const a = [0, 2, 5, 7].map((end, i, ends) => [ends[i - 1] ?? 0, end] as const);
    const b = [0, 5, 6, 7].map((end, i, ends) => [ends[i - 1] ?? 0, end] as const);
    expect(alignOffsets(a, b)).toEqual([
      { a: 0, b: 0 },
      { a: 1, b: -1 },
      { a: 2, b: 1 },
      { a: -1, b: 2 },
      { a: 3, b: 3 },
    ]);
    // Three tokens of one emoji against one: only the last has all of it. And without a bos on one side.
    const bytes = [[0, 0], [0, 2], [0, 2], [0, 2]] as const; // prettier-ignore
    expect(alignOffsets(bytes, [[0, 2]])).toEqual([
      { a: 0, b: -1 },
      { a: 1, b: -1 },
      { a: 2, b: -1 },
      { a: 3, b: 0 },
    ]);
  });
});

describe('layers in rows', () => {
  it('one model: each beside itself', () => {
    for (const how of ['depth', 'index'] as const) {
      expect(pairLayers({ a: 2, b: 2 }, how)).toEqual([-1, 0, 1].map((l) => ({ a: l, b: l })));
    }
  });

  it('by depth, embeddings and outputs meet; by number, what one has more stands alone', () => {
    const depth = pairLayers({ a: 6, b: 12 }, 'depth');
    expect(depth).toHaveLength(13);
    expect(depth.map((row) => row.b)).toEqual(Array.from({ length: 13 }, (_, i) => i - 1));
    expect(depth[0]).toEqual({ a: -1, b: -1 });
    expect(depth[6]).toEqual({ a: 2, b: 5 });
    expect(depth.at(-1)).toEqual({ a: 5, b: 11 });
    expect(pairLayers({ a: 3, b: 1 }, 'index')).toEqual([
      { a: -1, b: -1 },
      { a: 0, b: 0 },
      { a: 1, b: undefined },
      { a: 2, b: undefined },
    ]);
  });
});

describe('vocabularies', () => {
  const strings = ['a', 'b', 'c'];

  it('are one where every id means the same, whatever is padded', () => {
    expect(matchVocabularies({ strings, dVocab: 3 }, { strings, dVocab: 3 })).toEqual({
      same: true,
      size: 3,
    });
    expect(matchVocabularies({ strings, dVocab: 8 }, { strings, dVocab: 4 })).toEqual({
      same: true,
      size: 4,
    });
  });

  it('differ by a token or by their number, and say how', () => {
    const other = { strings: ['a', 'B', 'C'], dVocab: 3 };
    expect(matchVocabularies({ strings, dVocab: 3 }, other)).toEqual({
      same: false,
      why: 'id 1 is "b" in one and "B" in the other; 2 of 3 ids differ',
    });
    expect(matchVocabularies({ strings, dVocab: 3 }, { strings: ['a'], dVocab: 1 })).toEqual({
      same: false,
      why: 'one has 3 tokens and the other 1',
    });
  });
});

describe('the numbers of a cell', () => {
  const random = seeded(11);
  const rows = (count: number, stride: number): Float32Array =>
    Float32Array.from({ length: count * stride }, () => 12 * (random.next() - 0.5));

  it('are those of the definitions, in doubles; a side that is missing leaves its own part alone', () => {
    const [vocab, k] = [37, 4];
    const a = { logits: rows(3, 40), stride: 40, rows: [0, 2, 1, -1] };
    const b = { logits: rows(3, 37), stride: 37, rows: [1, 0, -1, 2] };
    const targets = Int32Array.of(3, 36, -1, 0);
    const found = compareCells(a, b, { vocab, k, targets, perCell: 1 });
    const of = ({ logits, stride }: typeof a, row: number) =>
      distribution(logits.subarray(row * stride, row * stride + vocab));
    for (const cell of [0, 1]) {
      const [p, q] = [of(a, a.rows[cell] ?? -1), of(b, b.rows[cell] ?? -1)];
      expect(found.klAB[cell]).toBeCloseTo(divergence(p, q), 5);
      expect(found.klBA[cell]).toBeCloseTo(divergence(q, p), 5);
      expect(found.js[cell]).toBeLessThanOrEqual(Math.fround(Math.LN2));
      expect([...found.a.topIds.subarray(cell * k, cell * k + k)]).toEqual(topOf(p, k).ids);
      const top = topOf(p, 1).ids[0] ?? -1;
      expect(found.b.otherTop.logprobs[cell]).toBeCloseTo(q.logprobs[top] ?? NaN, 5);
      expect(isRank(q, top, found.b.otherTop.ranks[cell] ?? -1)).toBe(true);
      expect(found.a.entropy[cell]).toBeCloseTo(p.entropy, 5);
    }
    expect(found.a.entropy[2]).toBeCloseTo(of(a, 1).entropy, 5);
    expect(found.a.targets).toMatchObject({ ranks: { 2: -1 } });
    for (const cell of [2, 3]) {
      expect([found.klAB[cell], found.klBA[cell], found.js[cell]]).toEqual([NaN, NaN, NaN]);
    }
    expect([...found.b.topIds.subarray(2 * k, 3 * k)]).toEqual([-1, -1, -1, -1]);
    expect([...found.a.otherTop.ranks]).toEqual([expect.any(Number), expect.any(Number), -1, -1]);
  });

  it('are 0 for a distribution beside itself, and ln 2 for two that share nothing', () => {
    const logits = Float32Array.of(0, -200, -200, 0);
    const request = { vocab: 2, k: 1, targets: new Int32Array(), perCell: 0 };
    const one = { logits, stride: 2, rows: [0, 0] };
    const found = compareCells(one, { logits, stride: 2, rows: [0, 1] }, request);
    expect([found.klAB[0], found.js[0]]).toEqual([0, 0]);
    expect(found.klAB[1]).toBeCloseTo(200, 4);
    expect(found.js[1]).toBeCloseTo(Math.LN2, 6);
    expect([found.b.otherTop.ranks[1], found.a.otherTop.ranks[1]]).toEqual([1, 1]);
  });

  it('are refused where the logits are none', () => {
    const request = { vocab: 2, k: 1, targets: new Int32Array(), perCell: 0 };
    const bad = { logits: Float32Array.of(NaN, 1), stride: 2, rows: [0] };
    expect(() => compareCells(bad, bad, request)).toThrow(
      'compare: a row of logits is no distribution over 2',
    );
  });

  it('read in parts are those read at once', () => {
    const a = { logits: rows(4, 9), stride: 9, rows: [0, 1, -1, 3] };
    const b = { logits: rows(4, 9), stride: 9, rows: [3, 2, 1, 0] };
    const targets = Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const request = { vocab: 9, k: 3, targets, perCell: 2 };
    const part = (from: number, to: number) =>
      compareCells(
        { ...a, rows: a.rows.slice(from, to) },
        { ...b, rows: b.rows.slice(from, to) },
        { ...request, targets: targets.subarray(2 * from, 2 * to) },
      );
    expect(joinCells([part(0, 1), part(1, 4)])).toEqual(compareCells(a, b, request));
    expect(joinCells([emptyCells(1, 3, 2)]).cells).toBe(1);
  });
});
