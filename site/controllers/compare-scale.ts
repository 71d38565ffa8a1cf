/** What colours the cells of two runs side by side: which number, on which scale, and what the legend says of it. */
import { divergingColor, rampColor, type ColorScheme } from '../../shared/picture/ramp.ts';
import type { ComparedCells, ComparedSide } from '../../shared/compare/cells.ts';
import { FOLLOWED, type Comparison } from './compare.ts';
import { count, nats } from './numbers.ts';

export const COMPARE_BY = ['kl', 'js', 'probability', 'rank', 'entropy'] as const;
export type CompareBy = (typeof COMPARE_BY)[number];

/** Whose probability and rank: each cell's own top token in A, in B, or one that is followed. */
export const COMPARE_OF = ['a', 'b', 'out-a', 'out-b'] as const;
export type CompareOf = (typeof COMPARE_OF)[number] | 'token';

/** One token in one cell of both runs; NaN and −1 where it is not known. */
export interface InBoth {
  /** Its id in the first run's vocabulary, or in the second's where it is the second's own. */
  readonly id: number;
  readonly logprobs: readonly [a: number, b: number];
  readonly ranks: readonly [a: number, b: number];
}

export function inBoth(cells: ComparedCells, cell: number, of: CompareOf): InBoth {
  const { a, b, k, perCell } = cells;
  const own = ({ topIds, topLogprobs }: ComparedSide): readonly [number, number, number] => [
    topIds[cell * k] ?? -1,
    topLogprobs[cell * k] ?? NaN,
    (topIds[cell * k] ?? -1) < 0 ? -1 : 0,
  ];
  const other = ({ otherTop }: ComparedSide): readonly [number, number] => [
    otherTop.logprobs[cell] ?? NaN,
    otherTop.ranks[cell] ?? -1,
  ];
  if (of === 'a' || of === 'b') {
    const [id, logprob, rank] = own(of === 'a' ? a : b);
    const [logprobThere, rankThere] = other(of === 'a' ? b : a);
    return of === 'a'
      ? { id, logprobs: [logprob, logprobThere], ranks: [rank, rankThere] }
      : { id, logprobs: [logprobThere, logprob], ranks: [rankThere, rank] };
  }
  const at = cell * perCell + FOLLOWED.indexOf(of);
  const fares = ({ targets }: ComparedSide): readonly [number, number] => [
    targets.logprobs[at] ?? NaN,
    targets.ranks[at] ?? -1,
  ];
  const [x, y] = [fares(a), fares(b)];
  return { id: -1, logprobs: [x[0], y[0]], ranks: [x[1], y[1]] };
}

/** B less A: what a cell shows by its colour. NaN where there is nothing to show. */
export function valueOf(cells: ComparedCells, cell: number, by: CompareBy, of: CompareOf): number {
  switch (by) {
    case 'kl':
      return cells.klAB[cell] ?? NaN;
    case 'js':
      return cells.js[cell] ?? NaN;
    case 'entropy':
      return (cells.b.entropy[cell] ?? NaN) - (cells.a.entropy[cell] ?? NaN);
    case 'probability': {
      const [a, b] = inBoth(cells, cell, of).logprobs;
      return Math.exp(b) - Math.exp(a);
    }
    case 'rank': {
      const [a, b] = inBoth(cells, cell, of).ranks;
      return a < 0 || b < 0 ? NaN : a - b;
    }
  }
}

export interface CompareScale {
  readonly value: (cells: ComparedCells, cell: number) => number;
  /** Where a value lies on the legend, 0 to 1; beyond is clamped. */
  readonly share: (value: number) => number;
  /** The colour of a place on the legend. */
  readonly colour: (share: number, scheme: ColorScheme) => string;
  /** What stands at the legend's ends. */
  readonly ends: readonly [string, string];
  readonly title: string;
}

/** @param token the followed token, in words. */
export function compareScale(found: Comparison, by: CompareBy, of: CompareOf, token: string): CompareScale {
  const value = (cells: ComparedCells, cell: number): number => valueOf(cells, cell, by, of);
  const whose = {
    a: 'A’s top token',
    b: 'B’s top token',
    'out-a': 'A’s output',
    'out-b': 'B’s output',
    token: `“${token}”`,
  }[of];
  const grows = (share: (v: number) => number, title: string, end: string): CompareScale => ({
    ...{ value, share, colour: rampColor, title },
    ends: ['0', end],
  });
  const turns = (
    size: (v: number) => number,
    title: string,
    ends: readonly [string, string],
  ): CompareScale => ({
    ...{ value, title, ends },
    share: (v) => (size(v) + 1) / 2,
    colour: (share, scheme) => divergingColor(2 * share - 1, scheme),
  });
  switch (by) {
    case 'kl': {
      const most = largest(found, value);
      return grows(
        (v) => Math.log1p(v) / (Math.log1p(most) || 1),
        'KL(A ‖ B), nats',
        `${nats(most)}, logarithmic`,
      );
    }
    case 'js':
      return grows(
        (v) => Math.sqrt(v / Math.LN2),
        'Jensen–Shannon divergence, nats',
        '0.69 (ln 2), root scale',
      );
    case 'probability':
      return turns((v) => v, `probability of ${whose}, B less A`, ['−1, likelier in A', '+1, likelier in B']);
    case 'rank': {
      const most = Math.log1p(found.dVocab - 1);
      return turns((v) => (Math.sign(v) * Math.log1p(Math.abs(v))) / most, `rank of ${whose}, A less B`, [
        `−${count(found.dVocab - 1)}, nearer the top in A`,
        'nearer the top in B; logarithmic',
      ]);
    }
    case 'entropy': {
      const most = largest(found, (cells, cell) => Math.abs(value(cells, cell)));
      return turns((v) => v / (most || 1), 'entropy, B less A, nats', [
        `−${nats(most)}, more open in A`,
        `+${nats(most)}, more open in B`,
      ]);
    }
  }
}

function largest({ cells }: Comparison, value: CompareScale['value']): number {
  let most = 0;
  for (const row of cells) {
    for (let cell = 0; row && cell < row.cells; cell++) {
      const v = value(row, cell);
      if (v > most) most = v;
    }
  }
  return most;
}
