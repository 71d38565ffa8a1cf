/**
 * The pieces that block, readout and plain graphs share: weights, norms, linear maps, activations, the MLP.
 * Axes in the comments: b batch, t dest position, s source position, h head, d d_model, e d_head, m d_mlp.
 */
import { PACKED_BLOCK, type PackedMatrix } from '../formats/gguf/packed.ts';
import type { Activation, BlockWeights, MatrixRef, ModelSpec, NormRef } from '../spec/model-spec.ts';
import { halfMatrix, halfProduct, type HalfRows } from './half.ts';
import type { DataType, ExternalData, GraphBuilder, Value } from './onnx.ts';

/** A stored tensor as a graph sees it: f32, its bytes where they lie. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: ExternalData;
}

/** A matrix that stays quantized on the device. */
export interface PackedTensor {
  /** Names its parts in the graph, and their bytes. */
  readonly name: string;
  /** [out, in] */
  readonly shape: readonly [number, number];
  readonly matrix: PackedMatrix;
}

/** A matrix in f16 on the device. */
export interface HalfTensor extends StoredTensor {
  /** What the matrix was multiplied by, a power of two: its numbers lie within ±1 (see `half.ts`). */
  readonly scale: number;
}

/** Weights by name; the engine answers once the bytes have arrived. */
export interface Weights {
  readonly stored: (name: string) => StoredTensor;
  /** Undefined: not kept quantized. */
  readonly packed: (name: string) => PackedTensor | undefined;
  /** There where products are computed in f16. */
  readonly half?: (name: string) => HalfTensor;
  /**
   * Hold on to the rounding: where the runtime has no kernels for half floats it casts to f32 and back, then takes two
   * casts in a row for needless, and drops them with what they round.
   */
  readonly pinned?: boolean;
}

/** What graphs are built with, the same for every part of one graph. */
export interface BuildContext {
  readonly g: GraphBuilder;
  readonly spec: ModelSpec;
  readonly weights: Weights;
  /** Take the mean off before LayerNormalization: the WebGPU kernel loses digits when it is large. */
  readonly centreFirst: boolean;
  /** Weights that the graph holds already: a matrix may be used twice. */
  readonly held: Map<string, Value>;
  /** What products in f16 take, by the value that it was made of: q, k and v read the same one. */
  readonly halves: Map<Value, HalfRows>;
}

export function buildContext(
  g: GraphBuilder,
  spec: ModelSpec,
  weights: Weights,
  centreFirst: boolean,
): BuildContext {
  return { g, spec, weights, centreFirst, held: new Map(), halves: new Map() };
}

/** A weight as a value. */
export function weight({ g, weights, held }: BuildContext, name: string): Value {
  const known = held.get(name);
  if (known !== undefined) return known;
  const value = storedWeight(g, name, weights.stored(name));
  held.set(name, value);
  return value;
}

/** A stored tensor as a value. */
export function storedWeight(g: GraphBuilder, name: string, { shape, data }: StoredTensor): Value {
  return g.external(name, 'F32', shape, data);
}

/** LayerNorm or RMS norm over the last axis, with its gain, and its bias where there is one. */
export function norm(c: BuildContext, x: Value, ref: NormRef): Value {
  const { g, spec } = c;
  const { kind, eps, offset } = spec.norm;
  const stored = weight(c, ref.weight);
  const gain = offset === 0 ? stored : g.op('Add', [stored, g.scalar(offset)]);
  const attributes = { axis: { int: -1 }, epsilon: eps };
  if (kind === 'rms') return g.op('SimplifiedLayerNormalization', [x, gain], attributes);
  const input = c.centreFirst
    ? g.op('Sub', [x, g.op('ReduceMean', [x, g.ints([-1])], { keepdims: { int: 1 } })])
    : x;
  const bias = ref.bias === undefined ? [] : [weight(c, ref.bias)];
  return g.op('LayerNormalization', [input, gain, ...bias], attributes);
}

/** x where there is no such norm. */
export function optionalNorm(c: BuildContext, x: Value, ref: NormRef | undefined): Value {
  return ref ? norm(c, x, ref) : x;
}

/** A stored matrix as [in, out]. */
export function matrix(c: BuildContext, ref: MatrixRef): Value {
  const stored = weight(c, ref.weight);
  return ref.layout === 'in-out' ? stored : c.g.op('Transpose', [stored], { perm: [1, 0] });
}

/** x·Wᵀ with W quantized. x: [.., in]; `axes` of it come before `in`. */
export function packedProduct(g: GraphBuilder, x: Value, axes: number, packed: PackedTensor): Value {
  const { name, matrix: m, shape } = packed;
  const [outputs, inputs] = shape;
  const blocks = inputs / PACKED_BLOCK;
  const hold = (
    part: string,
    type: DataType,
    dims: readonly number[],
    data: ArrayBufferView<ArrayBuffer>,
  ): Value => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return g.external(`${name}.${part}`, type, dims, {
      location: `${name}.${part}`,
      bytes,
      offset: 0,
      length: bytes.length,
    });
  };
  const product = g.op(
    'MatMulNBits',
    [
      x,
      hold('codes', 'U8', [outputs, blocks, (PACKED_BLOCK * m.bits) / 8], m.codes),
      hold('scales', 'F32', [outputs * blocks], m.scales),
    ],
    {
      K: { int: inputs },
      N: { int: outputs },
      bits: { int: m.bits },
      block_size: { int: PACKED_BLOCK },
    },
    'com.microsoft',
  );
  if (!m.offsets) return product;
  // Σ over a block of x · (code part + offset): the offsets meet the sums of x over each block.
  const apart = g.op('Reshape', [
    x,
    g.ints([...Array.from({ length: axes }, () => 0), blocks, PACKED_BLOCK]),
  ]);
  const sums = g.op('ReduceSum', [apart, g.ints([-1])], { keepdims: { int: 0 } });
  const offsets = hold('offsets', 'F32', [blocks, outputs], m.offsets);
  return g.op('Add', [product, g.op('MatMul', [sums, offsets])]);
}

/** x·W, x: [b, t, in]: in f16 and in 4 or 8 bits where that is wanted. */
function product(c: BuildContext, x: Value, ref: MatrixRef): Value {
  const packed = ref.layout === 'out-in' ? c.weights.packed(ref.weight) : undefined;
  if (packed) return packedProduct(c.g, x, 2, packed);
  const half = halfMatrix(c, ref);
  return half ? halfProduct(c, x, half) : c.g.op('MatMul', [x, matrix(c, ref)]);
}

/** x·W + b, x: [b, t, in]. */
export function linear(c: BuildContext, x: Value, ref: MatrixRef): Value {
  const written = product(c, x, ref);
  return ref.bias === undefined ? written : c.g.op('Add', [written, weight(c, ref.bias)]);
}

function activate({ g }: BuildContext, x: Value, activation: Activation): Value {
  switch (activation) {
    case 'gelu_tanh':
      return g.op('Gelu', [x], { approximate: 'tanh' });
    case 'gelu':
      return g.op('Gelu', [x]);
    case 'relu':
      return g.op('Relu', [x]);
    case 'silu':
      return g.op('Mul', [x, g.op('Sigmoid', [x])]);
  }
}

/** The values inside and at the end of an MLP. */
export interface MlpValues {
  /** [b, t, m]: what goes into the activation; the gate's, where there is one. */
  readonly pre: Value;
  /** [b, t, m]: each neuron's coefficient. */
  readonly post: Value;
  /** [b, t, d]: what is written to the stream. */
  readonly out: Value;
}

/** x: the stream that the MLP reads, before its norm. */
/** @param change what becomes of the neurons' coefficients before they write. */
export function mlp(
  c: BuildContext,
  w: BlockWeights,
  x: Value,
  change: (post: Value) => Value = (post) => post,
): MlpValues {
  const { g, spec } = c;
  const normed = norm(c, x, w.norm2);
  const up = linear(c, normed, w.mlpIn);
  const pre = w.mlpGate ? linear(c, normed, w.mlpGate) : up;
  const active = activate(c, pre, spec.activation);
  const post = change(w.mlpGate ? g.op('Mul', [active, up]) : active);
  return { pre, post, out: optionalNorm(c, linear(c, post, w.mlpOut), w.postMlpNorm) };
}

export function blockWeights(spec: ModelSpec, layer: number): BlockWeights {
  const w = spec.weights.blocks[layer];
  if (!w) throw new RangeError(`layer ${layer} of ${spec.nLayers}`);
  return w;
}
