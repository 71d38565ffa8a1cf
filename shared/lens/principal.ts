/**
 * Principal components of residual states, by the eigenvalues of the smaller Gram matrix, in f64: of the states
 * with one another where there are fewer of them than dimensions, else of the dimensions. Loaded where components
 * are asked for, because it brings ml-matrix along. Axes: `state`, `d_model`, `component`.
 */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { InputError, NumericsError, ShapeError } from '../errors.ts';
import { transposed } from '../transpose.ts';

export interface PrincipalOptions {
  readonly dModel: number;
  /** Take the mean off first. */
  readonly centred: boolean;
  /** Components wanted; there are as many as the states' rank at most. */
  readonly components: number;
  /** f32[d_model]: the state that each component points to: its product with (state − mean) is not negative. */
  readonly towards: Float32Array;
}

export interface PrincipalComponents {
  /** f64[min(states, d_model)]: σᵢ² / Σσ², largest first; they sum to 1. */
  readonly ratios: Float64Array;
  /** Components there are, C: what was asked for, or fewer where the states span fewer dimensions. */
  readonly count: number;
  /** f64[C, d_model], each of length 1, at right angles to one another. */
  readonly directions: Float64Array;
  /** f64[state, C]: the states, without the mean, along the components. */
  readonly path: Float64Array;
  /** f64[d_model]: what was taken off; zeros where nothing was. */
  readonly mean: Float64Array;
}

/** The largest Gram matrix that is decomposed: a few seconds of one core. */
export const MAX_GRAM = 1024;

/** Share of the largest eigenvalue below which a direction is rounding: f64 on a matrix of squares. */
const RANK = 1e-12;

/** Share of the sum of squares below which the variance is rounding: that of f64, squared. */
const NO_VARIANCE = 1e-28;

/**
 * Principal components of states.
 *
 * @param states f32[state, d_model]
 * @throws {ShapeError} `directions: states: expected [*, 192], got 100 numbers`
 * @throws {InputError} for no component, or more states and dimensions than {@link MAX_GRAM}.
 * @throws {NumericsError} for states that hold no number, or that have no variance: all the same, or all zero.
 * @see Pearson 1901; mathematics: σᵢ², the eigenvalues of the Gram matrix.
 */
export function principalComponents(states: Float32Array, options: PrincipalOptions): PrincipalComponents {
  const { dModel, centred, components, towards } = options;
  const rows = states.length / dModel;
  if (rows < 1 || !Number.isInteger(rows)) {
    throw new ShapeError(`directions: states: expected [*, ${dModel}], got ${states.length} numbers`);
  }
  if (towards.length !== dModel) {
    throw new ShapeError(`directions: towards: expected [${dModel}], got [${towards.length}]`);
  }
  if (!Number.isInteger(components) || components < 1) {
    throw new InputError(`directions: components: expected a whole number from 1, got ${components}`);
  }
  const size = Math.min(rows, dModel);
  if (size > MAX_GRAM) {
    throw new InputError(
      `directions: ${rows} states of width ${dModel} are too many to take apart (${MAX_GRAM} is the most): take one position, or a shorter prompt`,
    );
  }
  if (!states.every(Number.isFinite)) {
    throw new NumericsError(
      'directions: a residual state is not a finite number: the weights are damaged, or this device computes wrong. Try the other device.',
    );
  }
  const mean = centred ? meanOf(states, dModel) : new Float64Array(dModel);
  const centredStates = Float64Array.from(states, (x, i) => x - (mean[i % dModel] as number));
  const byState = rows <= dModel;
  const gram = byState
    ? gramOfRows(centredStates, rows, dModel)
    : gramOfRows(transposed(centredStates, rows, dModel), dModel, rows);
  const total = gram.trace();
  // Taking a mean off leaves rounding of states that are all the same.
  const scale = states.reduce((sum, x) => sum + x * x, 0);
  if (!(total > scale * NO_VARIANCE)) {
    throw new NumericsError(
      rows === 1 && centred
        ? 'directions: one state alone has no variance: take more, or leave the mean in'
        : `directions: all ${rows} states are the same${centred ? '' : ' (zero)'}: there is no direction in them`,
    );
  }
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(gram, { assumeSymmetric: true });
  const order = realEigenvalues.map((_, i) => i).sort((a, b) => eigen(b) - eigen(a));
  function eigen(i: number): number {
    return realEigenvalues[i] as number;
  }
  const ratios = Float64Array.from(order, (i) => Math.max(0, eigen(i)) / total);
  const rank = ratios.findIndex((ratio) => ratio <= (ratios[0] as number) * RANK);
  const count = Math.min(components, rank < 0 ? size : rank);
  const directions = new Float64Array(count * dModel);
  const path = new Float64Array(rows * count);
  for (let c = 0; c < count; c++) {
    const vector = Float64Array.from(eigenvectorMatrix.getColumn(order[c] as number));
    const direction = directions.subarray(c * dModel, (c + 1) * dModel);
    if (byState) combine(centredStates, vector, direction);
    else direction.set(vector);
    orient(direction, towards, mean);
    for (let r = 0; r < rows; r++) {
      path[r * count + c] = dot(centredStates.subarray(r * dModel, (r + 1) * dModel), direction);
    }
  }
  return { ratios, count, directions, path, mean };
}

/** f64[d_model] */
function meanOf(states: Float32Array, dModel: number): Float64Array {
  const mean = new Float64Array(dModel);
  const rows = states.length / dModel;
  states.forEach((x, i) => (mean[i % dModel] = (mean[i % dModel] as number) + x / rows));
  return mean;
}

/** [rows, width] → [rows, rows], every row times every other. */
function gramOfRows(values: Float64Array, rows: number, width: number): Matrix {
  const gram = Matrix.zeros(rows, rows);
  for (let i = 0; i < rows; i++) {
    const row = values.subarray(i * width, (i + 1) * width);
    for (let j = 0; j <= i; j++) {
      const product = dot(row, values.subarray(j * width, (j + 1) * width));
      gram.set(i, j, product);
      gram.set(j, i, product);
    }
  }
  return gram;
}

/** Σ weights[state] · states[state], made a unit vector, into `out`. */
function combine(states: Float64Array, weights: Float64Array, out: Float64Array): void {
  const width = out.length;
  weights.forEach((w, r) => {
    for (let i = 0; i < width; i++) out[i] = (out[i] as number) + w * (states[r * width + i] as number);
  });
  const length = Math.sqrt(dot(out, out));
  for (let i = 0; i < width; i++) out[i] = (out[i] as number) / length;
}

/** Turns a direction towards a state; where the two stand at right angles, its largest entry is positive. */
function orient(direction: Float64Array, towards: Float32Array, mean: Float64Array): void {
  let product = 0;
  let largest = 0;
  direction.forEach((v, i) => {
    product += v * ((towards[i] as number) - (mean[i] as number));
    if (Math.abs(v) > Math.abs(largest)) largest = v;
  });
  if (product < 0 || (product === 0 && largest < 0)) {
    for (let i = 0; i < direction.length; i++) direction[i] = -(direction[i] as number);
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
