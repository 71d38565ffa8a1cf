/** Two runs by layer in one column, as lines of a chart. */
import type { ComparedCells } from '../../shared/compare/cells.ts';
import type { ChartLine } from '../../shared/picture/chart-svg.ts';
import { visibleText } from '../../shared/picture/visible.ts';
import type { Comparison } from './compare.ts';
import { inBoth } from './compare-scale.ts';

export interface CompareLines {
  readonly title: string;
  /** Of a file's name. */
  readonly file: string;
  readonly lines: readonly ChartLine[];
  readonly scale: 'share' | 'nats';
  readonly most?: number;
}

/** Values by row, NaN where a side has none or it is not read yet. */
export function compareLines(found: Comparison, pos: number): readonly CompareLines[] {
  const { cells, dVocab, why } = found;
  const by = (value: (row: ComparedCells) => number | undefined): Float64Array =>
    Float64Array.from(cells, (row) => (row && value(row)) ?? NaN);
  const output = (side: 'a' | 'b', of: 'out-a' | 'out-b'): Float64Array =>
    by((row) => Math.exp(inBoth(row, pos, of).logprobs[side === 'a' ? 0 : 1]));
  const name = (side: 'a' | 'b'): string => {
    const top = cells.findLast((row, r) => row !== undefined && found.rows[r]?.[side] !== undefined);
    const text = found[side].texts.get(top?.[side].topIds[pos * top.k] ?? -1);
    return text === undefined ? `${side.toUpperCase()}’s output` : visibleText(text);
  };
  return [
    {
      title: 'Entropy, nats',
      file: 'entropy',
      scale: 'nats',
      most: Math.log(dVocab),
      lines: [
        { name: 'A', values: by((row) => row.a.entropy[pos]), colour: 0 },
        { name: 'B', values: by((row) => row.b.entropy[pos]), colour: 1, dashed: true },
      ],
    },
    {
      title: 'Probability of each output',
      file: 'probability',
      scale: 'share',
      most: 1,
      lines: [
        { name: `${name('a')} in A`, values: output('a', 'out-a'), colour: 0 },
        { name: `${name('a')} in B`, values: output('b', 'out-a'), colour: 0, dashed: true },
        ...(name('a') === name('b')
          ? []
          : [
              { name: `${name('b')} in A`, values: output('a', 'out-b'), colour: 1 },
              { name: `${name('b')} in B`, values: output('b', 'out-b'), colour: 1, dashed: true },
            ]),
      ],
    },
    ...(why === undefined
      ? [
          {
            title: 'Divergence, nats',
            file: 'divergence',
            scale: 'nats' as const,
            lines: [
              { name: 'KL(A ‖ B)', values: by((row) => row.klAB[pos]), colour: 2 },
              { name: 'KL(B ‖ A)', values: by((row) => row.klBA[pos]), colour: 3, dashed: true },
              { name: 'Jensen–Shannon', values: by((row) => row.js[pos]), colour: 6 },
            ],
          },
        ]
      : []),
  ];
}
