/** Activations in plain code, for readings that need one number at a time. */
import type { Activation } from './spec/model-spec.ts';

/** @see Hendrycks & Gimpel 2016, "Gaussian Error Linear Units" (both forms of GELU) */
export function activationOf(kind: Activation): (x: number) => number {
  switch (kind) {
    case 'gelu_tanh':
      return (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
    case 'gelu':
      return (x) => 0.5 * x * (1 + errorFunction(x / Math.SQRT2));
    case 'relu':
      return (x) => Math.max(0, x);
    case 'silu':
      return (x) => x / (1 + Math.exp(-x));
  }
}

/** To 1.5e-7. @see Abramowitz & Stegun 1964, 7.1.26 */
function errorFunction(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const series =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(x) * (1 - series * Math.exp(-x * x));
}
