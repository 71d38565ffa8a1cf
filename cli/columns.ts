/** Rows of text in columns, for a terminal. */
import { displayWidth } from '../shared/picture/display-width.ts';

/** @param align by column; `left` where it says nothing. */
export function columns(
  rows: readonly (readonly string[])[],
  align: readonly ('left' | 'right')[],
): string[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, i) =>
    Math.max(...rows.map((row) => displayWidth(row[i] ?? ''))),
  );
  return rows.map((row) =>
    row
      .map((text, i) => {
        const blanks = ' '.repeat(Math.max(0, (widths[i] ?? 0) - displayWidth(text)));
        return align[i] === 'right' ? blanks + text : text + blanks;
      })
      .join('  ')
      .trimEnd(),
  );
}

/** With a true minus; – for no number. */
export function decimals(x: number, digits = 2): string {
  return Number.isFinite(x) ? x.toFixed(digits).replace('-', '−') : '–';
}

/** A number as JSON has it: what is no number is null. */
export function jsonNumber(x: number): number | null {
  return Number.isFinite(x) ? Number(x.toPrecision(7)) : null;
}
