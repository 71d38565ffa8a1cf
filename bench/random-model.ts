/** Random weights in GPT-2's architecture, in Hugging Face layout: a real size without a download. */
import { copyFile, mkdtemp, open, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../test/support/addresses.ts';
import { seeded } from '../test/support/random.ts';

/** What decides the size. */
export interface RandomShape {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  /** At least fable-4m's 4096, whose tokenizer it gets. */
  readonly vocab: number;
  readonly context: number;
  readonly dtype: 'F16' | 'F32';
}

/** GPT-2 small: 249 MB in f16. */
export const GPT2_SMALL: RandomShape = {
  layers: 12,
  width: 768,
  heads: 12,
  vocab: 50_257,
  context: 1024,
  dtype: 'F16',
};

function configOf({ layers, width, heads, vocab, context, dtype }: RandomShape): object {
  return {
    architectures: ['GPT2LMHeadModel'],
    model_type: 'gpt2',
    activation_function: 'gelu_new',
    vocab_size: vocab,
    n_positions: context,
    n_ctx: context,
    n_embd: width,
    n_layer: layers,
    n_head: heads,
    layer_norm_epsilon: 1e-5,
    bos_token_id: 0,
    eos_token_id: 0,
    tie_word_embeddings: true,
    torch_dtype: dtype === 'F16' ? 'float16' : 'float32',
  };
}

interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
}

function tensors({ vocab, context, width, layers }: RandomShape): Tensor[] {
  const vectors = (name: string, length: number): Tensor[] =>
    ['weight', 'bias'].map((part) => ({ name: `${name}.${part}`, shape: [length] }));
  const linear = (name: string, from: number, to: number): Tensor[] => [
    { name: `${name}.weight`, shape: [from, to] },
    { name: `${name}.bias`, shape: [to] },
  ];
  const blocks = Array.from({ length: layers }, (_, l) => [
    ...vectors(`h.${l}.ln_1`, width),
    ...linear(`h.${l}.attn.c_attn`, width, 3 * width),
    ...linear(`h.${l}.attn.c_proj`, width, width),
    ...vectors(`h.${l}.ln_2`, width),
    ...linear(`h.${l}.mlp.c_fc`, width, 4 * width),
    ...linear(`h.${l}.mlp.c_proj`, 4 * width, width),
  ]);
  return [
    { name: 'wte.weight', shape: [vocab, width] },
    { name: 'wpe.weight', shape: [context, width] },
    ...blocks.flat(),
    ...vectors('ln_f', width),
  ];
}

const ONE = 0x3c00;

/** The half float nearest to |x| < 0.1, towards zero. */
function half(x: number): number {
  const magnitude = Math.abs(x);
  const sign = x < 0 ? 0x8000 : 0;
  if (magnitude < 2 ** -14) return sign | Math.floor(magnitude * 2 ** 24);
  const exponent = Math.floor(Math.log2(magnitude));
  return sign | ((exponent + 15) << 10) | Math.floor((magnitude / 2 ** exponent - 1) * 1024);
}

/** What a half float of a normal number stands for. */
function single(h: number): number {
  const exponent = (h >> 10) & 0x1f;
  const fraction = h & 0x3ff;
  const magnitude = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return h & 0x8000 ? -magnitude : magnitude;
}

/** 65,536 draws from a normal distribution of standard deviation 0.02, GPT-2's own at the start. */
function normals(): Uint16Array {
  const random = seeded(20_190_214);
  return Uint16Array.from({ length: 65_536 }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
    return half(0.02 * radius * Math.cos(2 * Math.PI * random.next()));
  });
}

/**
 * Writes the model to a new temporary folder. The tokenizer is fable-4m's, whose ids are in range. The same shape
 * gives the same bytes.
 *
 * @returns the folder; the caller removes it.
 */
export async function writeRandomGpt2(shape: RandomShape = GPT2_SMALL): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'residscope-random-'));
  await writeFile(join(folder, 'config.json'), JSON.stringify(configOf(shape)));
  for (const file of ['tokenizer.json', 'tokenizer_config.json']) {
    await copyFile(join(ROOT, 'site/public/models/fable-4m', file), join(folder, file));
  }
  const all = tensors(shape);
  const halves = shape.dtype === 'F16';
  const header: Record<string, unknown> = {};
  let end = 0;
  for (const { name, shape: dims } of all) {
    const start = end;
    end += (halves ? 2 : 4) * dims.reduce((a, b) => a * b, 1);
    header[name] = { dtype: shape.dtype, shape: dims, data_offsets: [start, end] };
  }
  const text = JSON.stringify(header);
  const json = new TextEncoder().encode(text.padEnd(Math.ceil(text.length / 8) * 8));
  const prefix = new Uint8Array(8);
  new DataView(prefix.buffer).setBigUint64(0, BigInt(json.length), true);
  const file = await open(join(folder, 'model.safetensors'), 'w');
  try {
    await file.write(prefix);
    await file.write(json);
    const drawn = normals();
    const table = halves ? drawn : Float32Array.from(drawn, single);
    let state = 1;
    for (const { name, shape: dims } of all) {
      const count = dims.reduce((a, b) => a * b, 1);
      const data = halves ? new Uint16Array(count) : new Float32Array(count);
      if (/ln_\w+\.weight$/.test(name)) data.fill(halves ? ONE : 1);
      else {
        for (let i = 0; i < data.length; i++) {
          state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
          data[i] = table[state >>> 16] as number;
        }
      }
      await file.write(new Uint8Array(data.buffer));
    }
  } finally {
    await file.close();
  }
  return folder;
}
