/**
 * A model in Hugging Face layout as a GGUF, changed the way llama.cpp's converter changes it: names, q and k rows in
 * pairs (llama), norms plus one (gemma3), transposed matrices (gpt2), rotary divisors for llama3 scaling.
 */
import { readdir } from 'node:fs/promises';
import { MemorySource } from '../../shared/formats/byte-source.ts';
import { isFloat, toFloat32, type Dtype } from '../../shared/formats/dtype.ts';
import { Fields, isObject, type JsonObject } from '../../shared/formats/json.ts';
import { openSafetensors } from '../../shared/formats/safetensors.ts';
import type { TensorInfo, TensorSet } from '../../shared/formats/tensors.ts';
import { transposed } from '../../shared/transpose.ts';
import { pathOf, readBytes } from './addresses.ts';
import { field, floats, type GgufDescription, type GgufField, type GgufTestTensor } from './gguf-bytes.ts';
import { readJson } from './read-json.ts';

export interface Original {
  readonly config: JsonObject;
  readonly tensors: TensorSet;
}

export async function readOriginal(folder: string): Promise<Original> {
  const config = readJson(`${folder}/config.json`);
  if (!isObject(config)) throw new Error(`${folder}: config.json`);
  const files = (await readdir(pathOf(folder))).filter((name) => /^model.*\.safetensors$/.test(name));
  const tensors = new Map<string, TensorInfo>();
  for (const file of files) {
    const source = new MemorySource(file, await readBytes(`${folder}/${file}`));
    for (const [name, info] of (await openSafetensors(source)).tensors) tensors.set(name, info);
  }
  return { config, tensors: { place: folder, tensors, metadata: {} } };
}

const ARCHITECTURES: Readonly<Record<string, string>> = {
  llama: 'llama',
  mistral: 'llama',
  qwen2: 'qwen2',
  qwen3: 'qwen3',
  gemma3_text: 'gemma3',
  gpt2: 'gpt2',
};

const PARTS: Readonly<Record<string, string>> = {
  'model.embed_tokens': 'token_embd',
  'model.norm': 'output_norm',
  lm_head: 'output',
  input_layernorm: 'attn_norm',
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.o_proj': 'attn_output',
  'self_attn.q_norm': 'attn_q_norm',
  'self_attn.k_norm': 'attn_k_norm',
  post_attention_layernorm: 'ffn_norm',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
  wte: 'token_embd',
  wpe: 'position_embd',
  ln_f: 'output_norm',
  ln_1: 'attn_norm',
  'attn.c_attn': 'attn_qkv',
  'attn.c_proj': 'attn_output',
  ln_2: 'ffn_norm',
  'mlp.c_fc': 'ffn_up',
  'mlp.c_proj': 'ffn_down',
};

const GEMMA_PARTS: Readonly<Record<string, string>> = {
  ...PARTS,
  post_attention_layernorm: 'post_attention_norm',
  pre_feedforward_layernorm: 'ffn_norm',
  post_feedforward_layernorm: 'post_ffw_norm',
};

function ggufName(name: string, parts: Readonly<Record<string, string>>): string {
  const [, block, part = '', kind = ''] =
    /^(?:(?:transformer\.)?(?:model\.layers|h)\.(\d+)\.)?(.*)\.(weight|bias)$/.exec(
      name.replace(/^transformer\.(?!h\.)/, ''),
    ) ?? [];
  const theirs = parts[part];
  if (theirs === undefined) throw new Error(`no GGUF name for ${name}`);
  return `${block === undefined ? '' : `blk.${block}.`}${theirs}.${kind}`;
}

/** [heads, 2, half, …] to [heads, half, 2, …], over rows of `width` numbers. */
function paired(values: Float32Array, heads: number, width: number): Float32Array {
  const rows = values.length / width;
  const size = rows / heads;
  const out = new Float32Array(values.length);
  for (let head = 0; head < heads; head++) {
    for (let half = 0; half < 2; half++) {
      for (let i = 0; i < size / 2; i++) {
        const from = (head * size + half * (size / 2) + i) * width;
        out.set(values.subarray(from, from + width), (head * size + i * 2 + half) * width);
      }
    }
  }
  return out;
}

const TYPES: Partial<Record<Dtype, number>> = { F32: 0, F16: 1, BF16: 30 };

async function tensorsOf(
  { tensors }: Original,
  architecture: string,
  fields: Fields,
): Promise<GgufTestTensor[]> {
  const heads = fields.size(['num_attention_heads', 'n_head'], 1000);
  const kvHeads = fields.size(['num_key_value_heads'], 1000, heads);
  const parts = architecture === 'gemma3' ? GEMMA_PARTS : PARTS;
  const out: GgufTestTensor[] = [];
  for (const { name, dtype, shape, source, start, end } of tensors.tensors.values()) {
    if (!isFloat(dtype)) throw new Error(`${name}: ${dtype}`);
    let bytes: Uint8Array = await source.read(start, end);
    let dims = [...shape].reverse();
    const values = toFloat32(bytes, dtype);
    const theirs = ggufName(name, parts);
    let type = TYPES[dtype] ?? 0;
    const change = (changed: Float32Array): void => {
      bytes = floats(changed);
      type = 0;
    };
    const rotary = /\.attn_([qk])\.(weight|bias)$/.exec(theirs);
    if (architecture === 'llama' && rotary) {
      change(paired(values, rotary[1] === 'q' ? heads : kvHeads, shape.length === 2 ? (shape[1] ?? 1) : 1));
    } else if (architecture === 'gemma3' && theirs.endsWith('norm.weight')) {
      change(values.map((x) => x + 1));
    } else if (architecture === 'gpt2' && /(qkv|output|up|down)\.weight$/.test(theirs)) {
      change(transposed(values, shape[0] ?? 1, shape[1] ?? 1));
      dims = [...shape];
    }
    out.push({ name: theirs, dims, type, bytes });
  }
  return out;
}

/** A config's rotary fields, in either spelling; Gemma's two kinds apart. */
function rope(config: JsonObject): { full: Fields; sliding: Fields } {
  const all = config['rope_parameters'];
  const parameters = isObject(all) ? all : config;
  const kind = (name: string): Fields => {
    const own = parameters[name];
    return new Fields('rope', isObject(own) ? own : parameters);
  };
  return { full: kind('full_attention'), sliding: kind('sliding_attention') };
}

/** What torch's f32 arithmetic makes of llama3's parameters. */
function divisors(fields: Fields, headDim: number): Float32Array {
  const f = Math.fround;
  const [factor, low, high, context] = [
    fields.number(['factor'], 8),
    fields.number(['low_freq_factor'], 1),
    fields.number(['high_freq_factor'], 4),
    fields.number(['original_max_position_embeddings'], 8192),
  ];
  return Float32Array.from({ length: headDim / 2 }, (_, i) => {
    const frequency = f(1 / f(fields.number(['rope_theta'], 10_000) ** f((2 * i) / headDim)));
    const wavelength = f((2 * Math.PI) / frequency);
    if (wavelength < context / high) return 1;
    if (wavelength > context / low) return factor;
    const smooth = f(f(f(context / wavelength) - low) / (high - low));
    return 1 / f(f(f(1 - smooth) / factor) + smooth);
  });
}

/** The smallest byte-level vocabulary that a reader takes. */
export const TOKENIZER_FIELDS: readonly (readonly [string, GgufField])[] = [
  ['tokenizer.ggml.model', field.text('gpt2')],
  ['tokenizer.ggml.pre', field.text('gpt-2')],
  ['tokenizer.ggml.tokens', field.texts(['a', 'b', 'ab'])],
  ['tokenizer.ggml.merges', field.texts(['a b'])],
];

/** @throws when the family has no GGUF architecture that is read here. */
export async function toGguf(original: Original): Promise<GgufDescription> {
  const { config } = original;
  const fields = new Fields('config.json', config);
  const architecture = ARCHITECTURES[fields.text(['model_type'])];
  if (architecture === undefined) throw new Error('no architecture');
  const own = (key: string): string => `${architecture}.${key}`;
  const width = fields.size(['hidden_size', 'n_embd'], 1e6);
  const heads = fields.size(['num_attention_heads', 'n_head'], 1000);
  const headDim = fields.size(['head_dim'], 1000, width / heads);
  const tensors = await tensorsOf(original, architecture, fields);
  const metadata: [string, GgufField][] = [
    ['general.architecture', field.text(architecture)],
    [own('block_count'), field.u32(fields.size(['num_hidden_layers', 'n_layer'], 1000))],
    [own('context_length'), field.u32(fields.size(['max_position_embeddings', 'n_positions'], 1e6))],
    [own('embedding_length'), field.u32(width)],
    [own('feed_forward_length'), field.u32(fields.size(['intermediate_size', 'n_inner'], 1e6, 4 * width))],
    [own('attention.head_count'), field.u32(heads)],
  ];
  if (architecture === 'gpt2') {
    metadata.push([
      own('attention.layer_norm_epsilon'),
      field.f32(fields.number(['layer_norm_epsilon'], 1e-5)),
    ]);
  } else {
    const { full, sliding } = rope(config);
    metadata.push(
      [own('attention.head_count_kv'), field.u32(fields.size(['num_key_value_heads'], 1000, heads))],
      [own('attention.layer_norm_rms_epsilon'), field.f32(fields.number(['rms_norm_eps'], 1e-6))],
      [own('attention.key_length'), field.u32(headDim)],
      [own('attention.value_length'), field.u32(headDim)],
      [own('rope.freq_base'), field.f32(full.number(['rope_theta'], 10_000))],
    );
    if (typeof config['sliding_window'] === 'number') {
      metadata.push([own('attention.sliding_window'), field.u32(config['sliding_window'])]);
    }
    if (full.text(['rope_type'], 'default') === 'llama3') {
      const bytes = floats(divisors(full, headDim));
      tensors.push({ name: 'rope_freqs.weight', dims: [headDim / 2], type: 0, bytes });
    }
    const kinds = config['layer_types'];
    if (architecture === 'gemma3' && Array.isArray(kinds)) {
      const slides = kinds.map((kind) => (kind === 'sliding_attention' ? 1 : 0));
      metadata.push(
        [own('attention.sliding_window_pattern'), field.u32s(slides)],
        [own('rope.freq_base_swa'), field.f32(sliding.number(['rope_theta'], 10_000))],
        [own('attention.scale'), field.f32(fields.number(['query_pre_attn_scalar'], headDim) ** -0.5)],
      );
    }
  }
  return { fields: [...metadata, ...TOKENIZER_FIELDS], tensors };
}
