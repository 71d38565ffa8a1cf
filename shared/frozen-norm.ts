/**
 * A norm with its scale held at what it is in one run: linear then, so that what it gives is a sum over what was
 * written. Axes: d d_model.
 */
import type { ModelSpec } from './spec/model-spec.ts';

type NormKind = ModelSpec['norm']['kind'];

/**
 * What a norm divides a state by.
 *
 * @param x f[d], before the norm.
 */
export function normScale(
  x: ArrayLike<number>,
  { kind, eps }: Pick<ModelSpec['norm'], 'kind' | 'eps'>,
): number {
  const d = x.length;
  let mean = 0;
  if (kind === 'layer') {
    for (let i = 0; i < d; i++) mean += x[i] ?? NaN;
    mean /= d;
  }
  let squares = 0;
  for (let i = 0; i < d; i++) squares += ((x[i] ?? NaN) - mean) ** 2;
  return Math.sqrt(squares / d + eps);
}

/**
 * The direction before a frozen norm that a direction behind it stands for: N(x)·u = x·throughNorm(u), the norm's bias
 * aside.
 *
 * @param u f[d]. @returns f64[d]: gain ⊙ u, the mean taken off where the norm does, over the scale.
 */
export function throughNorm(
  u: ArrayLike<number>,
  gain: Float64Array,
  kind: NormKind,
  scale: number,
): Float64Array {
  const out = gain.map((g, i) => (g * (u[i] ?? NaN)) / scale);
  return kind === 'layer' ? centre(out) : out;
}

/** Takes the mean off, in place. */
export function centre(x: Float64Array): Float64Array {
  let mean = 0;
  for (const value of x) mean += value;
  mean /= x.length;
  for (let i = 0; i < x.length; i++) x[i] = (x[i] as number) - mean;
  return x;
}

export function dot(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < y.length; i++) sum += (x[i] ?? NaN) * (y[i] ?? NaN);
  return sum;
}

export function vectorLength(x: ArrayLike<number>): number {
  return Math.sqrt(dot(x, x));
}
