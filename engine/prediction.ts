/**
 * One run, and what its prediction at one position is made of: the rows of the asked-for hooks there, and the direction
 * along which whatever was written to the stream moves a logit. Axes: d d_model, s source.
 */
import { InputError, NumericsError } from '../shared/errors.ts';
import { dot, normScale, throughNorm } from '../shared/frozen-norm.ts';
import { gainOf } from '../shared/heads/weights.ts';
import { blockHookName, type BlockHook } from '../shared/hooks.ts';
import {
  planEdits,
  type Edit,
  type EditableHook,
  type EditPlan,
  type Intervention,
} from '../shared/interventions.ts';
import { positionOf } from '../shared/prompt-position.ts';
import type { HookTensor } from './api.ts';
import { nextTask, type Workplace } from './average-readings.ts';
import { planHooks, runBlocks } from './run.ts';
import type { WeightStore } from './weights.ts';

/** Numbers of a share of the vocabulary. */
const SHARE = 4 * 2 ** 20;

/** What a reading of one prediction is asked. */
export interface PredictionOptions {
  readonly pos?: number | undefined;
  readonly target?: number | undefined;
  readonly against?: number | 'mean' | undefined;
  readonly interventions?: readonly Intervention[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Prediction {
  readonly tokens: number;
  readonly pos: number;
  readonly target: number;
  readonly against: number | 'mean' | undefined;
  /** The model's own: of the target, or the difference; and of the target alone. Nats: the log-probability. */
  readonly logit: number;
  readonly targetLogit: number;
  readonly targetLogprob: number;
  /** What the final norm divides by at `pos`. */
  readonly scale: number;
  /** f64[d]: the final norm's gain, as it is used. */
  readonly gain: Float64Array;
  /** f64[d]: a write's product with it is what the write adds to `logit`. */
  readonly direction: Float64Array;
  /** What the final norm's own bias adds; undefined where it has none. */
  readonly bias: number | undefined;
  /** f32[d]; after changes of `hook_embed`. */
  readonly embed: Float32Array;
  readonly posEmbed: Float32Array | undefined;
  /** What the interventions come to. */
  readonly edits: EditPlan;
  /**
   * A hook's row at `pos`: f32[head, s] of the pattern and f32[s, head of values, d_head] of the values, up to `pos`;
   * all else as its row is.
   */
  row(layer: number, hook: BlockHook): Float32Array;
}

/** @throws {InputError} for a position outside the prompt, or a token outside the vocabulary. */
export async function readPrediction(
  place: Workplace,
  ids: readonly number[],
  hooks: readonly { readonly layer: number; readonly hook: BlockHook }[],
  what: string,
  options: PredictionOptions,
): Promise<Prediction> {
  const { machine, spec, weights } = place;
  const { interventions = [], signal, against } = options;
  const tokens = ids.length;
  const pos = positionOf(options.pos, tokens, what);
  for (const [name, id] of [['target', options.target] as const, ['against', against] as const]) {
    if (typeof id === 'number') tokenOf(id, spec.dVocab, `${what}: ${name}`);
  }
  const outer = spec.outerHooks.filter((hook) => hook === 'hook_embed' || hook === 'hook_pos_embed');
  const plan = planHooks(spec, [...outer, ...hooks.map(({ layer, hook }) => blockHookName(layer, hook))]);
  const edits = planEdits(spec, interventions, { batch: 1, pos: tokens });
  const state = await machine.forward.begin(
    { batch: 1, pos: tokens, ids: Int32Array.from(ids), interventions },
    signal,
  );
  const rows = new Map<string, Float32Array>();
  const last = spec.nLayers - 1;
  let final: Float32Array | undefined;
  for await (const row of runBlocks(machine, spec, weights, state, { plan, checks: false, signal })) {
    if (!('resid' in row)) continue;
    for (const [name, tensor] of row.hooks) rows.set(name, await rowAt(tensor, name, tokens, pos));
    if (row.layer < last) continue;
    const all = await machine.runtime.read(row.resid.tensor);
    final = all.slice(pos * spec.dModel, (pos + 1) * spec.dModel);
  }
  if (!final) throw new NumericsError(`${what}: the run gave no last state`);
  const output = await readOutput(place, final, options);
  const embed = rows.get('hook_embed');
  if (!embed) throw new NumericsError(`${what}: the run gave no embedding`);
  return {
    tokens,
    pos,
    against,
    ...output,
    embed,
    posEmbed: rows.get('hook_pos_embed'),
    edits,
    row(layer, hook) {
      const found = rows.get(blockHookName(layer, hook));
      if (!found) throw new NumericsError(`${what}: ${blockHookName(layer, hook)}: the run gave none`);
      return found;
    },
  };
}

/** What interventions made of a hook at one position, where there is one unit: x · gain + offset. */
export function editAt(
  { edits, pos }: Pick<Prediction, 'edits' | 'pos'>,
  layer: number,
  hook: EditableHook,
): { readonly gain: number; readonly offset: Float32Array | undefined } | undefined {
  const edit: Edit | undefined = edits.blocks.get(layer)?.get(hook);
  if (!edit) return undefined;
  const { gain, offset, width } = edit;
  return { gain: gain[pos] ?? NaN, offset: offset?.subarray(pos * width, (pos + 1) * width) };
}

/** Hooks whose changes scale what stands in the stream, or a layer's whole write, in the order of computation. */
const SCALED = ['hook_resid_mid', 'hook_mlp_out', 'hook_resid_post'] as const;

/**
 * What interventions behind a layer's neurons make of what these write.
 *
 * @param end the first layer whose changes no longer count.
 */
export function laterGain(run: Pick<Prediction, 'edits' | 'pos'>, layer: number, end: number): number {
  let gain = 1;
  for (let l = layer; l < end; l++) {
    for (const hook of SCALED) {
      if (l === layer ? hook !== 'hook_resid_mid' : hook !== 'hook_mlp_out') {
        gain *= editAt(run, l, hook)?.gain ?? 1;
      }
    }
  }
  return gain;
}

async function rowAt(tensor: HookTensor, name: string, tokens: number, pos: number): Promise<Float32Array> {
  const data = await tensor.data();
  if (name.endsWith('attn.hook_pattern')) {
    const heads = data.length / tokens / tokens;
    const out = new Float32Array(heads * (pos + 1));
    for (let h = 0; h < heads; h++) {
      const from = (h * tokens + pos) * tokens;
      out.set(data.subarray(from, from + pos + 1), h * (pos + 1));
    }
    return out;
  }
  const width = data.length / tokens;
  return name.endsWith('attn.hook_v')
    ? data.slice(0, (pos + 1) * width)
    : data.slice(pos * width, (pos + 1) * width);
}

type Output = Pick<
  Prediction,
  'target' | 'logit' | 'targetLogit' | 'targetLogprob' | 'scale' | 'gain' | 'direction' | 'bias'
>;

/** Logits by the readout, and the direction that stands for them before the final norm. */
async function readOutput(
  { machine, spec, weights }: Workplace,
  final: Float32Array,
  { target: asked, against, signal }: PredictionOptions,
): Promise<Output> {
  const { dModel: d, norm } = spec;
  const normalized = await machine.readout.normalize(machine.runtime.floats(final, [1, 1, d]), signal);
  const read = async (targets: readonly number[]) => {
    const request = { k: 1, targets: Int32Array.from(targets), perRow: targets.length };
    const { stats } = (await machine.readout.read(normalized, request, signal)).groups[0] ?? {};
    if (!stats) throw new NumericsError('attribution: the output gave no logits');
    return stats;
  };
  const target = asked ?? (await read([])).topIds[0] ?? NaN;
  const stats = await read([target, typeof against === 'number' ? against : -1]);
  const [targetLogit = NaN, otherLogit = NaN] = stats.targetLogits;
  const { finalNorm, unembed } = spec.weights;
  const stored = (await weights.tensor(finalNorm.weight, signal)).data;
  const gain = gainOf(spec, finalNorm, () => stored);
  const scale = normScale(final, norm);
  const u = await rowsOf(
    weights,
    unembed,
    typeof against === 'number' ? [target, against] : [target],
    signal,
  );
  const mean = against === 'mean' ? await meanRow(weights, spec, signal) : undefined;
  const other = mean ?? (typeof against === 'number' ? u.subarray(d) : new Float32Array(d));
  const difference = Float64Array.from({ length: d }, (_, i) => (u[i] as number) - (other[i] as number));
  const beta = finalNorm.bias === undefined ? undefined : (await weights.tensor(finalNorm.bias, signal)).data;
  const less = mean ? dot(normalized.data, mean) : typeof against === 'number' ? otherLogit : 0;
  return {
    target,
    logit: targetLogit - less,
    targetLogit,
    targetLogprob: targetLogit - (stats.max[0] as number) - Math.log(stats.sum[0] as number),
    scale,
    gain,
    direction: throughNorm(difference, gain, norm.kind, scale),
    bias: beta && dot(beta, difference),
  };
}

async function rowsOf(
  weights: WeightStore,
  name: string,
  ids: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  await weights.need('embed', signal); // a tied unembedding is the embedding
  return weights.use('final', signal, () => Promise.resolve(weights.rows(name, Int32Array.from(ids))));
}

/** Kept by model: it follows from the weights alone. */
const means = new WeakMap<WeightStore, Float64Array>();

/** The unembedding's mean over the vocabulary, f64[d]. */
async function meanRow(
  weights: WeightStore,
  { dModel: d, dVocab, weights: { unembed } }: Workplace['spec'],
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const known = means.get(weights);
  if (known) return known;
  const sum = new Float64Array(d);
  const share = Math.max(1, Math.floor(SHARE / d));
  for (let from = 0; from < dVocab; from += share) {
    await nextTask();
    const count = Math.min(share, dVocab - from);
    const ids = Array.from({ length: count }, (_, i) => from + i);
    const rows = await rowsOf(weights, unembed, ids, signal);
    for (let at = 0; at < rows.length; at += d) {
      for (let i = 0; i < d; i++) sum[i] = (sum[i] as number) + (rows[at + i] as number);
    }
  }
  const mean = sum.map((x) => x / dVocab);
  means.set(weights, mean);
  return mean;
}

function tokenOf(id: number, dVocab: number, what: string): void {
  if (Number.isInteger(id) && id >= 0 && id < dVocab) return;
  throw new InputError(`${what}: ${id} is outside the vocabulary [0, ${dVocab})`);
}
