/**
 * One transformer block as an ONNX graph, with just the outputs that were asked for: a graph computes all of its
 * outputs whichever are fetched, so a lean and a full variant are two graphs.
 */
import { UnsupportedError } from '../errors.ts';
import type { BlockHook } from '../hooks.ts';
import type { ModelSpec } from '../spec/model-spec.ts';
import { GraphBuilder, type Dim, type OnnxModel, type Value } from './onnx.ts';
import {
  activate,
  blockWeights,
  buildContext,
  fusedAttention,
  linear,
  norm,
  openAttention,
  weight,
  type BuildContext,
  type OpenAttention,
  type Weights,
} from './parts.ts';

export interface BlockGraphOptions {
  /** Outputs beside `hook_resid_post`, which is always there. */
  readonly hooks: readonly BlockHook[];
  /** Adds {@link CHECKS}. */
  readonly checks: boolean;
  /** Takes `past_key` and `past_value`, f32[batch, head, past, d_head]. */
  readonly past: boolean;
  /** Gives `present_key` and `present_value`, f32[batch, head, past + pos, d_head]. */
  readonly present: boolean;
  readonly centreFirst: boolean;
}

/** Names of the graph's inputs and outputs that are no hooks. */
export const RESID_PRE = 'hook_resid_pre';
/** f32[batch, 1, pos, past + pos]: 0 where attention may look, {@link MASKED} elsewhere. */
export const MASK = 'mask';
/** f32[2]: the largest |Σ pattern − 1| over rows, and the largest ‖pre + attn + mlp − post‖ / ‖post‖. */
export const CHECKS = 'checks';
/** Finite, so that no row becomes NaN; far below any score. */
export const MASKED = -1e38;

/** Hooks that live inside attention: asking for one rules fused attention out. */
const INSIDE_ATTENTION: ReadonlySet<BlockHook> = new Set([
  'attn.hook_q',
  'attn.hook_k',
  'attn.hook_v',
  'attn.hook_attn_scores',
  'attn.hook_pattern',
]);

/** A hook's shape with the batch axis in front. */
export function hookDims(spec: ModelSpec, hook: BlockHook): readonly Dim[] {
  const { nHeads, dHead, dModel, dMlp } = spec;
  switch (hook) {
    case 'attn.hook_q':
    case 'attn.hook_k':
    case 'attn.hook_v':
    case 'attn.hook_z':
    case 'attn.hook_rot_q':
    case 'attn.hook_rot_k':
      return ['batch', 'pos', nHeads, dHead];
    case 'attn.hook_attn_scores':
    case 'attn.hook_pattern':
      return ['batch', nHeads, 'pos', 'src'];
    case 'attn.hook_result':
      return ['batch', 'pos', nHeads, dModel];
    case 'mlp.hook_pre':
    case 'mlp.hook_post':
      return ['batch', 'pos', dMlp];
    default:
      return ['batch', 'pos', dModel];
  }
}

/** Each head's own write, without the output bias: z[b, t, h, e] · W_O[h, e, d] → [b, t, h, d]. */
function headResults(c: BuildContext, layer: number, z: Value): Value {
  const { g, spec } = c;
  const { out } = blockWeights(spec, layer);
  const stored = weight(c, out.weight);
  const w = out.layout === 'in-out' ? stored : g.op('Transpose', [stored], { perm: [1, 0] });
  const byHead = g.op('Reshape', [w, g.ints([spec.nHeads, spec.dHead, spec.dModel])]);
  const product = g.op('MatMul', [g.op('Transpose', [z], { perm: [0, 2, 1, 3] }), byHead]); // [b, h, t, d]
  return g.op('Transpose', [product], { perm: [0, 2, 1, 3] });
}

function maxAll({ g }: BuildContext, x: Value): Value {
  return g.op('ReduceMax', [x], { keepdims: { int: 0 } });
}

function length({ g }: BuildContext, x: Value): Value {
  const squares = g.op('ReduceSum', [g.op('Mul', [x, x]), g.ints([-1])], { keepdims: { int: 0 } });
  return g.op('Sqrt', [squares]);
}

/** The self-checks of one block, as two numbers. */
function checkValues(
  c: BuildContext,
  inside: OpenAttention,
  writes: { pre: Value; attn: Value; mlp: Value; post: Value },
): Value {
  const { g } = c;
  const sums = g.op('ReduceSum', [inside.pattern, g.ints([-1])], { keepdims: { int: 0 } });
  const rows = maxAll(c, g.op('Abs', [g.op('Sub', [sums, g.scalar(1)])]));
  const sum = g.op('Add', [writes.pre, g.op('Add', [writes.attn, writes.mlp])]);
  const gap = length(c, g.op('Sub', [sum, writes.post]));
  const relative = maxAll(c, g.op('Div', [gap, g.op('Add', [length(c, writes.post), g.scalar(1e-30)])]));
  const one = g.ints([1]);
  return g.op('Concat', [g.op('Reshape', [rows, one]), g.op('Reshape', [relative, one])], {
    axis: { int: 0 },
  });
}

/**
 * Builds block `layer`.
 *
 * Inputs: {@link RESID_PRE} f32[batch, pos, d_model], {@link MASK}, and the past where asked for. Outputs carry
 * their hook's name without `blocks.L.`.
 *
 * @throws {UnsupportedError} for a hook that the model doesn't have.
 */
export function blockGraph(
  spec: ModelSpec,
  layer: number,
  weights: Weights,
  options: BlockGraphOptions,
): OnnxModel {
  const g = new GraphBuilder(`block_${layer}`);
  const c = buildContext(g, spec, weights, options.centreFirst);
  const { nHeads, dHead, dModel } = spec;
  const w = blockWeights(spec, layer);
  const asked = new Set(options.hooks);
  for (const hook of asked) {
    if (!spec.blockHooks.includes(hook)) {
      throw new UnsupportedError(`${spec.family}: blocks.${layer}.${hook}: this family has no such hook`);
    }
  }
  const pre = g.input(RESID_PRE, 'F32', ['batch', 'pos', dModel]);
  const mask = g.input(MASK, 'F32', ['batch', 1, 'pos', 'src']);
  const past = options.past
    ? {
        key: g.input('past_key', 'F32', ['batch', nHeads, 'past', dHead]),
        value: g.input('past_value', 'F32', ['batch', nHeads, 'past', dHead]),
      }
    : undefined;

  const x = norm(c, pre, w.norm1);
  const open =
    options.checks || past !== undefined || [...asked].some((h) => INSIDE_ATTENTION.has(h))
      ? openAttention(c, layer, x, mask, past)
      : undefined;
  const fused = open ?? fusedAttention(c, layer, x, mask, options.present);
  const zFlat = open ? g.op('Reshape', [open.z, g.ints([0, 0, nHeads * dHead])]) : fused.z;
  const attn = linear(c, zFlat, w.out);
  const mid = g.op('Add', [pre, attn]);
  const mlpPre = linear(c, norm(c, mid, w.norm2), w.mlpIn);
  const mlpPost = activate(c, mlpPre, spec.activation);
  const mlp = linear(c, mlpPost, w.mlpOut);
  const post = g.op('Add', [mid, mlp]);

  const z = (): Value => open?.z ?? g.op('Reshape', [zFlat, g.ints([0, 0, nHeads, dHead])]);
  const values: Partial<Record<BlockHook, () => Value>> = {
    hook_resid_pre: () => pre,
    'attn.hook_z': z,
    'attn.hook_result': () => headResults(c, layer, z()),
    hook_attn_out: () => attn,
    hook_resid_mid: () => mid,
    'mlp.hook_pre': () => mlpPre,
    'mlp.hook_post': () => mlpPost,
    hook_mlp_out: () => mlp,
    hook_resid_post: () => post,
    ...(open && {
      'attn.hook_q': () => open.q,
      'attn.hook_k': () => open.k,
      'attn.hook_v': () => open.v,
      'attn.hook_attn_scores': () => open.scores,
      'attn.hook_pattern': () => open.pattern,
    }),
  };
  for (const hook of new Set<BlockHook>([...asked, 'hook_resid_post'])) {
    if (hook === 'hook_resid_pre') continue; // the runner has it: it is the input
    const value = values[hook];
    if (!value) throw new UnsupportedError(`${spec.family}: blocks.${layer}.${hook}: not built`);
    g.output(hook, value(), 'F32', hookDims(spec, hook));
  }
  if (options.present) {
    const dims = ['batch', nHeads, 'src', dHead];
    g.output('present_key', fused.key, 'F32', dims);
    g.output('present_value', fused.value, 'F32', dims);
  }
  if (open && options.checks) g.output(CHECKS, checkValues(c, open, { pre, attn, mlp, post }), 'F32', [2]);
  return g.finish();
}
