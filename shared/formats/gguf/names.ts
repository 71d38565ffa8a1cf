/** Tensor names: from GGUF's to those that Hugging Face's classes of the same family use. */

/** A family's names, without `.weight` and `.bias`. */
interface NameMap {
  /** Tensors that belong to no block. */
  readonly outer: Readonly<Record<string, string>>;
  /** Hugging Face's name of a block, up to its number, and the tensors in it. */
  readonly block: string;
  readonly inner: Readonly<Record<string, string>>;
  /** Tensors that may have a bias. */
  readonly biased: readonly string[];
}

const LLAMA: NameMap = {
  outer: { token_embd: 'model.embed_tokens', output_norm: 'model.norm', output: 'lm_head' },
  block: 'model.layers.',
  inner: {
    attn_norm: 'input_layernorm',
    attn_q: 'self_attn.q_proj',
    attn_k: 'self_attn.k_proj',
    attn_v: 'self_attn.v_proj',
    attn_output: 'self_attn.o_proj',
    ffn_norm: 'post_attention_layernorm',
    ffn_gate: 'mlp.gate_proj',
    ffn_up: 'mlp.up_proj',
    ffn_down: 'mlp.down_proj',
  },
  biased: ['attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_gate', 'ffn_up', 'ffn_down'],
};

const HEAD_NORMS = { attn_q_norm: 'self_attn.q_norm', attn_k_norm: 'self_attn.k_norm' };

const MAPS = {
  llama: LLAMA,
  qwen2: { ...LLAMA, biased: ['attn_q', 'attn_k', 'attn_v'] },
  qwen3: { ...LLAMA, inner: { ...LLAMA.inner, ...HEAD_NORMS }, biased: [] },
  gemma3: {
    ...LLAMA,
    inner: {
      ...LLAMA.inner,
      ...HEAD_NORMS,
      post_attention_norm: 'post_attention_layernorm',
      ffn_norm: 'pre_feedforward_layernorm',
      post_ffw_norm: 'post_feedforward_layernorm',
    },
    biased: [],
  },
  gpt2: {
    outer: { token_embd: 'wte', position_embd: 'wpe', output_norm: 'ln_f', output: 'lm_head' },
    block: 'h.',
    inner: {
      attn_norm: 'ln_1',
      attn_qkv: 'attn.c_attn',
      attn_output: 'attn.c_proj',
      ffn_norm: 'ln_2',
      ffn_up: 'mlp.c_fc',
      ffn_down: 'mlp.c_proj',
    },
    biased: ['output_norm', 'attn_norm', 'attn_qkv', 'attn_output', 'ffn_norm', 'ffn_up', 'ffn_down'],
  },
} as const satisfies Record<string, NameMap>;

export type GgufArchitecture = keyof typeof MAPS;

/** Architectures that open. Mistral, SmolLM2 and TinyLlama files say `llama`. */
export const GGUF_ARCHITECTURES: readonly string[] = Object.keys(MAPS);

export function isGgufArchitecture(name: string): name is GgufArchitecture {
  return Object.hasOwn(MAPS, name);
}

const NAME = /^(?:blk\.(0|[1-9]\d{0,5})\.)?([a-z_]+)\.(weight|bias)$/;

/**
 * Hugging Face's name of a tensor.
 *
 * @returns undefined when the family has no such tensor, or no such block.
 */
export function huggingFaceName(
  architecture: GgufArchitecture,
  name: string,
  blocks: number,
): string | undefined {
  const map: NameMap = MAPS[architecture];
  const [, block, part, kind] = NAME.exec(name) ?? [];
  if (part === undefined || kind === undefined) return undefined;
  if (kind === 'bias' && !map.biased.includes(part)) return undefined;
  const names = block === undefined ? map.outer : map.inner;
  const theirs = Object.hasOwn(names, part) ? names[part] : undefined;
  if (theirs === undefined || Number(block ?? 0) >= blocks) return undefined;
  return block === undefined ? `${theirs}.${kind}` : `${map.block}${block}.${theirs}.${kind}`;
}
