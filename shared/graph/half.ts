/**
 * Products in f16, for devices that have it: x·W with W and x in half floats, everything before and after in f32.
 *
 * Half floats end at 65,504, and lose digits below 6e-5; states of 22,495 beside a median of 2 occur. So neither
 * operand goes in as it is: W is stored times a power of two that brings its largest number into [1/2, 1), and each row
 * of x is brought to one length. By Cauchy and Schwarz no element of the product is then larger than the row's length
 * times a column's, which is {@link LARGEST} at most, whatever the model: nothing overflows, and nothing is refused.
 * A GPU's kernel adds up in f16 too, where an error grows with the number of terms: long rows go in slices, whose sums
 * meet in f32.
 */
import type { MatrixRef } from '../spec/model-spec.ts';
import { DATA_TYPE, type Value } from './onnx.ts';
import type { BuildContext } from './parts.ts';

/** Half of f16's range: room for what rounding adds up to. */
const LARGEST = 2 ** 15;
/** Terms that are added up in f16 at most, where the length divides so. */
const SLICE = 256;
/** Slices shorter than this don't pay. */
const LEAST_SLICE = 64;
/** A row shorter than this counts as zero. */
const SHORTEST = 1e-12;

/** A matrix in f16, [.., in, out], times `scale`. */
export interface HalfMatrix {
  readonly value: Value;
  readonly inputs: number;
  readonly scale: number;
}

/** Rows at one length in f16, and f32[.., 1]: what that length was, divided by what it is. */
export interface HalfRows {
  readonly rows: Value;
  readonly factor: Value;
}

/** A stored matrix as f16[in, out]; undefined where products are computed in f32. */
export function halfMatrix({ g, weights, held }: BuildContext, ref: MatrixRef): HalfMatrix | undefined {
  const half = weights.half?.(ref.weight);
  if (!half) return undefined;
  const [rows = 0, columns = 0] = half.shape;
  const key = `${ref.weight}.f16`;
  const stored = held.get(key) ?? g.external(key, 'F16', half.shape, half.data);
  held.set(key, stored);
  const { scale } = half;
  if (ref.layout === 'in-out') return { value: stored, inputs: rows, scale };
  return { value: g.op('Transpose', [stored], { perm: [1, 0] }), inputs: columns, scale };
}

/** The length that rows of so many numbers are brought to: a column of as many ones is √inputs long. */
function commonLength(inputs: number): number {
  return 2 ** Math.floor(Math.log2(LARGEST / Math.sqrt(inputs)));
}

/** Clip without bounds changes nothing, and stands between casts. */
function pin({ g, weights }: BuildContext, x: Value): Value {
  return weights.pinned === true ? g.op('Clip', [x]) : x;
}

function halfRows(c: BuildContext, x: Value, inputs: number): HalfRows {
  const { g, halves } = c;
  const known = halves.get(x);
  if (known) return known;
  const squares = g.op('ReduceSum', [g.op('Mul', [x, x]), g.ints([-1])], { keepdims: { int: 1 } });
  const length = g.op('Max', [g.op('Sqrt', [squares]), g.scalar(SHORTEST)]);
  const factor = g.op('Mul', [length, g.scalar(1 / commonLength(inputs))]);
  const rows = pin(c, g.op('Cast', [g.op('Div', [x, factor])], { to: { int: DATA_TYPE.F16 } }));
  const made = { rows, factor };
  halves.set(x, made);
  return made;
}

/** How many slices a row of so many numbers is cut into. */
export function slicesOf(inputs: number): number {
  for (let slices = Math.ceil(inputs / SLICE); slices * LEAST_SLICE <= inputs; slices++) {
    if (inputs % slices === 0) return slices;
  }
  return 1;
}

/** rows·W, f16[.., in] → f32[.., out]. */
function multiply(c: BuildContext, rows: Value, value: Value): Value {
  const product = pin(c, c.g.op('MatMul', [rows, value]));
  return c.g.op('Cast', [product], { to: { int: DATA_TYPE.F32 } });
}

/** The same in slices. rows: [b, t, in]. */
function multiplySliced(c: BuildContext, rows: Value, value: Value, inputs: number, slices: number): Value {
  const { g } = c;
  const width = inputs / slices;
  const cut = g.op('Reshape', [rows, g.ints([0, 0, slices, width])]);
  const stacked = g.op('Transpose', [cut], { perm: [0, 2, 1, 3] }); // [b, slice, t, width]
  const matrices = g.op('Reshape', [value, g.ints([slices, width, -1])]);
  return g.op('ReduceSum', [multiply(c, stacked, matrices), g.ints([1])], { keepdims: { int: 0 } });
}

/** x·W, f32[b, t, in] → f32[b, t, out], multiplied in f16. */
export function halfProduct(c: BuildContext, x: Value, { value, inputs, scale }: HalfMatrix): Value {
  const { g } = c;
  const { rows, factor } = halfRows(c, x, inputs);
  const slices = slicesOf(inputs);
  const product = slices > 1 ? multiplySliced(c, rows, value, inputs, slices) : multiply(c, rows, value);
  return g.op('Mul', [product, g.op('Mul', [factor, g.scalar(1 / scale)])]);
}

/** Head by head, f32[b, h, t, e] · f16[h, e, out] → f32[b, h, t, out]. */
export function halfHeads(c: BuildContext, x: Value, { value, inputs, scale }: HalfMatrix): Value {
  const { g } = c;
  const { rows, factor } = halfRows(c, x, inputs);
  return g.op('Mul', [multiply(c, rows, value), g.op('Mul', [factor, g.scalar(1 / scale)])]);
}
