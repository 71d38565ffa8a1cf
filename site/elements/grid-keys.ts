/** Where a key moves the selection in the table: pure, in visual directions. */

export interface Spot {
  /** Lines of the table, bottom up from the embedding’s, 0. */
  readonly line: number;
  readonly pos: number;
}

export interface Extent {
  /** Lines that have readings. */
  readonly lines: number;
  readonly positions: number;
  /** 1 when the last layer is on top, −1 when the first is. */
  readonly up: 1 | -1;
}

/** Rows that Page Up and Page Down jump. */
const PAGE = 5;

/** @returns the new spot, or undefined when the key moves nothing. */
export function moveBy(
  key: { readonly key: string; readonly ctrlKey: boolean; readonly metaKey: boolean },
  { line, pos }: Spot,
  { lines, positions, up }: Extent,
): Spot | undefined {
  const bound = (l: number): number => Math.min(Math.max(l, 0), lines - 1);
  const whole = key.ctrlKey || key.metaKey;
  switch (key.key) {
    case 'ArrowLeft':
      return { line, pos: Math.max(pos - 1, 0) };
    case 'ArrowRight':
      return { line, pos: Math.min(pos + 1, positions - 1) };
    case 'ArrowUp':
      return { line: bound(line + up), pos };
    case 'ArrowDown':
      return { line: bound(line - up), pos };
    case 'PageUp':
      return { line: bound(line + PAGE * up), pos };
    case 'PageDown':
      return { line: bound(line - PAGE * up), pos };
    case 'Home':
      return { line: whole ? bound(up * Infinity) : line, pos: 0 };
    case 'End':
      return { line: whole ? bound(-up * Infinity) : line, pos: positions - 1 };
    default:
      return undefined;
  }
}
