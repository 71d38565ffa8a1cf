/**
 * One transformer block as an ONNX graph, with just the outputs that were asked for: a graph computes all of its
 * outputs whichever are fetched, so a lean and a full variant are two graphs.
 */
import { UnsupportedError } from '../errors.ts';
import type { BlockHook } from '../hooks.ts';
import type { EditableHook } from '../interventions.ts';
import type { ModelSpec } from '../spec/model-spec.ts';
import {
  fusedAttention,
  layerSpec,
  openAttention,
  type AttentionInputs,
  type OpenAttention,
} from './attention.ts';
import { halfHeads, halfMatrix } from './half.ts';
import { GraphBuilder, type Dim, type OnnxModel, type Value } from './onnx.ts';
import {
  blockWeights,
  buildContext,
  linear,
  matrix,
  mlp,
  norm,
  optionalNorm,
  type BuildContext,
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
  /** Hooks that are changed on the way: see {@link gainName} and {@link offsetName} for the inputs. */
  readonly edits?: readonly EditPoint[];
}

/** A hook whose value becomes x · gain, + offset where there is one. */
export interface EditPoint {
  readonly hook: EditableHook;
  readonly offset: boolean;
}

/** f32[1 or batch, pos, head, 1] at `attn.hook_z`; f32[…, pos, neuron] at `mlp.hook_post`; else f32[…, pos, 1]. */
export function gainName(hook: EditableHook): string {
  return `${hook}.gain`;
}

/** As the hook's value, with 1 or batch in front. */
export function offsetName(hook: EditableHook): string {
  return `${hook}.offset`;
}

/** Names of the graph's inputs and outputs that are no hooks. */
export const RESID_PRE = 'hook_resid_pre';
/** f32[batch, 1, pos, past + pos]: 0 where attention may look, {@link MASKED} elsewhere. */
export const MASK = 'mask';
/** f32[batch, pos, 1, dims / 2] each, for layers with rotary positions. */
export const COS = 'cos';
export const SIN = 'sin';
/** f32[2]: the largest |Σ pattern − 1| over rows, and the largest ‖pre + attn + mlp − post‖ / ‖post‖. */
export const CHECKS = 'checks';
/** Finite, so that no row becomes NaN; far below any score. */
export const MASKED = -1e38;

/** Hooks that live inside attention: asking for one rules fused attention out. */
const INSIDE_ATTENTION: ReadonlySet<BlockHook> = new Set([
  'attn.hook_q',
  'attn.hook_k',
  'attn.hook_v',
  'attn.hook_rot_q',
  'attn.hook_rot_k',
  'attn.hook_attn_scores',
  'attn.hook_pattern',
]);

/** A hook's shape with the batch axis in front. */
export function hookDims(spec: ModelSpec, hook: BlockHook): readonly Dim[] {
  const { nHeads, nKvHeads, dHead, dModel, dMlp } = spec;
  switch (hook) {
    case 'attn.hook_q':
    case 'attn.hook_z':
    case 'attn.hook_rot_q':
      return ['batch', 'pos', nHeads, dHead];
    case 'attn.hook_k':
    case 'attn.hook_v':
    case 'attn.hook_rot_k':
      return ['batch', 'pos', nKvHeads, dHead];
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
  const heads = g.op('Transpose', [z], { perm: [0, 2, 1, 3] });
  const split = (w: Value): Value => g.op('Reshape', [w, g.ints([spec.nHeads, spec.dHead, spec.dModel])]);
  const half = halfMatrix(c, out);
  const product = half // [b, h, t, d]
    ? halfHeads(c, heads, { ...half, value: split(half.value), inputs: spec.dHead })
    : g.op('MatMul', [heads, split(matrix(c, out))]);
  return g.op('Transpose', [product], { perm: [0, 2, 1, 3] });
}

function maxAll({ g }: BuildContext, x: Value): Value {
  return g.op('ReduceMax', [x], { keepdims: { int: 0 } });
}

function length({ g }: BuildContext, x: Value): Value {
  const squares = g.op('ReduceSum', [g.op('Mul', [x, x]), g.ints([-1])], { keepdims: { int: 0 } });
  return g.op('Sqrt', [squares]);
}

/** What the inputs make of a hook's value; itself where nothing is changed. */
function editor({ g, spec }: BuildContext, points: readonly EditPoint[]) {
  return (hook: EditableHook, value: Value): Value => {
    const point = points.find((each) => each.hook === hook);
    if (!point) return value;
    const [, , ...rest] = hookDims(spec, hook);
    const front: Dim[] = ['edits', 'pos'];
    const width = hook === 'mlp.hook_post' ? rest : [...rest.slice(0, -1), 1];
    const scaled = g.op('Mul', [value, g.input(gainName(hook), 'F32', [...front, ...width])]);
    if (!point.offset) return scaled;
    return g.op('Add', [scaled, g.input(offsetName(hook), 'F32', [...front, ...rest])]);
  };
}

/** The self-checks of one block, as two numbers. */
function checkValues(
  c: BuildContext,
  inside: OpenAttention,
  writes: { before: readonly Value[]; mlp: Value; post: Value },
): Value {
  const { g } = c;
  const sums = g.op('ReduceSum', [inside.pattern, g.ints([-1])], { keepdims: { int: 0 } });
  const rows = maxAll(c, g.op('Abs', [g.op('Sub', [sums, g.scalar(1)])]));
  const total = [...writes.before, writes.mlp].reduceRight((right, left) => g.op('Add', [left, right]));
  const gap = length(c, g.op('Sub', [total, writes.post]));
  const relative = maxAll(c, g.op('Div', [gap, g.op('Add', [length(c, writes.post), g.scalar(1e-30)])]));
  const one = g.ints([1]);
  return g.op('Concat', [g.op('Reshape', [rows, one]), g.op('Reshape', [relative, one])], {
    axis: { int: 0 },
  });
}

/** The rotary inputs of a layer that has any. */
function rotaryInputs({ g, spec }: BuildContext, layer: number): AttentionInputs['rotary'] {
  const index = layerSpec(spec, layer).rotary;
  if (index === undefined) return undefined;
  const dims = ['batch', 'pos', 1, (spec.rotaries[index]?.dims ?? 0) / 2];
  return { cos: g.input(COS, 'F32', dims), sin: g.input(SIN, 'F32', dims) };
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
  const { nHeads, nKvHeads, dHead, dModel } = spec;
  const w = blockWeights(spec, layer);
  const asked = new Set(options.hooks);
  for (const hook of asked) {
    if (!spec.blockHooks.includes(hook)) {
      throw new UnsupportedError(`${spec.family}: blocks.${layer}.${hook}: this family has no such hook`);
    }
  }
  const pre = g.input(RESID_PRE, 'F32', ['batch', 'pos', dModel]);
  const inputs: AttentionInputs = {
    mask: g.input(MASK, 'F32', ['batch', 1, 'pos', 'src']),
    rotary: rotaryInputs(c, layer),
    past: options.past
      ? {
          key: g.input('past_key', 'F32', ['batch', nKvHeads, 'past', dHead]),
          value: g.input('past_value', 'F32', ['batch', nKvHeads, 'past', dHead]),
        }
      : undefined,
  };

  const x = norm(c, pre, w.norm1);
  const open =
    options.checks || options.past || [...asked].some((h) => INSIDE_ATTENTION.has(h))
      ? openAttention(c, layer, x, inputs)
      : undefined;
  const fused = open ?? fusedAttention(c, layer, x, inputs, options.present);
  const points = options.edits ?? [];
  const changed = (hook: EditableHook): boolean => points.some((each) => each.hook === hook);
  const edit = editor(c, points);
  const byHead = (): Value => open?.z ?? g.op('Reshape', [fused.z, g.ints([0, 0, nHeads, dHead])]);
  const editedZ = changed('attn.hook_z') ? edit('attn.hook_z', byHead()) : undefined;
  const apart = editedZ ?? open?.z;
  const zFlat = apart ? g.op('Reshape', [apart, g.ints([0, 0, nHeads * dHead])]) : fused.z;
  const attn = edit('hook_attn_out', optionalNorm(c, linear(c, zFlat, w.out), w.postAttnNorm));
  const mid = edit('hook_resid_mid', g.op('Add', [pre, attn]));
  const inner = mlp(c, w, spec.parallel ? pre : mid, (post) => edit('mlp.hook_post', post));
  const mlpOut = edit('hook_mlp_out', inner.out);
  const written = g.op('Add', [mid, mlpOut]);
  const post = edit('hook_resid_post', written);

  const z = (): Value => editedZ ?? byHead();
  const values: Partial<Record<BlockHook, () => Value | undefined>> = {
    'attn.hook_q': () => open?.q,
    'attn.hook_k': () => open?.k,
    'attn.hook_v': () => open?.v,
    'attn.hook_rot_q': () => open?.rotQ,
    'attn.hook_rot_k': () => open?.rotK,
    'attn.hook_attn_scores': () => open?.scores,
    'attn.hook_pattern': () => open?.pattern,
    'attn.hook_z': z,
    'attn.hook_result': () => headResults(c, layer, z()),
    hook_attn_out: () => attn,
    hook_resid_mid: () => mid,
    'mlp.hook_pre': () => inner.pre,
    'mlp.hook_post': () => inner.post,
    hook_mlp_out: () => mlpOut,
    hook_resid_post: () => post,
  };
  for (const hook of new Set<BlockHook>([...asked, 'hook_resid_post'])) {
    if (hook === 'hook_resid_pre') continue; // the runner has it: it is the input
    const value = values[hook]?.();
    if (value === undefined) throw new UnsupportedError(`${spec.family}: blocks.${layer}.${hook}: not built`);
    g.output(hook, value, 'F32', hookDims(spec, hook));
  }
  if (options.present) {
    const dims = ['batch', nKvHeads, 'src', dHead];
    g.output('present_key', fused.key, 'F32', dims);
    g.output('present_value', fused.value, 'F32', dims);
  }
  if (open && options.checks) {
    g.output(
      CHECKS,
      checkValues(c, open, {
        before: changed('hook_resid_mid') ? [mid] : [pre, attn],
        mlp: mlpOut,
        post: written,
      }),
      'F32',
      [2],
    );
  }
  return g.finish();
}
