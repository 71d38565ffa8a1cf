/**
 * A block's attention matrices, head by head, whatever way the files hold them; and the same with the norms folded in,
 * so that products of them say what one head does to another. Row vectors, as in TransformerLens: q = N(x)·W_Q + b_Q.
 * Axes: h head, g head of keys and values, e d_head, d d_model.
 */
import { ShapeError } from '../errors.ts';
import {
  tensorNames,
  type BlockWeights,
  type MatrixRef,
  type ModelSpec,
  type NormRef,
} from '../spec/model-spec.ts';

/** What is read of a spec here. */
export type HeadShape = Pick<ModelSpec, 'family' | 'dModel' | 'nHeads' | 'nKvHeads' | 'dHead' | 'norm'>;

/** TransformerLens's names and layouts, as stored: no norm is folded in. Biases are zero where there is none. */
export interface HeadWeights {
  readonly layer: number;
  readonly heads: number;
  /** Query head h reads the keys and values of `Math.floor(h * kvHeads / heads)`. */
  readonly kvHeads: number;
  readonly dHead: number;
  readonly dModel: number;
  /** f32[h, d, e] */
  readonly wQ: Float32Array;
  /** f32[g, d, e] */
  readonly wK: Float32Array;
  /** f32[g, d, e] */
  readonly wV: Float32Array;
  /** f32[h, e, d] */
  readonly wO: Float32Array;
  /** f32[h, e] */
  readonly bQ: Float32Array;
  /** f32[g, e] */
  readonly bK: Float32Array;
  /** f32[g, e] */
  readonly bV: Float32Array;
  /** f32[d] */
  readonly bO: Float32Array;
}

/** Stored tensors by name, f32. */
export type Tensors = (name: string) => Float32Array;

/** Names of what {@link headWeightsOf} reads of a block. */
export function headTensorNames({ qkv, out }: BlockWeights): string[] {
  const inner = qkv.kind === 'fused' ? [qkv.matrix] : [qkv.q, qkv.k, qkv.v];
  return [...inner, out].flatMap((ref) => tensorNames(ref));
}

/** A stored matrix by [input, output], and its bias. */
interface View {
  readonly at: (input: number, output: number) => number;
  readonly bias: Float32Array | undefined;
}

function view(tensors: Tensors, ref: MatrixRef, inputs: number, outputs: number): View {
  const data = tensors(ref.weight);
  if (data.length !== inputs * outputs) {
    throw new ShapeError(`heads: ${ref.weight}: expected ${inputs} × ${outputs}, got ${data.length} numbers`);
  }
  const at =
    ref.layout === 'in-out'
      ? (i: number, o: number): number => data[i * outputs + o] as number
      : (i: number, o: number): number => data[o * inputs + i] as number;
  return { at, bias: ref.bias === undefined ? undefined : tensors(ref.bias) };
}

/** Columns of a matrix cut into heads: f32[heads, d, e] and f32[heads, e]. */
function cut(
  { at, bias }: View,
  heads: number,
  d: number,
  e: number,
  column: (head: number) => number,
): [Float32Array, Float32Array] {
  const weights = new Float32Array(heads * d * e);
  const biases = new Float32Array(heads * e);
  for (let h = 0; h < heads; h++) {
    const first = column(h);
    for (let i = 0; i < d; i++) {
      for (let j = 0; j < e; j++) weights[(h * d + i) * e + j] = at(i, first + j);
    }
    if (bias) biases.set(bias.subarray(first, first + e), h * e);
  }
  return [weights, biases];
}

/** @throws {ShapeError} when a tensor isn't what the spec says. */
export function headWeightsOf(
  { dModel: d, nHeads: h, nKvHeads: g, dHead: e }: HeadShape,
  block: BlockWeights,
  layer: number,
  tensors: Tensors,
): HeadWeights {
  const { qkv } = block;
  const parts = (): [View, View, View, (part: number) => (head: number) => number] => {
    if (qkv.kind === 'split') {
      const one = (ref: MatrixRef, heads: number): View => view(tensors, ref, d, heads * e);
      return [one(qkv.q, h), one(qkv.k, g), one(qkv.v, g), () => (head) => head * e];
    }
    const all = view(tensors, qkv.matrix, d, (h + 2 * g) * e);
    const starts = [0, h * e, (h + g) * e];
    return [
      all,
      all,
      all,
      (part) => (head) =>
        qkv.order === 'parts' ? (starts[part] as number) + head * e : (head * 3 + part) * e,
    ];
  };
  const [q, k, v, column] = parts();
  const [wQ, bQ] = cut(q, h, d, e, column(0));
  const [wK, bK] = cut(k, g, d, e, column(1));
  const [wV, bV] = cut(v, g, d, e, column(2));
  const out = view(tensors, block.out, h * e, d);
  const wO = new Float32Array(h * e * d);
  for (let i = 0; i < h * e; i++) for (let j = 0; j < d; j++) wO[i * d + j] = out.at(i, j);
  const bO = out.bias ?? new Float32Array(d);
  return { layer, heads: h, kvHeads: g, dHead: e, dModel: d, wQ, wK, wV, wO, bQ, bK, bV, bO };
}

/** The matrices of every query head, those of shared keys and values repeated, with the norms folded in. */
export interface FoldedHeads {
  /** f32[h, d, e] each. */
  readonly q: Float32Array;
  readonly k: Float32Array;
  readonly v: Float32Array;
  /** f32[h, e, d] */
  readonly o: Float32Array;
}

/** A norm's gain: what is stored, plus the spec's offset. f64[d] */
export function gainOf({ norm }: Pick<HeadShape, 'norm'>, ref: NormRef, tensors: Tensors): Float64Array {
  return Float64Array.from(tensors(ref.weight), (w) => w + norm.offset);
}

/** Names of the norms that {@link foldHeads} reads. */
export function foldTensorNames({ norm1, postAttnNorm }: BlockWeights): string[] {
  return postAttnNorm ? [norm1.weight, postAttnNorm.weight] : [norm1.weight];
}

/**
 * Folds the block norm's gain into W_Q, W_K and W_V, Gemma's post-norm gain into W_O, and for LayerNorm takes the mean
 * over d_model off on both sides: what a head writes along it no norm lets through.
 *
 * @see Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits"; TransformerLens's `fold_ln` and
 * `center_writing_weights`
 */
export function foldHeads(
  shape: HeadShape,
  block: BlockWeights,
  weights: HeadWeights,
  tensors: Tensors,
): FoldedHeads {
  const { heads, kvHeads, dHead: e, dModel: d } = weights;
  const centred = shape.norm.kind === 'layer';
  const gain = gainOf(shape, block.norm1, tensors);
  const read = (stored: Float32Array, groups: number): Float32Array => {
    const folded = new Float32Array(heads * d * e);
    for (let h = 0; h < heads; h++) {
      const from = Math.floor((h * groups) / heads) * d * e;
      const to = h * d * e;
      for (let j = 0; j < e; j++) {
        let mean = 0;
        if (centred) {
          for (let i = 0; i < d; i++) mean += (gain[i] as number) * (stored[from + i * e + j] as number);
          mean /= d;
        }
        for (let i = 0; i < d; i++) {
          folded[to + i * e + j] = (gain[i] as number) * (stored[from + i * e + j] as number) - mean;
        }
      }
    }
    return folded;
  };
  const post = block.postAttnNorm && gainOf(shape, block.postAttnNorm, tensors);
  return {
    q: read(weights.wQ, heads),
    k: read(weights.wK, kvHeads),
    v: read(weights.wV, kvHeads),
    o: foldWrites(weights.wO, d, { before: centred && post !== undefined, gain: post, after: centred }),
  };
}

/**
 * Rows that are written to the stream, through a norm: the mean taken off, times the gain, the mean taken off again.
 *
 * @param rows f32[*, d].
 */
export function foldWrites(
  rows: Float32Array,
  d: number,
  { before, gain, after }: { before: boolean; gain: Float64Array | undefined; after: boolean },
): Float32Array {
  const out = new Float32Array(rows.length);
  const row = new Float64Array(d);
  const centre = (): void => {
    let mean = 0;
    for (let i = 0; i < d; i++) mean += row[i] as number;
    mean /= d;
    for (let i = 0; i < d; i++) row[i] = (row[i] as number) - mean;
  };
  for (let from = 0; from < rows.length; from += d) {
    for (let i = 0; i < d; i++) row[i] = rows[from + i] as number;
    if (before) centre();
    if (gain) for (let i = 0; i < d; i++) row[i] = (row[i] as number) * (gain[i] as number);
    if (after) centre();
    out.set(row, from);
  }
  return out;
}
