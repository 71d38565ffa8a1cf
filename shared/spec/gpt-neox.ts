/**
 * GPT-NeoX (Pythia): rotary over a share of each head, attention and MLP side by side or one after the other, q, k
 * and v head by head in one matrix.
 *
 * @see Black et al. 2022; defaults as in Hugging Face's `GPTNeoXConfig`.
 */
import { UnsupportedError } from '../errors.ts';
import { Fields, type JsonObject } from '../formats/json.ts';
import type { BlockWeights, ModelSpec, StoredShapes } from './model-spec.ts';
import { readRope, rotaryOf } from './rope.ts';
import { hooksOf, MAX, readActivation, readPrefix, TensorNames } from './spec-builder.ts';

export function gptNeoxSpec(place: string, config: JsonObject, tensors: StoredShapes): ModelSpec {
  const fields = new Fields(place, config);
  const nLayers = fields.size(['num_hidden_layers'], MAX.layers, 44);
  const dModel = fields.size(['hidden_size'], MAX.width, 6144);
  const nHeads = fields.size(['num_attention_heads'], MAX.heads, 64);
  const dMlp = fields.size(['intermediate_size'], MAX.mlp, 24_576);
  const dVocab = fields.size(['vocab_size'], MAX.vocab, 50_432);
  const nCtx = fields.size(['max_position_embeddings'], MAX.context, 2048);
  if (dModel % nHeads !== 0) {
    throw new UnsupportedError(
      `${place}: hidden_size ${dModel} is no multiple of num_attention_heads ${nHeads}`,
    );
  }
  const dHead = dModel / nHeads;
  const bias = fields.flag(['attention_bias'], true);
  const parallel = fields.flag(['use_parallel_residual'], true);
  const rope = readRope(place, config, {
    theta: 10_000,
    share: 0.25,
    thetaKeys: ['rotary_emb_base', 'rope_theta'],
    shareKeys: ['rotary_pct'],
  });
  const prefix = readPrefix(tensors, 'gpt_neox.', 'embed_in.weight');
  const names = new TensorNames();
  const embed = names.tensor(`${prefix}embed_in.weight`, dVocab, dModel);
  return {
    family: 'gpt_neox',
    nLayers,
    dModel,
    nHeads,
    nKvHeads: nHeads,
    dHead,
    dMlp,
    dVocab,
    nCtx,
    norm: { kind: 'layer', eps: fields.between(['layer_norm_eps'], 0, 1, 1e-5), offset: 0 },
    activation: readActivation(place, fields, ['hidden_act'], 'gelu'),
    parallel,
    embedScale: 1,
    layers: Array.from({ length: nLayers }, () => ({ attnScale: 1 / Math.sqrt(dHead), rotary: 0 })),
    rotaries: [rotaryOf(rope, dHead)],
    weights: {
      embed,
      blocks: Array.from({ length: nLayers }, (_, l): BlockWeights => {
        const layer = `${prefix}layers.${l}`;
        const qkv = names.linear(`${layer}.attention.query_key_value`, dModel, 3 * dModel, bias);
        return {
          norm1: names.norm(`${layer}.input_layernorm`, dModel, true),
          qkv: { kind: 'fused', order: 'heads', matrix: qkv },
          out: names.linear(`${layer}.attention.dense`, dModel, dModel, bias),
          norm2: names.norm(`${layer}.post_attention_layernorm`, dModel, true),
          mlpIn: names.linear(`${layer}.mlp.dense_h_to_4h`, dModel, dMlp, true),
          mlpOut: names.linear(`${layer}.mlp.dense_4h_to_h`, dMlp, dModel, true),
        };
      }),
      finalNorm: names.norm(`${prefix}final_layer_norm`, dModel, true),
      unembed: fields.flag(['tie_word_embeddings'], false)
        ? embed
        : names.tensor('embed_out.weight', dVocab, dModel),
    },
    shapes: names.shapes,
    ...hooksOf({ rotary: true, parallel, learned: false }),
  };
}
