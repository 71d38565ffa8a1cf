/** How far two lists of numbers are apart. */
import { expect } from 'vitest';

/**
 * The largest |ours − theirs|; Infinity where a number is missing on either side.
 *
 * @param bothMissing what it counts where both sides have NaN: 0 where a reading may say that there is none.
 */
export function worst(
  ours: ArrayLike<number> | undefined,
  theirs: ArrayLike<number> | undefined,
  bothMissing = Infinity,
): number {
  expect(ours?.length).toBe(theirs?.length);
  return Array.from(ours ?? []).reduce((most, x, i) => {
    const y = theirs?.[i] ?? NaN;
    if (Number.isNaN(x) && Number.isNaN(y)) return Math.max(most, bothMissing);
    return Math.max(most, Number.isNaN(x) || Number.isNaN(y) ? Infinity : Math.abs(x - y));
  }, 0);
}
