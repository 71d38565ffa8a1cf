/** Where the table's columns and rows lie, in CSS pixels, and which of them are in sight. Pure. */

/** The row headers; a row and the head, their gaps counted in; the gap. As in the styles. */
export const HEADER_WIDTH = 52;
export const ROW_HEIGHT = 28;
export const GAP = 2;
/** A column with its gap: at the narrowest, and with few tokens. */
const NARROWEST = 62;
const WIDEST = 132;
/** Columns and rows that are made beyond those in sight, on either side. */
const BEYOND = 4;

export interface Span {
  readonly first: number;
  /** Behind the last. */
  readonly end: number;
}

/** @param width of the table's window. */
export function columnWidth(width: number, columns: number): number {
  const even = Math.floor((width - HEADER_WIDTH) / Math.max(columns, 1));
  return Math.min(Math.max(even, NARROWEST), WIDEST);
}

/** What fits into the window plus a few: a span of always the same length, so that elements are used again. */
export function spanInSight(offset: number, window: number, size: number, count: number): Span {
  const length = Math.min(count, Math.ceil(window / size) + 1 + 2 * BEYOND);
  const first = Math.min(Math.max(Math.floor(offset / size) - BEYOND, 0), count - length);
  return { first, end: first + length };
}
