/**
 * A two-layer model whose attention heads are made by hand and whose MLPs are zero: an exact induction circuit, and a
 * head that deletes; and, where asked for, a neuron that does. GPT-2's layout, written as files.
 *
 * The stream has room for a token's code, its predecessor's, its position's, and what it votes for, each in directions
 * of their own along an orthonormal basis without a mean, so that LayerNorm only scales.
 */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathOf } from './addresses.ts';
import { f32, goodFile, type TestTensor } from './safetensors-bytes.ts';

const VOCAB = 40;
const CONTEXT = 60;
const HEADS = 2;
const NEURONS = 4;
const WIDTH = 184;
const D_HEAD = WIDTH / HEADS;
/** Where each part of the stream begins, in the basis. */
const TOKEN = 0;
const BEFORE = VOCAB;
const PLACE = 2 * VOCAB;
const VOTE = 2 * VOCAB + CONTEXT;
/** Makes a match of queries and keys certain, and a vote too. */
const SHARP = 40;

/** Heads of the model, by layer and head. */
export const MADE = {
  previous: { layer: 0, head: 0 },
  idle: { layer: 0, head: 1 },
  induction: { layer: 1, head: 0 },
  deleting: { layer: 1, head: 1 },
} as const;

/** A neuron that reads a token's own code and takes it away, where it is asked for. */
export const DELETING_NEURON = { layer: 0, neuron: 1, token: 9 } as const;

/** Helmert's basis of the vectors that sum to zero: WIDTH − 1 orthonormal rows. */
const BASIS = Array.from({ length: WIDTH - 1 }, (_, k) => {
  const length = Math.sqrt((k + 1) * (k + 2));
  return Float64Array.from({ length: WIDTH }, (_, i) => (i <= k ? 1 : i === k + 1 ? -(k + 1) : 0) / length);
});

function direction(index: number): Float64Array {
  return BASIS[index] as Float64Array;
}

/** Reads the stream's direction `from + i` into `to(i)` of a head's d_head, for i < count. */
function reader(matrix: Float32Array, columns: number, first: number) {
  return (from: number, count: number, to: (i: number) => number, size: number): void => {
    for (let i = 0; i < count; i++) {
      const column = to(i);
      if (column < 0 || column >= count) continue;
      direction(from + i).forEach((x, row) => {
        matrix[row * columns + first + column] = x * size;
      });
    }
  };
}

const same = (i: number): number => i;

function tensors(deletingNeuron: boolean): Record<string, TestTensor> {
  const out: Record<string, TestTensor> = {};
  const add = (name: string, shape: readonly number[], data?: Float32Array): void => {
    const values = data ?? new Float32Array(shape.reduce((a, b) => a * b, 1));
    out[name] = { dtype: 'F32', shape, bytes: f32(...values) };
  };
  const rows = (count: number, first: number): Float32Array => {
    const data = new Float32Array(count * WIDTH);
    for (let i = 0; i < count; i++) data.set(direction(first + i), i * WIDTH);
    return data;
  };
  add('wte.weight', [VOCAB, WIDTH], rows(VOCAB, TOKEN));
  add('wpe.weight', [CONTEXT, WIDTH], rows(CONTEXT, PLACE));
  add('lm_head.weight', [VOCAB, WIDTH], rows(VOCAB, VOTE));
  const ones = new Float32Array(WIDTH).fill(1);
  for (let layer = 0; layer < 2; layer++) {
    const qkv = new Float32Array(WIDTH * 3 * WIDTH);
    const projection = new Float32Array(WIDTH * WIDTH);
    const part = (which: 0 | 1 | 2, head: number) => reader(qkv, 3 * WIDTH, which * WIDTH + head * D_HEAD);
    const write = (head: number, to: number, size: number): void => {
      for (let i = 0; i < VOCAB; i++) {
        projection.set(
          Float32Array.from(direction(to + i), (x) => x * size),
          (head * D_HEAD + i) * WIDTH,
        );
      }
    };
    if (layer === 0) {
      const { head } = MADE.previous;
      part(0, head)(PLACE, CONTEXT, same, SHARP);
      part(1, head)(PLACE, CONTEXT, (i) => i + 1, 1); // a key answers the query of the next place
      part(2, head)(TOKEN, VOCAB, same, 1);
      write(head, BEFORE, 1);
    } else {
      const { head } = MADE.induction;
      part(0, head)(TOKEN, VOCAB, same, SHARP);
      part(1, head)(BEFORE, VOCAB, same, 1);
      part(2, head)(TOKEN, VOCAB, same, 1);
      write(head, VOTE, SHARP);
      const deleting = MADE.deleting.head;
      part(0, deleting)(PLACE, CONTEXT, same, SHARP);
      part(1, deleting)(PLACE, CONTEXT, same, 1);
      part(2, deleting)(TOKEN, VOCAB, same, 1);
      write(deleting, VOTE, -SHARP);
    }
    const at = `h.${layer}`;
    for (const norm of ['ln_1', 'ln_2']) {
      add(`${at}.${norm}.weight`, [WIDTH], ones);
      add(`${at}.${norm}.bias`, [WIDTH]);
    }
    add(`${at}.attn.c_attn.weight`, [WIDTH, 3 * WIDTH], qkv);
    add(`${at}.attn.c_attn.bias`, [3 * WIDTH]);
    add(`${at}.attn.c_proj.weight`, [WIDTH, WIDTH], projection);
    add(`${at}.attn.c_proj.bias`, [WIDTH]);
    const [key, value] = [new Float32Array(WIDTH * NEURONS), new Float32Array(NEURONS * WIDTH)];
    const { neuron, token } = DELETING_NEURON;
    if (deletingNeuron && layer === DELETING_NEURON.layer) {
      direction(TOKEN + token).forEach((x, i) => {
        key[i * NEURONS + neuron] = x;
        value[neuron * WIDTH + i] = -x / 10;
      });
    }
    add(`${at}.mlp.c_fc.weight`, [WIDTH, NEURONS], key);
    add(`${at}.mlp.c_fc.bias`, [NEURONS]);
    add(`${at}.mlp.c_proj.weight`, [NEURONS, WIDTH], value);
    add(`${at}.mlp.c_proj.bias`, [WIDTH]);
  }
  add('ln_f.weight', [WIDTH], ones);
  add('ln_f.bias', [WIDTH]);
  return out;
}

/** Writes it as a folder in Hugging Face layout, with fable-4m's tokenizer, whose first ids are in its vocabulary. */
export async function inductionFolder(
  folder: string,
  { deletingNeuron = false }: { readonly deletingNeuron?: boolean } = {},
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const config = {
    model_type: 'gpt2',
    n_layer: 2,
    n_head: HEADS,
    n_embd: WIDTH,
    n_inner: NEURONS,
    n_positions: CONTEXT,
    vocab_size: VOCAB,
    tie_word_embeddings: false,
  };
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  await writeFile(join(folder, 'model.safetensors'), goodFile(tensors(deletingNeuron)));
  for (const file of ['tokenizer.json', 'tokenizer_config.json']) {
    await copyFile(pathOf(`site/public/models/fable-4m/${file}`), join(folder, file));
  }
}
