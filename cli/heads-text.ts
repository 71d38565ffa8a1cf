/** The scores of a model's heads as text for a terminal. */
import type { HeadsReading } from '../engine/node.ts';
import {
  byScore,
  COMPOSITIONS,
  PATTERN_SCORES,
  type CompositionKind,
  type SortableScore,
} from '../shared/heads/reading.ts';
import { columns, decimals } from './columns.ts';

/** Edges of each kind that are listed. */
const EDGES = 5;

/** A line a head, what the heads do together, and the loss on both copies. Ends in a line feed. */
export function headsText(model: string, reading: HeadsReading, sort: SortableScore | undefined): string {
  const { layers, heads, patterns, copying, labels, sequences, length } = reading;
  const order = sort ? byScore(reading, sort) : Array.from(copying.keys());
  const rows = order.map((at) => [
    `${Math.floor(at / heads)}.${at % heads}`,
    ...PATTERN_SCORES.map((name) => decimals(patterns[name].mean[at] ?? NaN)),
    spread(patterns.induction.deviation[at] ?? NaN),
    decimals(copying[at] ?? NaN),
    (labels[at] ?? []).join(', '),
  ]);
  const head = ['head', ...PATTERN_SCORES, '±', 'copying', ''];
  return [
    `${model} · ${layers} layers of ${heads} heads · ${sequences.length} ${sequences.length === 1 ? 'draw' : 'draws'} of ${length} random tokens, repeated (seed ${reading.seed})`,
    '',
    ...columns(
      [head, ...rows],
      head.map((_, i) => (i === 0 || i === head.length - 1 ? 'left' : 'right')),
    ),
    '',
    reading.sentence,
    lossLine(reading),
    ...edges(reading),
    ...reading.notes,
    '',
  ].join('\n');
}

function lossLine({ loss }: HeadsReading): string {
  const mean = (list: readonly { readonly mean: number }[]): string => {
    const known = list.map((each) => each.mean).filter((x) => !Number.isNaN(x));
    return (known.reduce((a, b) => a + b, 0) / known.length).toFixed(2);
  };
  return `In-context learning: loss ${mean(loss.first)} nats on the first copy, ${mean(loss.second)} on the second.`;
}

/** The strongest compositions of each kind. */
function edges({ composition, layers, heads }: HeadsReading): string[] {
  if (!composition) return [];
  const cells = layers * heads;
  const name = (at: number): string => `${Math.floor(at / heads)}.${at % heads}`;
  const strongest = (kind: CompositionKind): string | undefined => {
    const table = composition[kind];
    if (!table) return undefined;
    const best = Array.from(table.keys())
      .filter((i) => !Number.isNaN(table[i]))
      .sort((a, b) => (table[b] as number) - (table[a] as number))
      .slice(0, EDGES);
    if (best.length === 0) return undefined;
    const list = best.map(
      (i) => `${name(Math.floor(i / cells))} → ${name(i % cells)} ${decimals(table[i] as number, 3)}`,
    );
    return `  ${kind.toUpperCase()}  ${list.join('   ')}`;
  };
  const lines = COMPOSITIONS.map(strongest).filter((line) => line !== undefined);
  if (lines.length === 0) return [];
  return [
    '',
    `Strongest compositions, less the ${composition.baseline.toFixed(3)} of random matrices of the same rank and shape:`,
    ...lines,
  ];
}

function spread(x: number): string {
  return Number.isNaN(x) ? '' : x.toFixed(2);
}
