/**
 * Two runs side by side where only their best candidates are known, or where an id is another token in each: tokens are
 * the same when their texts are. No divergence can be had of that; ranks beyond the candidates are not known.
 */
import type { LayerReadings } from '../lens/readings.ts';
import type { Column } from './align.ts';
import { emptyCells, type ComparedCells, type ComparedSide, type Fared } from './cells.ts';

export interface ToppedSide {
  /** Undefined where this side has no such row. */
  readonly readings: LayerReadings | undefined;
  readonly texts: ReadonlyMap<number, string>;
}

/**
 * @param targets texts of the tokens that are followed, by column; undefined for none.
 * @returns divergences are all NaN.
 */
export function compareTops(
  a: ToppedSide,
  b: ToppedSide,
  columns: readonly Column[],
  { k, targets }: { readonly k: number; readonly targets: readonly (readonly (string | undefined)[])[] },
): ComparedCells {
  const perCell = targets[0]?.length ?? 0;
  const found = emptyCells(columns.length, k, perCell);
  columns.forEach((column, cell) => {
    fill(found.a, cell, k, a.readings, column.a);
    fill(found.b, cell, k, b.readings, column.b);
    const top = (side: ComparedSide, { texts }: ToppedSide): string | undefined =>
      texts.get(side.topIds[cell * k] ?? -1);
    const [ofA, ofB] = [top(found.a, a), top(found.b, b)];
    for (const [own, { texts }, other] of [
      [found.a, a, ofB],
      [found.b, b, ofA],
    ] as const) {
      fare(own.otherTop, cell, own, cell * k, k, texts, other);
      targets[cell]?.forEach((text, i) =>
        fare(own.targets, cell * perCell + i, own, cell * k, k, texts, text),
      );
    }
  });
  return found;
}

function fill(
  side: ComparedSide,
  cell: number,
  k: number,
  readings: LayerReadings | undefined,
  pos: number,
): void {
  if (!readings || pos < 0) return;
  const n = Math.min(k, readings.k);
  side.topIds.set(readings.topIds.subarray(pos * readings.k, pos * readings.k + n), cell * k);
  side.topLogprobs.set(readings.topLogprobs.subarray(pos * readings.k, pos * readings.k + n), cell * k);
  side.entropy[cell] = readings.entropy[pos] ?? NaN;
}

/** Where a text stands among the candidates of a cell. */
function fare(
  to: Fared,
  at: number,
  { topIds, topLogprobs }: ComparedSide,
  from: number,
  k: number,
  texts: ReadonlyMap<number, string>,
  text: string | undefined,
): void {
  if (text === undefined) return;
  for (let i = 0; i < k; i++) {
    const id = topIds[from + i] ?? -1;
    if (id < 0 || texts.get(id) !== text) continue;
    to.logprobs[at] = topLogprobs[from + i] ?? NaN;
    to.ranks[at] = i;
    return;
  }
}
