/** A GPT-2 of a few numbers, written as files: for tests that need a model to be damaged, cut, or late. */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathOf } from './addresses.ts';
import { goodFile, f32, type TestTensor } from './safetensors-bytes.ts';
import { seeded } from './random.ts';

export const TINY_CONFIG = {
  model_type: 'gpt2',
  n_layer: 3,
  n_head: 2,
  n_embd: 8,
  n_positions: 16,
  vocab_size: 20,
} as const;

/** Names and shapes as GPT-2 has them. */
export function tinyTensors(): Record<string, TestTensor> {
  const random = seeded(5);
  const { n_embd: d, n_layer, n_positions, vocab_size } = TINY_CONFIG;
  const tensors: Record<string, TestTensor> = {};
  const add = (name: string, ...shape: number[]): void => {
    const count = shape.reduce((a, b) => a * b, 1);
    const values = Array.from({ length: count }, () => random.next() - 0.5);
    tensors[name] = { dtype: 'F32', shape, bytes: f32(...values) };
  };
  for (let l = 0; l < n_layer; l++) {
    for (const norm of ['ln_1', 'ln_2']) {
      add(`h.${l}.${norm}.weight`, d);
      add(`h.${l}.${norm}.bias`, d);
    }
    for (const [name, rows, columns] of [
      ['attn.c_attn', d, 3 * d],
      ['attn.c_proj', d, d],
      ['mlp.c_fc', d, 4 * d],
      ['mlp.c_proj', 4 * d, d],
    ] as const) {
      add(`h.${l}.${name}.weight`, rows, columns);
      add(`h.${l}.${name}.bias`, columns);
    }
  }
  add('ln_f.weight', d);
  add('ln_f.bias', d);
  add('wpe.weight', n_positions, d);
  add('wte.weight', vocab_size, d);
  return tensors;
}

export function tinyWeights(): Uint8Array<ArrayBuffer> {
  return goodFile(tinyTensors());
}

/** Writes it as a folder in Hugging Face layout, with fable-4m's tokenizer, whose first ids are in its vocabulary. */
export async function tinyFolder(folder: string, weights = tinyWeights()): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), JSON.stringify(TINY_CONFIG));
  await writeFile(join(folder, 'model.safetensors'), weights);
  for (const file of ['tokenizer.json', 'tokenizer_config.json']) {
    await copyFile(pathOf(`site/public/models/fable-4m/${file}`), join(folder, file));
  }
}
