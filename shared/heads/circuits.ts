/**
 * Scores that weights alone give: copying by the eigenvalues of the output–value circuit, and composition of two heads
 * by Frobenius norms, each through d_head × d_head matrices. Axes: e d_head, d d_model.
 */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { NumericsError } from '../errors.ts';
import { seeded, type Random } from '../random.ts';
import { transposed } from '../transpose.ts';

/** A circuit this small beside the matrices that it is a product of is none: their rounding. */
const NOTHING = 1e-6;

/**
 * Σλ / Σ|λ| over the eigenvalues λ of a circuit, real parts over moduli: 1 copies, −1 deletes. Σλ is the trace.
 *
 * @param circuit f[e, e]: W_O·Uᵀ·E·W_V, whose eigenvalues are the non-zero ones of the circuit from token to token.
 * @param scale the product of its factors' norms.
 * @returns NaN where the circuit is zero: the head moves nothing from the embedding to the unembedding.
 * @throws {NumericsError} for what isn't finite.
 * @see Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits"
 */
export function copyingScore(circuit: ArrayLike<number>, e: number, scale: number): number {
  let trace = 0;
  let square = 0;
  for (let i = 0; i < e * e; i++) {
    const x = circuit[i] ?? NaN;
    square += x * x;
    if (i % (e + 1) === 0) trace += x;
  }
  if (!Number.isFinite(square))
    throw new NumericsError('heads: a circuit is not finite: the weights are damaged');
  const norm = Math.sqrt(square);
  if (norm <= NOTHING * scale) return NaN;
  // At norm 1, so that the decomposition's own thresholds mean the same for every head.
  const matrix = new Matrix(
    Array.from({ length: e }, (_, i) =>
      Array.from({ length: e }, (__, j) => (circuit[i * e + j] ?? NaN) / norm),
    ),
  );
  const { realEigenvalues, imaginaryEigenvalues } = new EigenvalueDecomposition(matrix, {
    assumeSymmetric: false,
  });
  const moduli = realEigenvalues.reduce(
    (sum, re, i) => sum + Math.hypot(re, imaginaryEigenvalues[i] ?? 0),
    0,
  );
  // Nilpotent: every eigenvalue is zero.
  return moduli <= NOTHING ? NaN : Math.max(-1, Math.min(1, trace / norm / moduli));
}

/** A pivot this small beside the largest is the rounding of an f32 Gram matrix. */
const NO_PIVOT = 1e-6;

/**
 * L with L·Lᵀ = G, of a Gram matrix that may be singular: then columns of L are zero.
 *
 * @param gram f[e, e], from `offset` on.
 * @returns f32[e, e], lower triangle.
 */
export function gramFactor(gram: ArrayLike<number>, e: number, offset = 0): Float32Array {
  const l = new Float64Array(e * e);
  let largest = 0;
  for (let i = 0; i < e; i++) largest = Math.max(largest, gram[offset + i * (e + 1)] ?? NaN);
  for (let j = 0; j < e; j++) {
    let pivot = gram[offset + j * (e + 1)] ?? NaN;
    for (let k = 0; k < j; k++) pivot -= (l[j * e + k] as number) ** 2;
    if (pivot <= NO_PIVOT * largest) continue;
    const root = Math.sqrt(pivot);
    l[j * (e + 1)] = root;
    for (let i = j + 1; i < e; i++) {
      let sum = gram[offset + i * e + j] ?? NaN;
      for (let k = 0; k < j; k++) sum -= (l[i * e + k] as number) * (l[j * e + k] as number);
      l[i * e + j] = sum / root;
    }
  }
  return Float32Array.from(l);
}

/** Numbers of a symmetric d × d matrix. */
export function packedSize(d: number): number {
  return (d * (d + 1)) / 2;
}

/**
 * Symmetric matrices by their lower triangles, what stands off the diagonal times √2: inner products stay what they are.
 *
 * @param matrices f32[n, d, d]. @returns f32[n, d · (d + 1) / 2]
 */
export function packSymmetric(matrices: Float32Array, d: number): Float32Array {
  const n = matrices.length / d / d;
  const packed = new Float32Array(n * packedSize(d));
  let to = 0;
  for (let i = 0; i < n; i++) {
    for (let row = 0; row < d; row++) {
      const from = (i * d + row) * d;
      for (let column = 0; column < row; column++)
        packed[to++] = (matrices[from + column] as number) * Math.SQRT2;
      packed[to++] = matrices[from + row] as number;
    }
  }
  return packed;
}

export function frobenius(values: ArrayLike<number>, from = 0, count = values.length): number {
  let square = 0;
  for (let i = from; i < from + count; i++) square += (values[i] ?? NaN) ** 2;
  return Math.sqrt(square);
}

/** Draws that the baseline is the mean of. */
const BASELINE_DRAWS = 8;

/**
 * ‖A·B‖ / (‖A‖·‖B‖) of random A and B, each the product of a d × e and an e × d Gaussian matrix: what composition comes
 * to between heads that have nothing to do with each other. Mean over seeded draws.
 */
export function randomComposition(d: number, e: number, seed: number): number {
  const random = seeded(seed);
  let sum = 0;
  for (let draw = 0; draw < BASELINE_DRAWS; draw++) {
    const [a, b, c, f] = [0, 1, 2, 3].map(() => gaussian(random, d * e)) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ]; // a, c: [d, e]; b, f as [d, e] too: the transpose of what they stand for
    const left = gramFactor(cross(a, a, d, e), e);
    const right = gramFactor(cross(f, f, d, e), e);
    // ‖a·bᵀ·c·fᵀ‖ = ‖Lᵀ·(bᵀc)·R‖
    const middle = times(times(transposed(left, e, e), cross(b, c, d, e), e), right, e);
    const one = frobenius(times(transposed(left, e, e), gramFactor(cross(b, b, d, e), e), e));
    const two = frobenius(times(transposed(right, e, e), gramFactor(cross(c, c, d, e), e), e));
    sum += frobenius(middle) / one / two;
  }
  return sum / BASELINE_DRAWS;
}

/** Normal numbers (Box and Muller 1958). */
function gaussian(random: Random, count: number): Float32Array {
  return Float32Array.from(
    { length: count },
    () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next()),
  );
}

/** xᵀ·y. x, y: [d, e]. @returns f64[e, e] */
function cross(x: Float32Array, y: Float32Array, d: number, e: number): Float64Array {
  const out = new Float64Array(e * e);
  for (let row = 0; row < d; row++) {
    for (let i = 0; i < e; i++) {
      const left = x[row * e + i] as number;
      for (let j = 0; j < e; j++)
        out[i * e + j] = (out[i * e + j] as number) + left * (y[row * e + j] as number);
    }
  }
  return out;
}

/** [e, e] · [e, e] */
function times(x: ArrayLike<number>, y: ArrayLike<number>, e: number): Float64Array {
  const out = new Float64Array(e * e);
  for (let i = 0; i < e; i++) {
    for (let k = 0; k < e; k++) {
      const left = x[i * e + k] ?? NaN;
      for (let j = 0; j < e; j++) out[i * e + j] = (out[i * e + j] as number) + left * (y[k * e + j] ?? NaN);
    }
  }
  return out;
}
