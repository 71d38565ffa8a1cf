/** Attention of one prompt, a layer at a time: pattern, lengths of the values as heads write them, scores. */
import { InputError, NumericsError } from '../shared/errors.ts';
import { blockHookName } from '../shared/hooks.ts';
import { headScores, outputGrams, valueLengths } from '../shared/lens/attention.ts';
import type { ModelSpec } from '../shared/spec/model-spec.ts';
import type { HookTensor, StreamEvent, StreamOptions, WeightTensor } from './api.ts';
import type { AttentionOptions, LayerAttention } from './attention-api.ts';

/** What is asked of a model here. */
export interface ReadsAttention {
  readonly spec: Pick<
    ModelSpec,
    'nLayers' | 'nHeads' | 'nKvHeads' | 'dHead' | 'dModel' | 'layers' | 'weights'
  >;
  stream(ids: readonly number[], options?: StreamOptions): AsyncIterable<StreamEvent>;
  weight(name: string, signal?: AbortSignal): Promise<WeightTensor>;
}

/** See {@link Model.attention}. The pass ends with the last layer that is asked for. */
export async function* readAttention(
  model: ReadsAttention,
  ids: readonly number[],
  { layers, interventions = [], signal }: AttentionOptions = {},
): AsyncGenerator<LayerAttention, void> {
  const { nLayers } = model.spec;
  const wanted = layers ?? Array.from({ length: nLayers }, (_, layer) => layer);
  const wrong = wanted.find(
    (layer, i) => !Number.isInteger(layer) || layer >= nLayers || layer <= (wanted[i - 1] ?? -1),
  );
  if (wrong !== undefined) {
    throw new InputError(
      `attention: layer ${wrong}: expected layers from 0 to ${nLayers - 1}, each once and ascending`,
    );
  }
  const last = wanted.at(-1);
  if (last === undefined) return;
  const hooks = wanted.flatMap((layer) => [
    blockHookName(layer, 'attn.hook_pattern'),
    blockHookName(layer, 'attn.hook_v'),
  ]);
  const run = model.stream(ids, {
    lens: false,
    checks: false,
    hooks,
    interventions,
    ...(signal && { signal }),
  });
  for await (const event of run) {
    if (event.type !== 'block' || !wanted.includes(event.layer)) continue;
    yield await layerAttention(model, ids, event, signal);
    if (event.layer === last) return;
  }
}

async function layerAttention(
  model: ReadsAttention,
  ids: readonly number[],
  { layer, hooks }: { readonly layer: number; readonly hooks: ReadonlyMap<string, HookTensor> },
  signal: AbortSignal | undefined,
): Promise<LayerAttention> {
  const { spec } = model;
  const block = spec.weights.blocks[layer];
  const [patternHook, values] = [
    hooks.get(blockHookName(layer, 'attn.hook_pattern')),
    hooks.get(blockHookName(layer, 'attn.hook_v')),
  ];
  if (!patternHook || !values || !block)
    throw new NumericsError(`attention: layer ${layer}: the run gave none`);
  const pattern = await patternHook.data();
  const shape = { heads: spec.nHeads, tokens: ids.length };
  return {
    layer,
    ...shape,
    window: spec.layers[layer]?.window,
    pattern,
    lengths: valueLengths(await values.data(), await gramsOf(model, layer, signal), spec),
    postNorm: block.postAttnNorm !== undefined,
    scores: headScores(pattern, ids, shape),
  };
}

/** Kept by model and layer: they follow from the weights alone. */
const kept = new WeakMap<ReadsAttention, Map<number, Float64Array>>();

async function gramsOf(
  model: ReadsAttention,
  layer: number,
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const own = kept.get(model) ?? new Map<number, Float64Array>();
  kept.set(model, own);
  const known = own.get(layer);
  if (known) return known;
  const block = model.spec.weights.blocks[layer];
  if (!block) throw new RangeError(`layer ${layer} of ${model.spec.nLayers}`);
  const { data } = await model.weight(block.out.weight, signal);
  const grams = outputGrams(data, block.out.layout, model.spec);
  own.set(layer, grams);
  return grams;
}
