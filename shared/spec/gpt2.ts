/**
 * GPT-2: pre-norm blocks, learned positions, q, k and v in one matrix, weights stored [in, out] (GGUF: [out, in]).
 *
 * @see Radford et al. 2019; defaults as in Hugging Face's `GPT2Config`.
 */
import { UnsupportedError } from '../errors.ts';
import { Fields, type JsonObject } from '../formats/json.ts';
import type { BlockWeights, MatrixRef, ModelSpec, StoredShapes } from './model-spec.ts';
import { hooksOf, MAX, readActivation, readPrefix, refuse, TensorNames } from './spec-builder.ts';

export function gpt2Spec(place: string, config: JsonObject, tensors: StoredShapes): ModelSpec {
  const fields = new Fields(place, config);
  const nLayers = fields.size(['n_layer', 'num_hidden_layers'], MAX.layers, 12);
  const dModel = fields.size(['n_embd', 'hidden_size'], MAX.width, 768);
  const nHeads = fields.size(['n_head', 'num_attention_heads'], MAX.heads, 12);
  const dMlp = fields.size(['n_inner'], MAX.mlp, 4 * dModel);
  const dVocab = fields.size(['vocab_size'], MAX.vocab, 50257);
  const nCtx = fields.size(['n_positions', 'n_ctx', 'max_position_embeddings'], MAX.context, 1024);
  const eps = fields.between(['layer_norm_epsilon'], 0, 1, 1e-5);
  if (dModel % nHeads !== 0) {
    throw new UnsupportedError(`${place}: n_embd ${dModel} is no multiple of n_head ${nHeads}`);
  }
  refuse(place, fields.flag(['add_cross_attention'], false), 'cross-attention');
  const activation = readActivation(place, fields, ['activation_function'], 'gelu_new');
  const dHead = dModel / nHeads;
  const base = fields.flag(['scale_attn_weights'], true) ? 1 / Math.sqrt(dHead) : 1;
  const byLayer = fields.flag(['scale_attn_by_inverse_layer_idx'], false);
  const tied = fields.flag(['tie_word_embeddings'], true);

  const prefix = readPrefix(tensors, 'transformer.', 'wte.weight');
  const names = new TensorNames();
  // Only c_fc tells the layout by its shape: it isn't square.
  const transposed = tensors.get(`${prefix}h.0.mlp.c_fc.weight`)?.shape[0] === dMlp && dMlp !== dModel;
  const matrix = (path: string, inputs: number, outputs: number): MatrixRef =>
    transposed ? names.linear(path, inputs, outputs, true) : names.conv1d(path, inputs, outputs);
  const embed = names.tensor(`${prefix}wte.weight`, dVocab, dModel);
  return {
    family: 'gpt2',
    nLayers,
    dModel,
    nHeads,
    nKvHeads: nHeads,
    dHead,
    dMlp,
    dVocab,
    nCtx,
    norm: { kind: 'layer', eps, offset: 0 },
    activation,
    parallel: false,
    embedScale: 1,
    layers: Array.from({ length: nLayers }, (_, l) => ({ attnScale: byLayer ? base / (l + 1) : base })),
    rotaries: [],
    weights: {
      embed,
      posEmbed: names.tensor(`${prefix}wpe.weight`, nCtx, dModel),
      blocks: Array.from({ length: nLayers }, (_, l): BlockWeights => {
        const h = `${prefix}h.${l}`;
        return {
          norm1: names.norm(`${h}.ln_1`, dModel, true),
          qkv: { kind: 'fused', order: 'parts', matrix: matrix(`${h}.attn.c_attn`, dModel, 3 * dModel) },
          out: matrix(`${h}.attn.c_proj`, dModel, dModel),
          norm2: names.norm(`${h}.ln_2`, dModel, true),
          mlpIn: matrix(`${h}.mlp.c_fc`, dModel, dMlp),
          mlpOut: matrix(`${h}.mlp.c_proj`, dMlp, dModel),
        };
      }),
      finalNorm: names.norm(`${prefix}ln_f`, dModel, true),
      unembed: tied ? embed : names.tensor('lm_head.weight', dVocab, dModel),
    },
    shapes: names.shapes,
    ...hooksOf({ rotary: false, parallel: false, learned: true }),
  };
}
