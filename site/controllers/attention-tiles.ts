/** A trace's attention in small maps, as the engine makes them of a run. */
import { headScores, shrink } from '../../shared/lens/attention.ts';
import type { AttentionData } from '../../shared/trace/data.ts';
import { weightsOf, type LayerTiles } from './attention.ts';

/** Places on a side of a small map, at most. */
const SIDE = 48;

export function tilesOfTrace(data: AttentionData, ids: ArrayLike<number>): LayerTiles {
  const { layer, heads } = data;
  const tokens = ids.length;
  const side = Math.min(tokens, SIDE);
  const weights = weightsOf(data);
  const tiles = new Uint8Array(heads.length * side * side);
  heads.forEach((_, h) => {
    const small = shrink(weights, tokens, side, h * tokens * tokens);
    tiles.set(
      small.map((weight) => Math.round(255 * weight)),
      h * side * side,
    );
  });
  const scores = headScores(weights, ids, { heads: heads.length, tokens });
  return { layer, heads, side, window: undefined, tiles, scores };
}
