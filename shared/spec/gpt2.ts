/**
 * GPT-2: pre-norm blocks, learned positions, q, k and v in one matrix, weights stored [in, out].
 *
 * @see Radford et al. 2019; defaults as in Hugging Face's `GPT2Config`.
 */
import { UnsupportedError } from '../errors.ts';
import { BLOCK_HOOKS, OUTER_HOOKS } from '../hooks.ts';
import { Fields, type JsonObject } from '../formats/json.ts';
import type { Activation, BlockWeights, ModelSpec, NormRef, StoredShapes } from './model-spec.ts';

const ACTIVATION_NAMES: ReadonlyMap<string, Activation> = new Map([
  ['gelu_new', 'gelu_tanh'],
  ['gelu_fast', 'gelu_tanh'],
  ['gelu_pytorch_tanh', 'gelu_tanh'],
  ['gelu', 'gelu'],
  ['relu', 'relu'],
  ['silu', 'silu'],
  ['swish', 'silu'],
]);

/** Bounds that no published model comes near; they keep a hostile config from asking for absurd memory. */
const MAX = { layers: 1024, width: 65_536, heads: 1024, vocab: 4_194_304, context: 1_048_576 } as const;

export function isGpt2(config: JsonObject): boolean {
  return config['model_type'] === 'gpt2';
}

/**
 * @param config the parsed `config.json`.
 * @param tensors what the files hold: tells the prefix.
 * @throws {UnsupportedError} for an activation or an option that the builder doesn't do.
 */
export function gpt2Spec(place: string, config: JsonObject, tensors: StoredShapes): ModelSpec {
  const fields = new Fields(place, config);
  const nLayers = fields.size(['n_layer', 'num_hidden_layers'], MAX.layers, 12);
  const dModel = fields.size(['n_embd', 'hidden_size'], MAX.width, 768);
  const nHeads = fields.size(['n_head', 'num_attention_heads'], MAX.heads, 12);
  const dMlp = fields.size(['n_inner'], MAX.width * 4, 4 * dModel);
  const dVocab = fields.size(['vocab_size'], MAX.vocab, 50257);
  const nCtx = fields.size(['n_positions', 'n_ctx', 'max_position_embeddings'], MAX.context, 1024);
  const eps = fields.number(['layer_norm_epsilon'], 1e-5);
  if (dModel % nHeads !== 0) {
    throw new UnsupportedError(`${place}: n_embd ${dModel} is no multiple of n_head ${nHeads}`);
  }
  const name = fields.text(['activation_function'], 'gelu_new');
  const activation = ACTIVATION_NAMES.get(name);
  if (!activation) {
    throw new UnsupportedError(
      `${place}: activation "${name}" is not done here; it does ${[...ACTIVATION_NAMES.keys()].join(', ')}`,
    );
  }
  if (fields.flag(['add_cross_attention'], false)) {
    throw new UnsupportedError(`${place}: cross-attention is not done here: pick a decoder-only model`);
  }
  const dHead = dModel / nHeads;
  const base = fields.flag(['scale_attn_weights'], true) ? 1 / Math.sqrt(dHead) : 1;
  const byLayer = fields.flag(['scale_attn_by_inverse_layer_idx'], false);
  const tied = fields.flag(['tie_word_embeddings'], true);

  const prefix = tensors.has('transformer.wte.weight') ? 'transformer.' : '';
  const shapes = new Map<string, readonly number[]>();
  const tensor = (path: string, shape: readonly number[]): string => {
    shapes.set(path, shape);
    return path;
  };
  const norm = (path: string): NormRef => ({
    weight: tensor(`${path}.weight`, [dModel]),
    bias: tensor(`${path}.bias`, [dModel]),
  });
  const conv1d = (path: string, rows: number, columns: number) => ({
    weight: tensor(`${path}.weight`, [rows, columns]),
    bias: tensor(`${path}.bias`, [columns]),
    layout: 'in-out' as const,
  });
  const embed = tensor(`${prefix}wte.weight`, [dVocab, dModel]);
  const posEmbed = tensor(`${prefix}wpe.weight`, [nCtx, dModel]);
  const blocks = Array.from({ length: nLayers }, (_, l): BlockWeights => {
    const h = `${prefix}h.${l}`;
    return {
      norm1: norm(`${h}.ln_1`),
      qkv: conv1d(`${h}.attn.c_attn`, dModel, 3 * dModel),
      out: conv1d(`${h}.attn.c_proj`, dModel, dModel),
      norm2: norm(`${h}.ln_2`),
      mlpIn: conv1d(`${h}.mlp.c_fc`, dModel, dMlp),
      mlpOut: conv1d(`${h}.mlp.c_proj`, dMlp, dModel),
    };
  });
  return {
    family: 'gpt2',
    nLayers,
    dModel,
    nHeads,
    dHead,
    dMlp,
    dVocab,
    nCtx,
    norm: { kind: 'layer', eps },
    activation,
    positions: { kind: 'learned' },
    attnScale: Array.from({ length: nLayers }, (_, l) => (byLayer ? base / (l + 1) : base)),
    weights: {
      embed,
      posEmbed,
      blocks,
      finalNorm: norm(`${prefix}ln_f`),
      unembed: tied ? embed : tensor('lm_head.weight', [dVocab, dModel]),
    },
    shapes,
    blockHooks: BLOCK_HOOKS.filter((h) => h !== 'attn.hook_rot_q' && h !== 'attn.hook_rot_k'),
    outerHooks: OUTER_HOOKS,
  };
}
