/** Cosines of what neurons read and what they write. Axes: m neuron, d d_model. */
import { ShapeError } from './errors.ts';
import type { StoredMatrix } from './stored-matrix.ts';

/** How a vector is seen before it is compared. */
export interface Folding {
  /** f[d], and whether the mean over d is taken off: before it, and after. */
  readonly gain?: ArrayLike<number> | undefined;
  readonly before?: boolean;
  readonly after?: boolean;
}

/** A matrix's vectors over d, one a neuron, folded. @param axis where the neurons are. @returns f64[m, d] */
export function neuronRows(
  { data, layout, inputs, outputs }: StoredMatrix,
  axis: 'inputs' | 'outputs',
  { gain, before = false, after = false }: Folding = {},
): Float64Array {
  const [m, d] = axis === 'inputs' ? [inputs, outputs] : [outputs, inputs];
  const neuronIsRow = (layout === 'in-out') === (axis === 'inputs');
  const rows = new Float64Array(m * d);
  for (let i = 0; i < m; i++) {
    const row = rows.subarray(i * d, (i + 1) * d);
    for (let j = 0; j < d; j++) row[j] = data[neuronIsRow ? i * d + j : j * m + i] as number;
    if (before) takeMeanOff(row);
    if (gain) for (let j = 0; j < d; j++) row[j] = (row[j] as number) * (gain[j] as number);
    if (after) takeMeanOff(row);
  }
  return rows;
}

function takeMeanOff(row: Float64Array): void {
  let mean = 0;
  for (const x of row) mean += x;
  mean /= row.length;
  for (let j = 0; j < row.length; j++) row[j] = (row[j] as number) - mean;
}

/** cos of rows i of both, f32[m]; NaN where one is zero. @param x f64[m, d] and `y`. */
export function rowCosines(x: Float64Array, y: Float64Array, d: number): Float32Array {
  if (x.length !== y.length || x.length % d !== 0) {
    throw new ShapeError(`cosines: expected rows of ${d}, as many of both, got ${x.length} and ${y.length}`);
  }
  return Float32Array.from({ length: x.length / d }, (_, i) => {
    let [xy, xx, yy] = [0, 0, 0];
    for (let at = i * d; at < (i + 1) * d; at++) {
      const [a, b] = [x[at] as number, y[at] as number];
      xy += a * b;
      xx += a * a;
      yy += b * b;
    }
    return xy / Math.sqrt(xx) / Math.sqrt(yy);
  });
}

/** Edges of `bins` bins over [−1, 1], f64[bins + 1]. */
export function cosineEdges(bins: number): Float64Array {
  return Float64Array.from({ length: bins + 1 }, (_, i) => -1 + (2 * i) / bins);
}

/** How many cosines fall into each bin, the last one closed; NaN into none. */
export function cosineHistogram(cosines: Float32Array, bins: number): Int32Array {
  const counts = new Int32Array(bins);
  for (const x of cosines) {
    if (Number.isNaN(x)) continue;
    const bin = Math.max(0, Math.min(bins - 1, Math.floor(((x + 1) / 2) * bins)));
    counts[bin] = (counts[bin] as number) + 1;
  }
  return counts;
}
