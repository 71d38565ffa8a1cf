/**
 * Llama and the families that share its shape: RMS norms, rotary positions, grouped heads, a gated MLP. A family
 * is its defaults and its differences.
 *
 * @see Touvron et al. 2023; defaults as in Hugging Face's `LlamaConfig`.
 */
import { FormatError } from '../errors.ts';
import { Fields, type JsonObject } from '../formats/json.ts';
import type { BlockWeights, LayerSpec, ModelSpec, Rotary, StoredShapes } from './model-spec.ts';
import { readRope, rotaryOf } from './rope.ts';
import { hooksOf, MAX, readActivation, readPrefix, refuse, TensorNames } from './spec-builder.ts';

/** A family's defaults, for fields that a config leaves out. */
export interface LlamaDefaults {
  readonly vocab: number;
  readonly hidden: number;
  readonly intermediate: number;
  readonly layers: number;
  readonly heads: number;
  /** Undefined: as many as heads. */
  readonly kvHeads?: number;
  /** Undefined: hidden / heads. */
  readonly headDim?: number;
  readonly context: number;
  readonly theta: number;
  readonly tied: boolean;
  readonly activation: string;
}

/** What a family does differently. */
export interface LlamaTraits {
  readonly defaults: LlamaDefaults;
  readonly activationKeys?: readonly string[];
  /** Biases of q, k and v, and of the output: by the config's `attention_bias`, or fixed. */
  readonly qkvBias?: boolean;
  readonly outBias?: boolean;
  /** Norms over each head's queries and keys. */
  readonly headNorms?: boolean;
  /** Norms on what attention and MLP write. */
  readonly sandwich?: boolean;
  /** Added to stored norm weights. */
  readonly normOffset?: (fields: Fields) => number;
  readonly embedScale?: (dModel: number) => number;
  readonly attnScale?: (fields: Fields, dHead: number) => number;
  /** Per layer, the window of its attention; undefined: none. */
  readonly windows?: (fields: Fields, nLayers: number) => readonly (number | undefined)[];
  /** Rotaries, and which one a layer uses. Default: one for all. */
  readonly rotaries?: (
    dHead: number,
    windows: readonly (number | undefined)[],
  ) => { readonly rotaries: readonly Rotary[]; readonly byLayer: readonly number[] };
}

export function llamaLikeSpec(
  family: string,
  place: string,
  config: JsonObject,
  tensors: StoredShapes,
  traits: LlamaTraits,
): ModelSpec {
  const { defaults } = traits;
  const fields = new Fields(place, config);
  const nLayers = fields.size(['num_hidden_layers'], MAX.layers, defaults.layers);
  const dModel = fields.size(['hidden_size'], MAX.width, defaults.hidden);
  const nHeads = fields.size(['num_attention_heads'], MAX.heads, defaults.heads);
  const nKvHeads = fields.size(['num_key_value_heads'], MAX.heads, defaults.kvHeads ?? nHeads);
  const dHead = fields.size(['head_dim'], MAX.width, defaults.headDim ?? Math.floor(dModel / nHeads));
  const dMlp = fields.size(['intermediate_size'], MAX.mlp, defaults.intermediate);
  const dVocab = fields.size(['vocab_size'], MAX.vocab, defaults.vocab);
  if (nHeads % nKvHeads !== 0) {
    throw new FormatError(
      `${place}: num_attention_heads ${nHeads} is no multiple of num_key_value_heads ${nKvHeads}`,
    );
  }
  refuse(place, fields.flag(['use_bidirectional_attention'], false), 'bidirectional attention');
  for (const cap of ['attn_logit_softcapping', 'final_logit_softcapping']) {
    refuse(place, fields.has(cap), `softcapping (${cap})`);
  }
  const bias = fields.flag(['attention_bias'], false);
  const mlpBias = fields.flag(['mlp_bias'], false);
  const windows = traits.windows?.(fields, nLayers) ?? Array.from({ length: nLayers }, () => undefined);
  const single = (): { rotaries: Rotary[]; byLayer: number[] } => ({
    rotaries: [rotaryOf(readRope(place, config, { theta: defaults.theta }), dHead)],
    byLayer: Array.from({ length: nLayers }, () => 0),
  });
  const { rotaries, byLayer } = traits.rotaries?.(dHead, windows) ?? single();
  const attnScale = traits.attnScale?.(fields, dHead) ?? 1 / Math.sqrt(dHead);

  const prefix = readPrefix(tensors, 'model.', 'embed_tokens.weight');
  const names = new TensorNames();
  const embed = names.tensor(`${prefix}embed_tokens.weight`, dVocab, dModel);
  const block = (l: number): BlockWeights => {
    const layer = `${prefix}layers.${l}`;
    const [q, kv] = [nHeads * dHead, nKvHeads * dHead];
    const qkvBias = traits.qkvBias ?? bias;
    const rms = (name: string, width = dModel) => names.norm(`${layer}.${name}`, width, false);
    return {
      norm1: rms('input_layernorm'),
      qkv: {
        kind: 'split',
        q: names.linear(`${layer}.self_attn.q_proj`, dModel, q, qkvBias),
        k: names.linear(`${layer}.self_attn.k_proj`, dModel, kv, qkvBias),
        v: names.linear(`${layer}.self_attn.v_proj`, dModel, kv, qkvBias),
      },
      ...(traits.headNorms && {
        qNorm: rms('self_attn.q_norm', dHead),
        kNorm: rms('self_attn.k_norm', dHead),
      }),
      out: names.linear(`${layer}.self_attn.o_proj`, q, dModel, traits.outBias ?? bias),
      ...(traits.sandwich && {
        postAttnNorm: rms('post_attention_layernorm'),
        postMlpNorm: rms('post_feedforward_layernorm'),
      }),
      norm2: rms(traits.sandwich ? 'pre_feedforward_layernorm' : 'post_attention_layernorm'),
      mlpGate: names.linear(`${layer}.mlp.gate_proj`, dModel, dMlp, mlpBias),
      mlpIn: names.linear(`${layer}.mlp.up_proj`, dModel, dMlp, mlpBias),
      mlpOut: names.linear(`${layer}.mlp.down_proj`, dMlp, dModel, mlpBias),
    };
  };
  return {
    family,
    nLayers,
    dModel,
    nHeads,
    nKvHeads,
    dHead,
    dMlp,
    dVocab,
    nCtx: fields.size(['max_position_embeddings'], MAX.context, defaults.context),
    norm: {
      kind: 'rms',
      eps: fields.between(['rms_norm_eps'], 0, 1, 1e-6),
      offset: traits.normOffset?.(fields) ?? 0,
    },
    activation: readActivation(place, fields, traits.activationKeys ?? ['hidden_act'], defaults.activation),
    parallel: false,
    embedScale: traits.embedScale?.(dModel) ?? 1,
    layers: windows.map((window, l): LayerSpec => ({
      attnScale,
      ...(window !== undefined && { window }),
      rotary: byLayer[l] as number,
    })),
    rotaries,
    weights: {
      embed,
      blocks: Array.from({ length: nLayers }, (_, l) => block(l)),
      finalNorm: names.norm(`${prefix}norm`, dModel, false),
      unembed: fields.flag(['tie_word_embeddings'], defaults.tied)
        ? embed
        : names.tensor('lm_head.weight', dVocab, dModel),
    },
    shapes: names.shapes,
    ...hooksOf({ rotary: true, parallel: false, learned: false }),
  };
}

export function llamaSpec(place: string, config: JsonObject, tensors: StoredShapes): ModelSpec {
  return llamaLikeSpec('llama', place, config, tensors, {
    defaults: {
      vocab: 32_000,
      hidden: 4096,
      intermediate: 11_008,
      layers: 32,
      heads: 32,
      context: 2048,
      theta: 10_000,
      tied: false,
      activation: 'silu',
    },
  });
}
