/** Where a prediction settles. */

/**
 * The first layer from which the top-1 equals the final top-1 through to the end.
 *
 * @param top1 per row, in order, i32[pos]: the row's best token.
 * @param layers per row, its layer (−1 is the embedding row).
 * @returns i32[pos]
 */
export function convergenceDepth(top1: readonly Int32Array[], layers: readonly number[]): Int32Array {
  const last = top1[top1.length - 1];
  if (!last) return new Int32Array(0);
  return last.map((final, pos) => {
    let row = top1.length - 1;
    while (row > 0 && top1[row - 1]?.[pos] === final) row--;
    return layers[row] as number;
  });
}
