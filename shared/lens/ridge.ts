/**
 * Ridge regression from streamed moments, in f64, by its closed form. x and y are rows, as in TransformerLens:
 * ŷ = x·A + b. Every coordinate of x is divided by its standard deviation before the penalty, so that one huge
 * coordinate (SmolLM2 has them) does not set the penalty of all others; the intercept is not penalized.
 *
 * With n rows, means μ, standard deviations s, R the correlations of x and S = Σ (x − μ_x)ᵀ(y − μ_y) / (n·s):
 * B = (R + λI)⁻¹·S, A = B / s (row by row), b = μ_y − μ_x·A.
 */
import { InputError } from '../errors.ts';
import { cholesky, PANEL, quadratic, solvePanel } from './cholesky.ts';

/** Sums over rows of x and y, each less a shift near its mean, so that no digits go to the mean's square. */
export interface Moments {
  readonly d: number;
  rows: number;
  /** f64[d]: what was taken off every x and y before it was summed. */
  readonly shiftX: Float64Array;
  readonly shiftY: Float64Array;
  /** f64[d] */
  readonly sumX: Float64Array;
  readonly sumY: Float64Array;
  /** f64[d, d]: Σ xᵀx and Σ xᵀy. */
  readonly xx: Float64Array;
  readonly xy: Float64Array;
  /** Σ ‖y‖² */
  yy: number;
}

export function emptyMoments(d: number, shiftX: Float64Array, shiftY: Float64Array): Moments {
  return {
    d,
    rows: 0,
    shiftX,
    shiftY,
    sumX: new Float64Array(d),
    sumY: new Float64Array(d),
    xx: new Float64Array(d * d),
    xy: new Float64Array(d * d),
    yy: 0,
  };
}

/** ŷ = x·weight + bias. */
export interface Affine {
  /** f64[d, d] */
  readonly weight: Float64Array;
  /** f64[d] */
  readonly bias: Float64Array;
  /** The penalty that was chosen, one of {@link LAMBDAS}. */
  readonly lambda: number;
}

/** Penalties that are tried, against correlations: 1 weighs as much as the data. */
export const LAMBDAS = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1] as const;
const FIRST_GUESS = 1e-4;
/** Up to so many targets each counts in the choice of λ; of more, so many mixes of all with random signs. */
const EXACT_TARGETS = 256;
const MIXES = 128;

/** Centred on the training rows' means and scaled by their deviations. */
interface Normal {
  readonly meanX: Float64Array;
  readonly meanY: Float64Array;
  readonly scale: Float64Array;
  /** f64[d, d]: Σ over rows of xᵀx and xᵀy, over n. */
  readonly xx: Float64Array;
  readonly xy: Float64Array;
}

function means({ d, rows, sumX, sumY }: Moments): { meanX: Float64Array; meanY: Float64Array } {
  return {
    meanX: Float64Array.from({ length: d }, (_, i) => (sumX[i] as number) / rows),
    meanY: Float64Array.from({ length: d }, (_, i) => (sumY[i] as number) / rows),
  };
}

/** Moments about other means, which are given without the shift, over the rows and the scales. */
function about(m: Moments, meanX: Float64Array, meanY: Float64Array, scale: Float64Array): Normal {
  const { d, rows } = m;
  const xx = new Float64Array(d * d);
  const xy = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    const [mi, si, scaleI] = [meanX[i] as number, m.sumX[i] as number, scale[i] as number];
    for (let j = 0; j < d; j++) {
      const [mx, my, at] = [meanX[j] as number, meanY[j] as number, i * d + j];
      const moved = (m.xx[at] as number) - si * mx - mi * (m.sumX[j] as number) + rows * mi * mx;
      xx[at] = moved / (rows * scaleI * (scale[j] as number));
      const cross = (m.xy[at] as number) - si * my - mi * (m.sumY[j] as number) + rows * mi * my;
      xy[at] = cross / (rows * scaleI);
    }
  }
  return { meanX, meanY, scale, xx, xy };
}

function standardize(m: Moments): Normal {
  const { d, rows } = m;
  const { meanX, meanY } = means(m);
  const scale = Float64Array.from({ length: d }, (_, i) => {
    const second = (m.xx[i * d + i] as number) / rows;
    const variance = second - (meanX[i] as number) ** 2;
    // What f32 sums leave of a constant is no deviation: it stays a constant, with no weight.
    return variance > 1e-12 * second ? Math.sqrt(variance) : Infinity;
  });
  return about(m, meanX, meanY, scale);
}

/**
 * Fits y on x.
 *
 * @param train moments of the rows to fit, and `held` of rows kept apart, with the same shifts: λ is the one of
 * {@link LAMBDAS} with the smallest squared error there, searched downhill from `guess`.
 * @param pause is awaited between steps of some hundredths of a second.
 * @throws {InputError} when there are fewer rows than unknowns. {@link NumericsError} when they don't determine a fit.
 */
export async function fitRidge(
  train: Moments,
  held: Moments,
  pause: () => Promise<void>,
  guess: number = FIRST_GUESS,
): Promise<Affine> {
  const { d } = train;
  if (train.rows <= d || held.rows < 1) {
    throw new InputError(
      `fit: expected more than ${d} positions to fit on and some held out, got ${train.rows} and ${held.rows}: give more prompts`,
    );
  }
  const own = standardize(train);
  const other = about(held, own.meanX, own.meanY, own.scale);
  const targets = mixed(own.xy, d);
  const heldTargets = mixed(other.xy, d);
  const columns = targets.length / d;

  const factors = new Map<number, Float64Array>();
  const factor = (lambda: number): Float64Array => {
    const known = factors.get(lambda);
    if (known) return known;
    const a = own.xx.slice();
    for (let i = 0; i < d; i++) a[i * d + i] = (a[i * d + i] as number) + lambda;
    cholesky(a, d);
    factors.set(lambda, a);
    return a;
  };
  /** The squared error on the held-out rows, but for what no fit changes. */
  const error = async (lambda: number): Promise<number> => {
    const l = factor(lambda);
    let total = 0;
    for (let from = 0; from < columns; from += PANEL) {
      await pause();
      const width = Math.min(PANEL, columns - from);
      const b = panel(targets, d, columns, from, width);
      solvePanel(l, d, b, width);
      const right = panel(heldTargets, d, columns, from, width);
      total += quadratic(other.xx, d, b, width);
      for (let i = 0; i < b.length; i++) total -= 2 * (b[i] as number) * (right[i] as number);
    }
    return total;
  };
  const lambda = await downhill(error, guess);

  const l = factor(lambda);
  const weight = new Float64Array(d * d);
  for (let from = 0; from < d; from += PANEL) {
    await pause();
    const width = Math.min(PANEL, d - from);
    const b = panel(own.xy, d, d, from, width);
    solvePanel(l, d, b, width);
    for (let i = 0; i < d; i++) {
      const scale = own.scale[i] as number;
      for (let c = 0; c < width; c++) weight[i * d + from + c] = (b[i * width + c] as number) / scale;
    }
  }
  const bias = Float64Array.from(
    { length: d },
    (_, j) => (own.meanY[j] as number) + (train.shiftY[j] as number),
  );
  for (let i = 0; i < d; i++) {
    const mean = (own.meanX[i] as number) + (train.shiftX[i] as number);
    for (let j = 0; j < d; j++) bias[j] = (bias[j] as number) - mean * (weight[i * d + j] as number);
  }
  return { weight, bias, lambda };
}

/** The λ with the smallest error, from a guess by steps to the better neighbour. */
async function downhill(error: (lambda: number) => Promise<number>, guess: number): Promise<number> {
  const known = new Map<number, number>();
  const at = async (index: number): Promise<number> => {
    const lambda = LAMBDAS[index];
    if (lambda === undefined) return Infinity;
    const found = known.get(index) ?? (await error(lambda));
    known.set(index, found);
    return found;
  };
  let index = Math.max(0, LAMBDAS.indexOf(guess as (typeof LAMBDAS)[number]));
  for (;;) {
    const here = await at(index);
    const [below, above] = [await at(index - 1), await at(index + 1)];
    if (below >= here && above >= here) return LAMBDAS[index] as number;
    index += below < above ? -1 : 1;
  }
}

/** Columns [from, from + width) of f64[d, columns]. */
function panel(a: Float64Array, d: number, columns: number, from: number, width: number): Float64Array {
  const out = new Float64Array(d * width);
  for (let i = 0; i < d; i++) out.set(a.subarray(i * columns + from, i * columns + from + width), i * width);
  return out;
}

/**
 * The targets' columns, or mixes of them with random signs: the mean squared error over such mixes is that over the
 * columns (Hutchinson 1989), and the same mixes serve every λ.
 */
function mixed(xy: Float64Array, d: number): Float64Array {
  if (d <= EXACT_TARGETS) return xy;
  const out = new Float64Array(d * MIXES);
  let state = 1;
  const signs = Int8Array.from({ length: d * MIXES }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 31 === 1 ? 1 : -1;
  });
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < d; j++) {
      const value = xy[i * d + j] as number;
      for (let m = 0; m < MIXES; m++) {
        out[i * MIXES + m] = (out[i * MIXES + m] as number) + value * (signs[j * MIXES + m] as number);
      }
    }
  }
  return out;
}
