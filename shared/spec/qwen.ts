/**
 * Qwen2 (q, k and v with biases) and Qwen3 (norms over each head's queries and keys, its own head size).
 *
 * @see Yang et al. 2024 and 2025; defaults as in Hugging Face's `Qwen2Config` and `Qwen3Config`.
 */
import type { Fields, JsonObject } from '../formats/json.ts';
import { readLayerKinds } from './layer-kinds.ts';
import { llamaLikeSpec, type LlamaDefaults } from './llama.ts';
import type { ModelSpec, StoredShapes } from './model-spec.ts';
import { MAX } from './spec-builder.ts';

const DEFAULTS: LlamaDefaults = {
  vocab: 151_936,
  hidden: 4096,
  intermediate: 22_016,
  layers: 32,
  heads: 32,
  kvHeads: 32,
  context: 32_768,
  theta: 10_000,
  tied: false,
  activation: 'silu',
};

/** Windows only where `use_sliding_window` says so, from layer `max_window_layers` on. */
function windows(fields: Fields, nLayers: number): (number | undefined)[] {
  if (!fields.flag(['use_sliding_window'], false)) return Array.from({ length: nLayers }, () => undefined);
  const window = fields.size(['sliding_window'], MAX.context, 4096);
  const from = fields.number(['max_window_layers'], 28);
  return readLayerKinds(fields, nLayers, (l) => l >= from).map((slides) => (slides ? window : undefined));
}

export function qwen2Spec(place: string, config: JsonObject, tensors: StoredShapes): ModelSpec {
  return llamaLikeSpec('qwen2', place, config, tensors, {
    defaults: DEFAULTS,
    qkvBias: true,
    outBias: false,
    windows,
  });
}

export function qwen3Spec(place: string, config: JsonObject, tensors: StoredShapes): ModelSpec {
  return llamaLikeSpec('qwen3', place, config, tensors, {
    defaults: { ...DEFAULTS, headDim: 128 },
    headNorms: true,
    windows,
  });
}
