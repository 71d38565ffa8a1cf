/** Random weights in GPT-2 small's shape, in Hugging Face layout: a real size without a download. */
import { copyFile, mkdtemp, open, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../test/support/addresses.ts';
import { seeded } from '../test/support/random.ts';

const CONFIG = {
  architectures: ['GPT2LMHeadModel'],
  model_type: 'gpt2',
  activation_function: 'gelu_new',
  vocab_size: 50_257,
  n_positions: 1024,
  n_ctx: 1024,
  n_embd: 768,
  n_layer: 12,
  n_head: 12,
  layer_norm_epsilon: 1e-5,
  bos_token_id: 0,
  eos_token_id: 0,
  tie_word_embeddings: true,
  torch_dtype: 'float16',
} as const;

interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
}

function tensors(): Tensor[] {
  const { vocab_size: vocab, n_positions: context, n_embd: width, n_layer: layers } = CONFIG;
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

/** 65,536 draws from a normal distribution of standard deviation 0.02, GPT-2's own at the start. */
function normals(): Uint16Array {
  const random = seeded(20_190_214);
  return Uint16Array.from({ length: 65_536 }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
    return half(0.02 * radius * Math.cos(2 * Math.PI * random.next()));
  });
}

/**
 * Writes the model to a new temporary folder: 249 MB in f16. The tokenizer is fable-4m's, whose ids are in range.
 *
 * @returns the folder; the caller removes it.
 */
export async function writeRandomGpt2(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'residscope-gpt2-small-'));
  await writeFile(join(folder, 'config.json'), JSON.stringify(CONFIG));
  for (const file of ['tokenizer.json', 'tokenizer_config.json']) {
    await copyFile(join(ROOT, 'site/public/models/fable-4m', file), join(folder, file));
  }
  const all = tensors();
  const header: Record<string, unknown> = {};
  let end = 0;
  for (const { name, shape } of all) {
    const start = end;
    end += 2 * shape.reduce((a, b) => a * b, 1);
    header[name] = { dtype: 'F16', shape, data_offsets: [start, end] };
  }
  const text = JSON.stringify(header);
  const json = new TextEncoder().encode(text.padEnd(Math.ceil(text.length / 8) * 8));
  const prefix = new Uint8Array(8);
  new DataView(prefix.buffer).setBigUint64(0, BigInt(json.length), true);
  const file = await open(join(folder, 'model.safetensors'), 'w');
  try {
    await file.write(prefix);
    await file.write(json);
    const table = normals();
    let state = 1;
    for (const { name, shape } of all) {
      const data = new Uint16Array(shape.reduce((a, b) => a * b, 1));
      if (/ln_\w+\.weight$/.test(name)) data.fill(ONE);
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
