/**
 * The `config.json` that a GGUF's metadata stands for, in Hugging Face's own key names, so that one reader of configs
 * serves both. What GGUF has and a config can't say is refused by name.
 *
 * @see https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (keys); Hugging Face transformers, `LlamaConfig`,
 *   `MistralConfig`, `Qwen2Config`, `Qwen3Config`, `Gemma3TextConfig`, `GPT2Config`
 */
import { FormatError, UnsupportedError } from '../../errors.ts';
import type { JsonObject } from '../json.ts';
import type { Metadata } from './metadata.ts';
import type { GgufArchitecture } from './names.ts';
import { keyedScaling, llama3Scaling } from './rope-scaling.ts';

/** What the tensors say of a model beside the metadata. */
export interface ConfigTensors {
  /** Rows of the embedding. */
  readonly vocabSize: number;
  /** GGUF's names. */
  readonly names: ReadonlySet<string>;
  /** `rope_freqs.weight`, where the file has it. */
  readonly ropeDivisors: Float32Array | undefined;
}

/** Keys that change what a model computes, with the value that changes nothing. */
const NEUTRAL: Readonly<Record<string, number>> = {
  expert_count: 0,
  logit_scale: 1,
  embedding_scale: 1,
  residual_scale: 1,
  attn_logit_softcapping: 0,
  'attention.clamp_kqv': 0,
  'attention.max_alibi_bias': 0,
  'attention.output_scale': 1,
};

function refuseOthers(metadata: Metadata): void {
  for (const [key, neutral] of Object.entries(NEUTRAL)) {
    const value = metadata.number(metadata.own(key), neutral);
    if (value !== neutral && value !== 0) {
      throw new UnsupportedError(
        `${metadata.place}: ${metadata.own(key)} ${value} is not done here: pick a model without it`,
      );
    }
  }
  if (!metadata.flag(metadata.own('attention.causal'), true)) {
    throw new UnsupportedError(`${metadata.place}: attention that looks ahead is not done here`);
  }
}

/** Biases come with all of these tensors or with none: a config has one flag for them. */
function biases(
  metadata: Metadata,
  { names }: ConfigTensors,
  blocks: number,
  parts: readonly string[],
): boolean {
  const all = Array.from({ length: blocks }, (_, l) => parts.map((part) => `blk.${l}.${part}.bias`)).flat();
  const present = all.filter((name) => names.has(name));
  if (present.length === 0 || present.length === all.length) return present.length > 0;
  const missing = all.find((name) => !names.has(name)) ?? '';
  throw new UnsupportedError(
    `${metadata.place}: ${present[0] ?? ''} is there and ${missing} is not: such a model is not done here`,
  );
}

interface Attention {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
}

/** Query and key/value heads, and their size. */
export function attentionOf(metadata: Metadata): Attention {
  const { place } = metadata;
  const heads = metadata.size(metadata.own('attention.head_count'));
  const width = metadata.size(metadata.own('embedding_length'));
  const headDim = metadata.optionalSize(metadata.own('attention.key_length'), 1) ?? width / heads;
  if (!Number.isInteger(headDim)) {
    throw new FormatError(`${place}: width ${width} is no multiple of ${heads} heads`);
  }
  const valueDim = metadata.optionalSize(metadata.own('attention.value_length'), 1) ?? headDim;
  const rotary = metadata.optionalSize(metadata.own('rope.dimension_count')) ?? headDim;
  for (const [what, size] of Object.entries({ values: valueDim, 'rotary positions': rotary })) {
    if (size !== headDim && metadata.architecture !== 'gpt2') {
      throw new UnsupportedError(
        `${place}: ${what} of ${size} numbers in heads of ${headDim} are not done here: pick another model`,
      );
    }
  }
  return { heads, kvHeads: metadata.size(metadata.own('attention.head_count_kv'), heads), headDim };
}

function gpt2Config(metadata: Metadata, { names, vocabSize }: ConfigTensors): JsonObject {
  const own = (key: string): string => metadata.own(key);
  return {
    model_type: 'gpt2',
    vocab_size: vocabSize,
    n_positions: metadata.size(own('context_length')),
    n_embd: metadata.size(own('embedding_length')),
    n_layer: metadata.size(own('block_count')),
    n_head: attentionOf(metadata).heads,
    n_inner: metadata.size(own('feed_forward_length')),
    activation_function: 'gelu_new',
    layer_norm_epsilon: metadata.number(own('attention.layer_norm_epsilon')),
    tie_word_embeddings: !names.has('output.weight'),
  };
}

/** Gemma 3's own fields: two rotary bases, sliding and full layers, the scale of attention. */
function gemma3Fields(metadata: Metadata, blocks: number, { heads, headDim }: Attention): JsonObject {
  const own = (key: string): string => metadata.own(key);
  const window = metadata.optionalSize(own('attention.sliding_window')) ?? 0;
  const pattern = metadata.numberOrArray(own('attention.sliding_window_pattern')) ?? 6;
  const slides = (l: number): boolean =>
    window > 0 && (typeof pattern === 'number' ? (l + 1) % pattern !== 0 : (pattern[l] ?? 0) !== 0);
  // The file has no query_pre_attn_scalar: llama.cpp takes the head's size, but for the one with 62 layers (27B).
  const scale = metadata.number(own('attention.scale'), 0);
  const width = metadata.size(own('embedding_length'));
  const scalar = scale > 0 ? scale ** -2 : blocks === 62 ? width / heads : headDim;
  const cap = metadata.number(own('final_logit_softcapping'), 0);
  return {
    model_type: 'gemma3_text',
    hidden_activation: 'gelu_pytorch_tanh',
    rope_local_base_freq: metadata.number(own('rope.freq_base_swa'), 10_000),
    ...(window > 0 && { sliding_window: window }),
    layer_types: Array.from({ length: blocks }, (_, l) =>
      slides(l) ? 'sliding_attention' : 'full_attention',
    ),
    query_pre_attn_scalar: scalar,
    final_logit_softcapping: cap === 0 ? null : cap,
    // The converter adds the 1 of Gemma's (1 + w) to the stored norm weights.
    residscope_norm_offset: 0,
  };
}

/** What the family adds to, or says otherwise than, the common fields. */
function familyFields(
  architecture: Exclude<GgufArchitecture, 'gpt2'>,
  metadata: Metadata,
  tensors: ConfigTensors,
  blocks: number,
): JsonObject {
  const attention = attentionOf(metadata);
  if (architecture === 'gemma3') return gemma3Fields(metadata, blocks, attention);
  const scale = metadata.number(metadata.own('attention.scale'), 0);
  if (scale !== 0 && Math.abs(scale - attention.headDim ** -0.5) > 1e-6) {
    throw new UnsupportedError(`${metadata.place}: attention.scale ${scale} is not done here`);
  }
  if (metadata.number(metadata.own('final_logit_softcapping'), 0) !== 0) {
    throw new UnsupportedError(`${metadata.place}: softcapping of the logits is not done here`);
  }
  // llama.cpp uses no window in Qwen's dense models, and nor do their configs unless they say so.
  if (architecture !== 'llama') {
    return { model_type: architecture, hidden_act: 'silu', use_sliding_window: false };
  }
  const attentionBias = biases(metadata, tensors, blocks, ['attn_q', 'attn_k', 'attn_v', 'attn_output']);
  const mlpBias = biases(metadata, tensors, blocks, ['ffn_gate', 'ffn_up', 'ffn_down']);
  const window = metadata.optionalSize(metadata.own('attention.sliding_window')) ?? 0;
  if (window > 0) {
    if (!attentionBias && !mlpBias)
      return { model_type: 'mistral', hidden_act: 'silu', sliding_window: window };
    throw new UnsupportedError(`${metadata.place}: a sliding window beside biases is not done here`);
  }
  return { model_type: 'llama', hidden_act: 'silu', attention_bias: attentionBias, mlp_bias: mlpBias };
}

/**
 * @throws {FormatError} `model.gguf: llama.block_count: expected a whole number from 1 on, got nothing`
 * @throws {UnsupportedError} for what changes the numbers and isn't done here: experts, caps, scales, odd heads.
 */
export function huggingFaceConfig(
  architecture: GgufArchitecture,
  metadata: Metadata,
  tensors: ConfigTensors,
): JsonObject {
  refuseOthers(metadata);
  if (architecture === 'gpt2') return gpt2Config(metadata, tensors);
  const own = (key: string): string => metadata.own(key);
  const blocks = metadata.size(own('block_count'));
  const { heads, kvHeads, headDim } = attentionOf(metadata);
  const theta = metadata.number(own('rope.freq_base'), 10_000);
  const { ropeDivisors } = tensors;
  return {
    vocab_size: tensors.vocabSize,
    max_position_embeddings: metadata.size(own('context_length')),
    hidden_size: metadata.size(own('embedding_length')),
    num_hidden_layers: blocks,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    head_dim: headDim,
    intermediate_size: metadata.size(own('feed_forward_length')),
    rms_norm_eps: metadata.number(own('attention.layer_norm_rms_epsilon')),
    rope_theta: theta,
    rope_scaling: ropeDivisors
      ? llama3Scaling(metadata, ropeDivisors, theta, headDim)
      : keyedScaling(metadata),
    tie_word_embeddings: !tensors.names.has('output.weight'),
    ...familyFields(architecture, metadata, tensors, blocks),
  };
}
