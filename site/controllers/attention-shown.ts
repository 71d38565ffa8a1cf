/** The attention map that is shown in large, and its cells in words. */
import { isSeen, type Combination } from '../../shared/lens/attention.ts';
import { visibleText } from '../../shared/picture/visible.ts';
import { length, weight } from '../words/attention.ts';
import type { LayerMaps } from './attention.ts';

export const COMBINED: Readonly<Record<Combination, string>> = {
  mean: 'mean of all heads',
  max: 'largest of all heads',
};
export interface ShownMap {
  readonly maps: LayerMaps;
  /** The head's number, or how the heads are combined. */
  readonly head: number | Combination;
  readonly weighed: boolean;
  /** f32[dest, src] from `offset` on. */
  readonly cells: Float32Array;
  readonly offset: number;
  readonly most: number;
}

export function titleOf({ maps, head, weighed }: ShownMap): string {
  const whose =
    typeof head === 'number'
      ? `Head ${head} of layer ${maps.layer}`
      : `${COMBINED[head]}, layer ${maps.layer}`;
  return `${whose.charAt(0).toUpperCase()}${whose.slice(1)}${weighed ? ', value-weighted' : ''}`;
}

/** `“ley” (7) looks at “D” (5): 0.310` */
export function saidOf({ maps, cells, offset, weighed }: ShownMap, dest: number, src: number): string {
  const { run, tokens, window } = maps;
  const name = (pos: number): string => `“${visibleText(run.pieces[pos] ?? '')}” (${pos})`;
  if (!isSeen(dest, src, window)) return `${name(dest)} does not see ${name(src)}`;
  const value = cells[offset + dest * tokens + src] ?? Number.NaN;
  return `${name(dest)} looks at ${name(src)}: ${weighed ? length(value) : weight(value)}`;
}

/** What each token gets from the one in question (`to`) or gives it (`from`), 0 to 1; NaN where there can be none. */
export function sharesOnText(
  { maps, cells, offset, most }: ShownMap,
  pos: number,
  direction: 'to' | 'from',
): readonly number[] {
  const { tokens, window, run } = maps;
  return run.pieces.map((_, other) => {
    const [dest, src] = direction === 'to' ? [pos, other] : [other, pos];
    return isSeen(dest, src, window)
      ? (cells[offset + dest * tokens + src] ?? Number.NaN) / (most || 1)
      : Number.NaN;
  });
}
