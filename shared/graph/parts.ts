/**
 * The pieces that block, readout and plain graphs share: weights, norms, linear maps, activations, attention.
 * Axes in the comments: b batch, t dest position, s source position, h head, d d_model, e d_head, m d_mlp.
 */
import type { Activation, MatrixRef, ModelSpec, NormRef } from '../spec/model-spec.ts';
import type { DataType, ExternalData, GraphBuilder, Value } from './onnx.ts';

/** A stored tensor as a graph sees it: f32 or f16, its bytes where they lie. */
export interface StoredTensor {
  readonly type: Extract<DataType, 'F32' | 'F16'>;
  readonly shape: readonly number[];
  readonly data: ExternalData;
}

/** Weights by name; the engine answers once the bytes have arrived. */
export type Weights = (name: string) => StoredTensor;

/** What graphs are built with, the same for every part of one graph. */
export interface BuildContext {
  readonly g: GraphBuilder;
  readonly spec: ModelSpec;
  readonly weights: Weights;
  /** Take the mean off before LayerNormalization: the WebGPU kernel loses digits when it is large. */
  readonly centreFirst: boolean;
  /** Weights that the graph holds already: a matrix may be used twice. */
  readonly held: Map<string, Value>;
}

export function buildContext(
  g: GraphBuilder,
  spec: ModelSpec,
  weights: Weights,
  centreFirst: boolean,
): BuildContext {
  return { g, spec, weights, centreFirst, held: new Map() };
}

/** A weight as an f32 value. The runtime folds the cast when it creates the session. */
export function weight({ g, weights, held }: BuildContext, name: string): Value {
  const known = held.get(name);
  if (known !== undefined) return known;
  const value = storedWeight(g, name, weights(name));
  held.set(name, value);
  return value;
}

/** A stored tensor as an f32 value. */
export function storedWeight(g: GraphBuilder, name: string, { type, shape, data }: StoredTensor): Value {
  const stored = g.external(name, type, shape, data);
  return type === 'F32' ? stored : g.op('Cast', [stored], { to: { int: 1 } });
}

/** LayerNorm with gain and bias over the last axis. */
export function norm(c: BuildContext, x: Value, ref: NormRef): Value {
  const { g, spec } = c;
  const input = c.centreFirst
    ? g.op('Sub', [x, g.op('ReduceMean', [x, g.ints([-1])], { keepdims: { int: 1 } })])
    : x;
  return g.op('LayerNormalization', [input, weight(c, ref.weight), weight(c, ref.bias)], {
    axis: { int: -1 },
    epsilon: spec.norm.eps,
  });
}

/** x·W + b */
export function linear(c: BuildContext, x: Value, ref: MatrixRef): Value {
  const { g } = c;
  const stored = weight(c, ref.weight);
  const w = ref.layout === 'in-out' ? stored : g.op('Transpose', [stored], { perm: [1, 0] });
  const product = g.op('MatMul', [x, w]);
  return ref.bias === undefined ? product : g.op('Add', [product, weight(c, ref.bias)]);
}

export function activate({ g }: BuildContext, x: Value, activation: Activation): Value {
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

/** Keys and values of earlier tokens, [b, h, past, e]. */
export interface PastValues {
  readonly key: Value;
  readonly value: Value;
}

/** Fused attention, for runs that ask for nothing inside it. x: normed, [b, t, d]. */
export function fusedAttention(
  c: BuildContext,
  layer: number,
  x: Value,
  mask: Value,
  present: boolean,
): { z: Value; key: Value; value: Value } {
  const { g, spec } = c;
  const w = blockWeights(spec, layer);
  const qkv = linear(c, x, w.qkv); // [b, t, 3·h·e]
  const width = spec.nHeads * spec.dHead;
  const [q, k, v] = g.ops('Split', [qkv, g.ints([width, width, width])], 3, { axis: { int: -1 } });
  const [z, key, value] = g.ops(
    'MultiHeadAttention',
    [q as Value, k as Value, v as Value, '', '', mask],
    present ? 3 : 1,
    { num_heads: { int: spec.nHeads }, scale: spec.attnScale[layer] as number },
    'com.microsoft',
  );
  return { z: z as Value, key: key ?? '', value: value ?? '' }; // z: [b, t, h·e]
}

export interface OpenAttention {
  /** [b, t, h, e] */
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
  /** [b, h, t, s] */
  readonly scores: Value;
  readonly pattern: Value;
  /** [b, t, h, e] */
  readonly z: Value;
  /** [b, h, s, e]: past and present. */
  readonly key: Value;
  readonly value: Value;
}

/** Attention written out, so that everything in it can be an output. x: normed, [b, t, d]. */
export function openAttention(
  c: BuildContext,
  layer: number,
  x: Value,
  mask: Value,
  past: PastValues | undefined,
): OpenAttention {
  const { g, spec } = c;
  const { nHeads: h, dHead: e } = spec;
  const qkv = linear(c, x, blockWeights(spec, layer).qkv);
  const parts = g.ops('Split', [qkv, g.ints([h * e, h * e, h * e])], 3, { axis: { int: -1 } });
  const [q, k, v] = parts.map((p) => g.op('Reshape', [p, g.ints([0, 0, h, e])])) as [Value, Value, Value];
  const byHead = (value: Value): Value => g.op('Transpose', [value], { perm: [0, 2, 1, 3] }); // [b, h, t, e]
  const newKey = byHead(k);
  const newValue = byHead(v);
  const key = past ? g.op('Concat', [past.key, newKey], { axis: { int: 2 } }) : newKey; // [b, h, s, e]
  const value = past ? g.op('Concat', [past.value, newValue], { axis: { int: 2 } }) : newValue;
  const products = g.op('MatMul', [byHead(q), g.op('Transpose', [key], { perm: [0, 1, 3, 2] })]);
  const scaled = g.op('Mul', [products, g.scalar(spec.attnScale[layer] as number)]);
  const scores = g.op('Add', [scaled, mask]); // [b, h, t, s]
  const pattern = g.op('Softmax', [scores], { axis: { int: -1 } });
  const z = byHead(g.op('MatMul', [pattern, value])); // [b, t, h, e]
  return { q, k, v, scores, pattern, z, key, value };
}

export function blockWeights(spec: ModelSpec, layer: number): ModelSpec['weights']['blocks'][number] {
  const w = spec.weights.blocks[layer];
  if (!w) throw new RangeError(`layer ${layer} of ${spec.nLayers}`);
  return w;
}
