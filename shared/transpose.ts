/**
 * Matrices one after the other, each turned over.
 *
 * @param x [n, rows, columns]; n is what the length says.
 * @returns [n, columns, rows], of the same number type.
 */
export function transposed<T extends Float32Array | Float64Array>(x: T, rows: number, columns: number): T {
  const out = x.slice() as T;
  const size = rows * columns;
  for (let at = 0; at < x.length; at += size) {
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) out[at + c * rows + r] = x[at + r * columns + c] as number;
    }
  }
  return out;
}
