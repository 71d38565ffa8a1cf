/** Bars with a sign: what a chart of parts is made of. */
import type { HeadName } from '../../shared/heads/reading.ts';
import type { Bar } from '../../shared/picture/bars-svg.ts';

export interface BarRow extends Bar {
  /** The head that a click shows. */
  readonly head?: HeadName;
}

/** The parts as one bar under a name; none where there is nothing to sum. */
export function chartRows(parts: readonly { readonly value: number }[], name: string): readonly BarRow[] {
  return parts.length === 0 ? [] : [{ name, value: parts.reduce((a, { value }) => a + value, 0) }];
}
