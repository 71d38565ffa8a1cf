/**
 * Mistral: Llama with a sliding window.
 *
 * @see Jiang et al. 2023; defaults as in Hugging Face's `MistralConfig`.
 */
import type { JsonObject } from '../formats/json.ts';
import { llamaLikeSpec } from './llama.ts';
import type { ModelSpec, StoredShapes } from './model-spec.ts';
import { MAX } from './spec-builder.ts';

export function mistralSpec(place: string, config: JsonObject, tensors: StoredShapes): ModelSpec {
  return llamaLikeSpec('mistral', place, config, tensors, {
    defaults: {
      vocab: 32_000,
      hidden: 4096,
      intermediate: 14_336,
      layers: 32,
      heads: 32,
      kvHeads: 8,
      context: 131_072,
      theta: 10_000,
      tied: false,
      activation: 'silu',
    },
    qkvBias: false,
    outBias: false,
    windows: (fields, nLayers) => {
      // Null means no window; only a field that is not there has the default.
      const window = fields.isNull('sliding_window')
        ? undefined
        : fields.size(['sliding_window'], MAX.context, 4096);
      return Array.from({ length: nLayers }, () => window);
    },
  });
}
