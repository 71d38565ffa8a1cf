/** A block's attention matrices, head by head, from wherever the weights are. */
import { InputError } from '../shared/errors.ts';
import {
  foldTensorNames,
  headTensorNames,
  headWeightsOf,
  type HeadWeights,
  type Tensors,
} from '../shared/heads/weights.ts';
import type { BlockWeights, ModelSpec } from '../shared/spec/model-spec.ts';
import type { WeightTensor } from './api.ts';

/** What is asked of a model here. */
export interface ReadsWeights {
  readonly spec: ModelSpec;
  weight(name: string, signal?: AbortSignal): Promise<WeightTensor>;
}

/**
 * W_Q, W_K, W_V and W_O of a layer by head, as the files have them, with their biases.
 *
 * @throws {InputError} for a layer that isn't there.
 */
export async function headWeights(
  model: ReadsWeights,
  layer: number,
  signal?: AbortSignal,
): Promise<HeadWeights> {
  const block = blockOf(model.spec, layer);
  return headWeightsOf(model.spec, block, layer, await fetchTensors(model, headTensorNames(block), signal));
}

/** All that a layer's folded matrices need. */
export async function headTensors(
  model: ReadsWeights,
  layer: number,
  signal?: AbortSignal,
): Promise<Tensors> {
  const block = blockOf(model.spec, layer);
  return fetchTensors(model, [...headTensorNames(block), ...foldTensorNames(block)], signal);
}

export function blockOf({ weights, nLayers }: ModelSpec, layer: number): BlockWeights {
  const block = weights.blocks[layer];
  if (!block) throw new InputError(`heads: layer ${layer}: expected 0 to ${nLayers - 1}`);
  return block;
}

async function fetchTensors(
  model: ReadsWeights,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Tensors> {
  const found = new Map<string, Float32Array>();
  for (const name of names) found.set(name, (await model.weight(name, signal)).data);
  return (name) => {
    const data = found.get(name);
    if (!data) throw new Error(`${name}: not fetched`);
    return data;
  };
}
