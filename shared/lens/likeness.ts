/** How alike states are, and how long: cosines between layers, norms. Axes: `state`, `d_model`. Sums in f64. */
import { ShapeError } from '../errors.ts';

/** @returns f64[state]: Euclidean lengths. */
export function norms(states: Float32Array, dModel: number): Float64Array {
  const lengths = new Float64Array(rowsOf(states, dModel));
  for (let r = 0; r < lengths.length; r++) lengths[r] = Math.sqrt(product(states, r, r, dModel));
  return lengths;
}

/**
 * Cosine similarity of every two states.
 *
 * @param states f32[state, d_model]
 * @returns f64[state, state], symmetric, −1 to 1; NaN beside a state of length 0, which has no direction.
 */
export function cosines(states: Float32Array, dModel: number): Float64Array {
  const lengths = norms(states, dModel);
  const rows = lengths.length;
  const out = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j <= i; j++) {
      const scale = (lengths[i] as number) * (lengths[j] as number);
      const cosine = scale === 0 ? NaN : Math.max(-1, Math.min(1, product(states, i, j, dModel) / scale));
      out[i * rows + j] = cosine;
      out[j * rows + i] = cosine;
    }
  }
  return out;
}

function rowsOf(states: Float32Array, dModel: number): number {
  const rows = states.length / dModel;
  if (!Number.isInteger(rows)) {
    throw new ShapeError(`directions: states: expected [*, ${dModel}], got ${states.length} numbers`);
  }
  return rows;
}

function product(states: Float32Array, a: number, b: number, dModel: number): number {
  let sum = 0;
  for (let i = 0; i < dModel; i++)
    sum += (states[a * dModel + i] as number) * (states[b * dModel + i] as number);
  return sum;
}
