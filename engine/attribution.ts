/** Direct logit attribution: a logit as the sum of what each component writes. Loaded where it is asked for. */
import { dot, normScale, throughNorm } from '../shared/frozen-norm.ts';
import { gainOf } from '../shared/heads/weights.ts';
import type { BlockHook } from '../shared/hooks.ts';
import type { EditableHook } from '../shared/interventions.ts';
import type { BlockWeights, ModelSpec } from '../shared/spec/model-spec.ts';
import { alongOutputs, product, storedMatrix, type StoredMatrix } from '../shared/stored-matrix.ts';
import type { Attribution, AttributionOptions, Component, ComponentKind } from './attribution-api.ts';
import type { Workplace } from './average-readings.ts';
import { blockOf } from './head-weights.ts';
import { editAt, readPrediction, type Prediction } from './prediction.ts';

const HOOKS = [
  'attn.hook_pattern',
  'attn.hook_v',
  'attn.hook_z',
  'hook_mlp_out',
] as const satisfies readonly BlockHook[];

/** See {@link Model.attribution}. */
export async function readAttribution(
  place: Workplace,
  ids: readonly number[],
  options: AttributionOptions = {},
): Promise<Attribution> {
  const { spec } = place;
  const { nLayers: layers, nHeads: heads } = spec;
  const hooks = spec.layers.flatMap((_, layer) => HOOKS.map((hook) => ({ layer, hook })));
  const run = await readPrediction(place, ids, hooks, 'attribution', options);
  const parts = new Parts(run);
  parts.write('embed', dot(run.embed, run.direction));
  if (run.posEmbed) parts.write('posEmbed', dot(run.posEmbed, run.direction));
  const bySource = new Float32Array(layers * heads * run.tokens);
  for (let layer = 0; layer < layers; layer++) {
    const first = parts.count;
    const { byHead, sources, bias } = await attentionParts(place, run, layer, options.signal);
    byHead.forEach((part, head) => parts.write('head', part, layer, head));
    if (bias !== undefined) parts.write('attnBias', bias, layer);
    sources.forEach((row, head) => bySource.set(row, (layer * heads + head) * run.tokens));
    parts.change(layer, 'hook_attn_out', first);
    parts.change(layer, 'hook_resid_mid', 0);
    await mlpParts(place, run, layer, parts, options.signal);
    parts.change(layer, 'hook_resid_post', 0);
  }
  if (run.bias !== undefined) parts.write('finalBias', run.bias);
  return { ...parts.result(layers, heads, bySource), notes: notesOf(spec, place, options) };
}

/** Parts as they are written, and what later changes of the stream make of them. */
class Parts {
  readonly #run: Prediction;
  readonly #components: Component[] = [];
  readonly #written: number[] = [];
  readonly #gains: number[] = [];

  constructor(run: Prediction) {
    this.#run = run;
  }

  get count(): number {
    return this.#written.length;
  }

  write(kind: ComponentKind, part: number, layer?: number, head?: number): void {
    this.#components.push({ kind, layer, head, name: nameOf(kind, layer, head) });
    this.#written.push(part);
    this.#gains.push(1);
  }

  /** Interventions on a sum of the parts from `first` on. */
  change(layer: number, hook: EditableHook, first: number): void {
    const edit = editAt(this.#run, layer, hook);
    if (!edit) return;
    for (let i = first; i < this.count; i++) this.#gains[i] = (this.#gains[i] as number) * edit.gain;
    if (edit.offset) this.write('change', dot(edit.offset, this.#run.direction), layer);
  }

  result(layers: number, heads: number, bySource: Float32Array): Omit<Attribution, 'notes'> {
    const { tokens, pos, target, against, logit, targetLogit, targetLogprob } = this.#run;
    const parts = Float64Array.from(this.#written, (part, i) => part * (this.#gains[i] as number));
    const byHead = new Float64Array(layers * heads);
    const [attn, mlp] = [new Float64Array(layers), new Float64Array(layers)];
    const add = (to: Float64Array, at: number, part: number): void => {
      to[at] = (to[at] as number) + part;
    };
    this.#components.forEach(({ kind, layer = 0, head = 0 }, i) => {
      const part = parts[i] as number;
      if (kind === 'head') {
        const at = layer * heads + head;
        byHead[at] = part;
        const gain = this.#gains[i] as number;
        for (let s = at * tokens; s < (at + 1) * tokens; s++) bySource[s] = (bySource[s] as number) * gain;
      }
      if (kind === 'head' || kind === 'attnBias') add(attn, layer, part);
      if (kind === 'mlp' || kind === 'mlpBias') add(mlp, layer, part);
    });
    const sum = parts.reduce((a, b) => a + b, 0);
    return {
      tokens,
      pos,
      target,
      against,
      logit,
      targetLogit,
      targetLogprob,
      components: this.#components,
      parts,
      sum,
      error: Math.abs(sum - logit),
      layers,
      heads,
      attn,
      mlp,
      byHead,
      bySource,
    };
  }
}

function nameOf(kind: ComponentKind, layer = 0, head = 0): string {
  switch (kind) {
    case 'embed':
      return 'embedding';
    case 'posEmbed':
      return 'position embedding';
    case 'head':
      return `head ${layer}.${head}`;
    case 'attnBias':
      return `attention bias ${layer}`;
    case 'mlp':
      return `MLP ${layer}`;
    case 'mlpBias':
      return `MLP bias ${layer}`;
    case 'change':
      return `changes ${layer}`;
    case 'finalBias':
      return 'final norm bias';
  }
}

interface AttentionParts {
  /** f64[head] */
  readonly byHead: Float64Array;
  /** By head, f32[source]. */
  readonly sources: readonly Float32Array[];
  readonly bias: number | undefined;
}

/** What a layer's heads and their output bias write, before changes of `hook_attn_out`. */
async function attentionParts(
  { spec, weights }: Workplace,
  run: Prediction,
  layer: number,
  signal: AbortSignal | undefined,
): Promise<AttentionParts> {
  const { nHeads: heads, nKvHeads: groups, dHead: e, dModel: d } = spec;
  const block = blockOf(spec, layer);
  const vector = async (name: string | undefined): Promise<Float32Array | undefined> =>
    name === undefined ? undefined : (await weights.tensor(name, signal)).data;
  const out = storedMatrix((await weights.tensor(block.out.weight, signal)).data, block.out, heads * e, d);
  const outBias = await vector(block.out.bias);
  const z = run.row(layer, 'attn.hook_z');
  const post = await behindPostNorm(
    { spec, weights },
    run,
    block.postAttnNorm,
    () => sumOf(out, outBias, z),
    signal,
  );
  const along = alongOutputs(out, post.direction); // [h · e]: what each number of z is worth
  const byHead = new Float64Array(heads);
  const pattern = run.row(layer, 'attn.hook_pattern');
  const values = run.row(layer, 'attn.hook_v');
  const gains = run.edits.blocks.get(layer)?.get('attn.hook_z')?.gain;
  const sources = Array.from(byHead, (_, head) => {
    const own = along.subarray(head * e, (head + 1) * e);
    byHead[head] = dot(z.subarray(head * e, (head + 1) * e), own);
    const gain = gains?.[run.pos * heads + head] ?? 1;
    const group = Math.floor((head * groups) / heads);
    return Float32Array.from({ length: run.pos + 1 }, (__, s) => {
      const value = values.subarray((s * groups + group) * e, (s * groups + group + 1) * e);
      return gain * (pattern[head * (run.pos + 1) + s] as number) * dot(value, own);
    });
  });
  const bias =
    outBias || post.bias !== undefined
      ? (outBias ? dot(outBias, post.direction) : 0) + (post.bias ?? 0)
      : undefined;
  return { byHead, sources, bias };
}

/** x·W + b */
export function sumOf(matrix: StoredMatrix, bias: Float32Array | undefined, x: Float32Array): Float64Array {
  const sum = product(matrix, x);
  return bias ? sum.map((value, i) => value + (bias[i] as number)) : sum;
}

/** The direction before a norm on what is written (Gemma), its scale as it is here; without one the run's own. */
export async function behindPostNorm(
  { spec, weights }: Pick<Workplace, 'spec' | 'weights'>,
  { direction }: Pick<Prediction, 'direction'>,
  ref: BlockWeights['postAttnNorm'],
  written: () => ArrayLike<number>,
  signal: AbortSignal | undefined,
): Promise<{ readonly direction: Float64Array; readonly bias: number | undefined; readonly scale: number }> {
  if (!ref) return { direction, bias: undefined, scale: 1 };
  const stored = (await weights.tensor(ref.weight, signal)).data;
  const gain = gainOf(spec, ref, () => stored);
  const scale = normScale(written(), spec.norm);
  const beta = ref.bias === undefined ? undefined : (await weights.tensor(ref.bias, signal)).data;
  return {
    direction: throughNorm(direction, gain, spec.norm.kind, scale),
    bias: beta && dot(beta, direction),
    scale,
  };
}

/**
 * What a layer's neurons and their output bias write. The hook has what interventions made of it, so the parts are
 * scaled already; a bias in front of a post-norm stays with the neurons: no family has both.
 */
async function mlpParts(
  { spec, weights }: Workplace,
  run: Prediction,
  layer: number,
  parts: Parts,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { mlpOut, postMlpNorm } = blockOf(spec, layer);
  const edit = editAt(run, layer, 'hook_mlp_out');
  const added = edit?.offset ? dot(edit.offset, run.direction) : 0;
  const written = dot(run.row(layer, 'hook_mlp_out'), run.direction) - added;
  const bias =
    mlpOut.bias === undefined || postMlpNorm
      ? 0
      : dot((await weights.tensor(mlpOut.bias, signal)).data, run.direction) * (edit?.gain ?? 1);
  parts.write('mlp', written - bias, layer);
  if (mlpOut.bias !== undefined && !postMlpNorm) parts.write('mlpBias', bias, layer);
  if (edit?.offset) parts.write('change', added, layer);
}

function notesOf(
  spec: ModelSpec,
  { machine }: Workplace,
  { interventions = [] }: AttributionOptions,
): string[] {
  const notes = [];
  if (spec.weights.blocks.some((block) => block.postAttnNorm ?? block.postMlpNorm)) {
    notes.push(
      'A norm stands behind what attention and MLP write: each head has its share of the sum, scaled as the sum is here.',
    );
  }
  if (machine.runtime.device.compute === 'f16') {
    notes.push('Products were computed in f16, parts in f32: they sum to the logit less closely.');
  }
  if (interventions.some(({ hook, value }) => value !== undefined && hook.endsWith('.attn.hook_z'))) {
    notes.push('What was put in place of a head’s values comes from no token: its row by source lacks it.');
  }
  return notes;
}
