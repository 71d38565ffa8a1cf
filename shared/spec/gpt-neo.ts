/**
 * GPT-Neo (TinyStories): learned positions, scores not scaled, layers that see everything in turn with layers that
 * see a window.
 *
 * @see Black et al. 2021; defaults as in Hugging Face's `GPTNeoConfig`.
 */
import { FormatError, UnsupportedError } from '../errors.ts';
import { Fields, type JsonObject } from '../formats/json.ts';
import type { BlockWeights, ModelSpec, StoredShapes } from './model-spec.ts';
import { hooksOf, MAX, readActivation, readPrefix, TensorNames } from './spec-builder.ts';

/** `global` or `local` a layer, from `attention_layers` or `[[["global", "local"], 12]]`. */
function attentionKinds(place: string, config: JsonObject, nLayers: number): string[] {
  const listed = config['attention_layers'];
  const types = config['attention_types'] ?? [[['global', 'local'], Math.ceil(nLayers / 2)]];
  const kinds: unknown[] = [];
  if (Array.isArray(listed)) {
    kinds.push(...(listed as unknown[]));
  } else if (Array.isArray(types)) {
    for (const entry of types as unknown[]) {
      const [pattern, times] = Array.isArray(entry) ? (entry as unknown[]) : [];
      if (!Array.isArray(pattern) || typeof times !== 'number' || times > MAX.layers) break;
      for (let i = 0; i < times; i++) kinds.push(...(pattern as unknown[]));
    }
  }
  const known = kinds.slice(0, nLayers).filter((k): k is string => k === 'global' || k === 'local');
  if (known.length === nLayers) return known;
  throw new FormatError(`${place}: attention_types: expected global or local for each of ${nLayers} layers`);
}

export function gptNeoSpec(place: string, config: JsonObject, tensors: StoredShapes): ModelSpec {
  const fields = new Fields(place, config);
  const nLayers = fields.size(['num_layers', 'num_hidden_layers'], MAX.layers, 24);
  const dModel = fields.size(['hidden_size'], MAX.width, 2048);
  const nHeads = fields.size(['num_heads', 'num_attention_heads'], MAX.heads, 16);
  const dMlp = fields.size(['intermediate_size'], MAX.mlp, 4 * dModel);
  const dVocab = fields.size(['vocab_size'], MAX.vocab, 50257);
  const nCtx = fields.size(['max_position_embeddings'], MAX.context, 2048);
  const window = fields.size(['window_size'], MAX.context, 256);
  if (dModel % nHeads !== 0) {
    throw new UnsupportedError(`${place}: hidden_size ${dModel} is no multiple of num_heads ${nHeads}`);
  }
  const prefix = readPrefix(tensors, 'transformer.', 'wte.weight');
  const names = new TensorNames();
  const embed = names.tensor(`${prefix}wte.weight`, dVocab, dModel);
  return {
    family: 'gpt_neo',
    nLayers,
    dModel,
    nHeads,
    nKvHeads: nHeads,
    dHead: dModel / nHeads,
    dMlp,
    dVocab,
    nCtx,
    norm: { kind: 'layer', eps: fields.between(['layer_norm_epsilon'], 0, 1, 1e-5), offset: 0 },
    activation: readActivation(place, fields, ['activation_function'], 'gelu_new'),
    parallel: false,
    embedScale: 1,
    layers: attentionKinds(place, config, nLayers).map((kind) => ({
      attnScale: 1,
      ...(kind === 'local' && { window }),
    })),
    rotaries: [],
    weights: {
      embed,
      posEmbed: names.tensor(`${prefix}wpe.weight`, nCtx, dModel),
      blocks: Array.from({ length: nLayers }, (_, l): BlockWeights => {
        const h = `${prefix}h.${l}`;
        const attention = `${h}.attn.attention`;
        return {
          norm1: names.norm(`${h}.ln_1`, dModel, true),
          qkv: {
            kind: 'split',
            q: names.linear(`${attention}.q_proj`, dModel, dModel, false),
            k: names.linear(`${attention}.k_proj`, dModel, dModel, false),
            v: names.linear(`${attention}.v_proj`, dModel, dModel, false),
          },
          out: names.linear(`${attention}.out_proj`, dModel, dModel, true),
          norm2: names.norm(`${h}.ln_2`, dModel, true),
          mlpIn: names.linear(`${h}.mlp.c_fc`, dModel, dMlp, true),
          mlpOut: names.linear(`${h}.mlp.c_proj`, dMlp, dModel, true),
        };
      }),
      finalNorm: names.norm(`${prefix}ln_f`, dModel, true),
      unembed: fields.flag(['tie_word_embeddings'], true)
        ? embed
        : names.tensor('lm_head.weight', dVocab, dModel),
    },
    shapes: names.shapes,
    ...hooksOf({ rotary: false, parallel: false, learned: true }),
  };
}
