/**
 * Gemma 3, text only: a scaled embedding, norms whose gain is 1 + w, norms on what attention and MLP write, head
 * norms, sliding and full layers with a rotary base each.
 *
 * @see Gemma Team 2025; defaults as in Hugging Face's `Gemma3TextConfig`.
 */
import type { JsonObject } from '../formats/json.ts';
import { readLayerKinds } from './layer-kinds.ts';
import { llamaLikeSpec } from './llama.ts';
import type { ModelSpec, StoredShapes } from './model-spec.ts';
import { readRope, rotaryOf } from './rope.ts';
import { MAX } from './spec-builder.ts';

export function gemma3Spec(place: string, config: JsonObject, tensors: StoredShapes): ModelSpec {
  return llamaLikeSpec('gemma3_text', place, config, tensors, {
    defaults: {
      vocab: 262_208,
      hidden: 2304,
      intermediate: 9216,
      layers: 26,
      heads: 8,
      kvHeads: 4,
      headDim: 256,
      context: 131_072,
      theta: 1_000_000,
      tied: true,
      activation: 'gelu_pytorch_tanh',
    },
    activationKeys: ['hidden_activation', 'hidden_act'],
    headNorms: true,
    sandwich: true,
    // GGUF files hold the gain itself, and say so.
    normOffset: (fields) => fields.number(['residscope_norm_offset'], 1),
    embedScale: (dModel) => Math.fround(Math.sqrt(dModel)),
    attnScale: (fields) => fields.between(['query_pre_attn_scalar'], 1e-3, 1e9, 256) ** -0.5,
    windows: (fields, nLayers) => {
      const window = fields.size(['sliding_window'], MAX.context, 4096);
      const every = fields.size(['sliding_window_pattern', '_sliding_window_pattern'], MAX.layers, 6);
      const slides = readLayerKinds(fields, nLayers, (l) => (l + 1) % every !== 0);
      return slides.map((s) => (s ? window : undefined));
    },
    rotaries: (dHead, windows) => {
      const full = readRope(place, config, { theta: 1_000_000, kind: 'full_attention' });
      const sliding = readRope(
        place,
        { ...config, rope_scaling: null },
        { theta: 10_000, thetaKeys: ['rope_local_base_freq'], kind: 'sliding_attention' },
      );
      return {
        rotaries: [rotaryOf(full, dHead), rotaryOf(sliding, dHead)],
        byLayer: windows.map((w) => (w === undefined ? 0 : 1)),
      };
    },
  });
}
