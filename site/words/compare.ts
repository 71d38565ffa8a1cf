/** What two runs side by side say, in words made from their numbers: where they part, and which is easier. */
import { convergenceDepth } from '../../shared/lens/convergence.ts';
import type { ComparedCells } from '../../shared/compare/cells.ts';
import type { Comparison } from '../controllers/compare.ts';
import { nats, probability } from '../controllers/numbers.ts';
import type { Segment } from './lens.ts';

/** How one side's prediction after its last token came about. */
export interface SideEnd {
  readonly column: number;
  readonly token: number;
  readonly probability: number;
  /** Of the output, nats. */
  readonly entropy: number;
  /** First layer from which the answer stays. */
  readonly settled: number;
}

/** Undefined while not all rows are read. */
export function endOf({ columns, rows, cells, ...sides }: Comparison, side: 'a' | 'b'): SideEnd | undefined {
  const column = columns.findLastIndex((one) => one[side] >= 0);
  const depth = settledOf({ columns, rows, cells, ...sides }, side)?.[column];
  const last = rows.findLastIndex((row) => row[side] === sides[side].layers - 1);
  const top = cells[last];
  if (depth === undefined || !top) return undefined;
  return {
    column,
    token: top[side].topIds[column * top.k] ?? -1,
    probability: Math.exp(top[side].topLogprobs[column * top.k] ?? NaN),
    entropy: top[side].entropy[column] ?? NaN,
    settled: depth,
  };
}

/** By column, the first layer from which a side's answer stays; undefined while not all rows are read. */
export function settledOf(
  { rows, cells }: Pick<Comparison, 'rows' | 'cells' | 'columns'>,
  side: 'a' | 'b',
): Int32Array | undefined {
  const top1: Int32Array[] = [];
  const layers: number[] = [];
  for (const [r, row] of rows.entries()) {
    const read: ComparedCells | undefined = cells[r];
    if (!read) return undefined;
    const layer = row[side];
    // By depth, a row of the shallower model may stand beside two of the other.
    if (layer === undefined || layer === layers.at(-1)) continue;
    layers.push(layer);
    top1.push(read[side].topIds.filter((_, i) => i % read.k === 0));
  }
  return convergenceDepth(top1, layers);
}

/** One list of segments a sentence; nothing before all rows are read. */
export function compareSentences(found: Comparison): readonly (readonly Segment[])[] {
  const [a, b] = [endOf(found, 'a'), endOf(found, 'b')];
  if (!a || !b) return [];
  const says = (side: 'a' | 'b', end: SideEnd): Segment[] => {
    const { ids, pieces, texts, layers } = found[side];
    const place = found.columns[end.column]?.[side] ?? ids.length - 1;
    return [
      `${side.toUpperCase()} says `,
      { token: texts.get(end.token) ?? '' },
      ' after ',
      { token: pieces[place] ?? '' },
      ` (probability ${probability(end.probability)}, entropy ${nats(end.entropy)} nats), ${settling(end, layers)}`,
    ];
  };
  const parts = partsSentence(found);
  return [[...says('a', a), '; ', ...says('b', b), '.'], easier(found, a, b), ...(parts ? [parts] : [])];
}

function settling({ settled }: SideEnd, layers: number): string {
  if (settled < 0) return 'there from the embedding on';
  return `settled from layer ${settled} of ${layers - 1} on`;
}

/** Entropies nearer than this are the same, nats. */
const SAME = 0.05;

function easier(found: Comparison, a: SideEnd, b: SideEnd): Segment[] {
  const depth = (side: 'a' | 'b', { settled }: SideEnd): number => (settled + 1) / found[side].layers;
  const deeper = depth('b', b) - depth('a', a);
  const earlier = Math.abs(deeper) < 1e-9 ? undefined : deeper > 0 ? 'A' : 'B';
  const surer = Math.abs(a.entropy - b.entropy) < SAME ? undefined : a.entropy < b.entropy ? 'A' : 'B';
  if (!earlier && !surer)
    return ['Both predictions are about as easy: they settle at the same depth and stay as open.'];
  if (!earlier || !surer || earlier === surer) {
    const why = [...(earlier ? ['it settles earlier'] : []), ...(surer ? ['it leaves less open'] : [])];
    return [`${earlier ?? surer} is the easier prediction: ${why.join(' and ')}.`];
  }
  return [`${earlier} settles earlier, but ${surer} leaves less open: neither is easier by both.`];
}

/** Where the outputs are furthest apart. */
function partsSentence({ columns, cells, rows, a, b }: Comparison): Segment[] | undefined {
  const last = rows.findLastIndex((row) => row.a === a.layers - 1 && row.b === b.layers - 1);
  const top = cells[last];
  if (!top) return undefined;
  let [at, most] = [-1, 0];
  top.js.forEach((js, cell) => {
    if (js > most) [at, most] = [cell, js];
  });
  const column = columns[at];
  if (!column || most < 1e-6) {
    return top.js.some((js) => js >= 0)
      ? ['The outputs are the same in every column that both have.']
      : undefined;
  }
  return [
    'The outputs are furthest apart after ',
    { token: a.pieces[column.a] ?? '' },
    ' in A and ',
    { token: b.pieces[column.b] ?? '' },
    ` in B: Jensen–Shannon ${nats(most)} of at most 0.69 nats, KL(A ‖ B) ${nats(top.klAB[at] ?? NaN)}.`,
  ];
}
