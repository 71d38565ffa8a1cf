/** The part of a lens table that a small picture can show: the last columns, rows evenly from top to bottom. */
import type { LensCell, LensColumn, LensTable } from './lens-table.ts';

export interface CardTable {
  readonly columns: readonly CardColumn[];
  readonly rows: readonly CardRow[];
  /** Of the whole table. */
  readonly allRows: number;
  readonly allColumns: number;
}

export interface CardColumn extends LensColumn {
  /** Every text that stands in it. */
  readonly labels: readonly string[];
}

export interface CardRow {
  readonly label: string;
  /** One a column. */
  readonly cells: readonly CardCell[];
}

/** As in the table, but `settles` marks the lowest row shown from which on the answer stays. */
export type CardCell = LensCell;

/**
 * @param rows at most; the first and the last are always among them. @param space of all columns together, in the unit
 * of `widthOf`. At least one column is taken.
 */
export function chooseCells(
  table: LensTable,
  rows: number,
  space: number,
  widthOf: (column: CardColumn) => number,
): CardTable {
  const shown = evenly(table.rows.length, rows);
  const columns: CardColumn[] = [];
  let left = space;
  for (const column of table.columns.toReversed()) {
    const cells = shown.map((r) => table.rows[r]?.cells[column.pos]?.label ?? '');
    const whole = { ...column, labels: [column.label, ...cells] };
    left -= widthOf(whole);
    if (left < 0 && columns.length > 0) break;
    columns.unshift(whole);
  }
  const marks = new Map(
    columns.map(({ pos }) => {
      const settled = table.rows.findIndex((row) => row.cells[pos]?.settles === true);
      return [pos, settled === -1 ? undefined : shown.findLast((r) => r <= settled)] as const;
    }),
  );
  return {
    columns,
    rows: shown.map((r) => ({
      label: table.rows[r]?.label ?? '',
      cells: columns.map(({ pos }) => {
        const { label = '–', p = Number.NaN } = table.rows[r]?.cells[pos] ?? {};
        return { label, p, settles: marks.get(pos) === r };
      }),
    })),
    allRows: table.rows.length,
    allColumns: table.columns.length,
  };
}

/** `count` of the numbers below `length`, both ends among them. */
function evenly(length: number, count: number): number[] {
  if (length <= count) return Array.from({ length }, (_, i) => i);
  return Array.from({ length: count }, (_, i) => Math.round((i * (length - 1)) / (count - 1)));
}
