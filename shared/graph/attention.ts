/**
 * Attention in two ways: fused, for runs that ask for nothing inside it, and written out, so that everything in it
 * can be an output. Axes: b batch, t dest, s source, h head, g heads of keys and values, e d_head, d d_model.
 */
import type { LayerSpec, MatrixRef, ModelSpec } from '../spec/model-spec.ts';
import type { Value } from './onnx.ts';
import { blockWeights, linear, norm, type BuildContext } from './parts.ts';

/** What a layer's attention takes beside the stream. */
export interface AttentionInputs {
  /** f32[b, 1, t, s] */
  readonly mask: Value;
  /** f32[b, t, 1, rotary dims / 2] each; undefined where the layer has no rotary. */
  readonly rotary: { readonly cos: Value; readonly sin: Value } | undefined;
  /** Keys and values of earlier tokens, f32[b, g, past, e]. */
  readonly past?: { readonly key: Value; readonly value: Value } | undefined;
}

export interface FusedAttention {
  /** [b, t, h·e] */
  readonly z: Value;
  /** [b, g, s, e], where asked for. */
  readonly key: Value;
  readonly value: Value;
}

export interface OpenAttention {
  /** [b, t, h, e] and [b, t, g, e], before rotary and before head norms. */
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
  /** After both; undefined where the layer has no rotary. */
  readonly rotQ: Value | undefined;
  readonly rotK: Value | undefined;
  /** [b, h, t, s] */
  readonly scores: Value;
  readonly pattern: Value;
  /** [b, t, h, e] */
  readonly z: Value;
  /** [b, g, s, e]: past and present. */
  readonly key: Value;
  readonly value: Value;
}

export function layerSpec(spec: ModelSpec, layer: number): LayerSpec {
  const own = spec.layers[layer];
  if (!own) throw new RangeError(`layer ${layer} of ${spec.nLayers}`);
  return own;
}

/** q [b, t, h, e], k and v [b, t, g, e], as the matrices give them. */
function project(c: BuildContext, layer: number, x: Value): [q: Value, k: Value, v: Value] {
  const { g, spec } = c;
  const { nHeads: h, nKvHeads: kv, dHead: e } = spec;
  const { qkv } = blockWeights(spec, layer);
  const heads = (value: Value, count: number): Value => g.op('Reshape', [value, g.ints([0, 0, count, e])]);
  if (qkv.kind === 'split') {
    const one = (ref: MatrixRef, count: number): Value => heads(linear(c, x, ref), count);
    return [one(qkv.q, h), one(qkv.k, kv), one(qkv.v, kv)];
  }
  const fused = linear(c, x, qkv.matrix);
  if (qkv.order === 'parts') {
    const [q, k, v] = g.ops('Split', [fused, g.ints([h * e, kv * e, kv * e])], 3, { axis: { int: -1 } });
    return [heads(q as Value, h), heads(k as Value, kv), heads(v as Value, kv)];
  }
  const byHead = g.op('Reshape', [fused, g.ints([0, 0, h, 3 * e])]);
  const [q, k, v] = g.ops('Split', [byHead, g.ints([e, e, e])], 3, { axis: { int: -1 } });
  return [q as Value, k as Value, v as Value];
}

/** Turns the first `dims` of each head, in halves. x: [b, t, heads, e]. */
function rotate(c: BuildContext, x: Value, dims: number, { cos, sin }: { cos: Value; sin: Value }): Value {
  const { g, spec } = c;
  const half = dims / 2;
  const rest = spec.dHead - dims;
  const sizes = rest > 0 ? [half, half, rest] : [half, half];
  const [a, b, ...kept] = g.ops('Split', [x, g.ints(sizes)], sizes.length, { axis: { int: -1 } }) as [
    Value,
    Value,
  ];
  const times = (value: Value, by: Value): Value => g.op('Mul', [value, by]);
  const first = g.op('Sub', [times(a, cos), times(b, sin)]);
  const second = g.op('Add', [times(b, cos), times(a, sin)]);
  return g.op('Concat', [first, second, ...kept], { axis: { int: -1 } });
}

/** Head norms and rotary: what meets in the scores. */
function prepare(
  c: BuildContext,
  layer: number,
  q: Value,
  k: Value,
  rotary: AttentionInputs['rotary'],
): [q: Value, k: Value] {
  const { spec } = c;
  const w = blockWeights(spec, layer);
  const normedQ = w.qNorm ? norm(c, q, w.qNorm) : q;
  const normedK = w.kNorm ? norm(c, k, w.kNorm) : k;
  const index = layerSpec(spec, layer).rotary;
  const dims = index === undefined ? 0 : (spec.rotaries[index]?.dims ?? 0);
  if (!rotary || dims === 0) return [normedQ, normedK];
  return [rotate(c, normedQ, dims, rotary), rotate(c, normedK, dims, rotary)];
}

/** Fused attention. x: normed, [b, t, d]. The past isn't done here: the runtime's fused path with one has a bug. */
export function fusedAttention(
  c: BuildContext,
  layer: number,
  x: Value,
  { mask, rotary }: AttentionInputs,
  present: boolean,
): FusedAttention {
  const { g, spec } = c;
  const { nHeads: h, nKvHeads: kv, dHead: e } = spec;
  const [q0, k0, v] = project(c, layer, x);
  const [q, k] = prepare(c, layer, q0, k0, rotary);
  const flat = (value: Value): Value => g.op('Reshape', [value, g.ints([0, 0, h * e])]);
  /** A copy of each key for every query that it serves. */
  const spread = (value: Value): Value => {
    if (kv === h) return flat(value);
    const apart = g.op('Reshape', [value, g.ints([0, 0, kv, 1, e])]);
    return flat(g.op('Expand', [apart, g.ints([1, 1, 1, h / kv, 1])]));
  };
  const z = g.op(
    'MultiHeadAttention',
    [flat(q), spread(k), spread(v), '', '', mask],
    { num_heads: { int: h }, scale: layerSpec(spec, layer).attnScale },
    'com.microsoft',
  );
  const kept = (value: Value): Value => (present ? g.op('Transpose', [value], { perm: [0, 2, 1, 3] }) : '');
  return { z, key: kept(k), value: kept(v) };
}

/** Attention written out. x: normed, [b, t, d]. */
export function openAttention(
  c: BuildContext,
  layer: number,
  x: Value,
  { mask, rotary, past }: AttentionInputs,
): OpenAttention {
  const { g, spec } = c;
  const { nHeads: h, nKvHeads: kv, dHead: e } = spec;
  const [q, k, v] = project(c, layer, x);
  const [readyQ, readyK] = prepare(c, layer, q, k, rotary);
  const byHead = (value: Value): Value => g.op('Transpose', [value], { perm: [0, 2, 1, 3] });
  const newKey = byHead(readyK); // [b, g, t, e]
  const newValue = byHead(v);
  const key = past ? g.op('Concat', [past.key, newKey], { axis: { int: 2 } }) : newKey; // [b, g, s, e]
  const value = past ? g.op('Concat', [past.value, newValue], { axis: { int: 2 } }) : newValue;
  // Queries that share keys stand under each other: [b, h, t, …] and [b, g, (h/g)·t, …] hold the same numbers.
  const grouped = (x4: Value): Value => (kv === h ? x4 : g.op('Reshape', [x4, g.ints([0, kv, -1, e])]));
  const products = g.op('MatMul', [
    grouped(byHead(readyQ)),
    g.op('Transpose', [key], { perm: [0, 1, 3, 2] }),
  ]);
  const apart = kv === h ? products : g.op('Reshape', [products, g.ints([0, h, -1, 0])]);
  const scaled = g.op('Mul', [apart, g.scalar(layerSpec(spec, layer).attnScale)]);
  const scores = g.op('Add', [scaled, mask]); // [b, h, t, s]
  const pattern = g.op('Softmax', [scores], { axis: { int: -1 } });
  const together = kv === h ? pattern : g.op('Reshape', [pattern, g.ints([0, kv, -1, 0])]);
  const mixed = g.op('MatMul', [together, value]);
  const z = byHead(kv === h ? mixed : g.op('Reshape', [mixed, g.ints([0, h, -1, e])])); // [b, t, h, e]
  const turned = rotary !== undefined;
  return {
    q,
    k,
    v,
    rotQ: turned ? readyQ : undefined,
    rotK: turned ? readyK : undefined,
    scores,
    pattern,
    z,
    key,
    value,
  };
}
