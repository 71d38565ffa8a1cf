/** The weight store over a GGUF: quantized blocks and paired rows, whole, in shares and row by row. */
import { describe, expect, it } from 'vitest';
import { openGguf } from '../../shared/formats/gguf/open-gguf.ts';
import type { StoredTensor } from '../../shared/graph/parts.ts';
import { readSpec } from '../../shared/spec/read-spec.ts';
import { WeightStore } from '../../engine/weights.ts';
import {
  field,
  floats,
  ggufFile,
  ggufSource,
  tinyGguf,
  withFields,
  type GgufTestTensor,
} from '../support/gguf-bytes.ts';

const WIDTH = 32;
const HALF_ONE = [0x00, 0x3c];

/** Rows of one Q8_0 block each, of scale 1: row r is 32 times r. */
function quantizedRows(rows: number): Uint8Array {
  return Uint8Array.from(
    Array.from({ length: rows }, (_, r) => [...HALF_ONE, ...Array.from({ length: WIDTH }, () => r)]).flat(),
  );
}

function wide(tensor: GgufTestTensor): GgufTestTensor {
  const rows = tensor.dims.length === 1 ? 1 : tensor.name.startsWith('token_embd') ? 6 : WIDTH;
  const [own, kv] = [tensor.dims.length === 1, /attn_[kv]/.test(tensor.name)];
  if (own) return { ...tensor, dims: [WIDTH], bytes: floats(new Float32Array(WIDTH)) };
  const count = kv ? WIDTH / 2 : rows;
  return { ...tensor, dims: [WIDTH, count], type: 8, bytes: quantizedRows(count) };
}

async function store(change: (tensors: GgufTestTensor[]) => GgufTestTensor[]): Promise<WeightStore> {
  const tiny = withFields(tinyGguf(), {
    'llama.embedding_length': field.u32(WIDTH),
    'llama.feed_forward_length': field.u32(WIDTH),
  });
  const file = ggufFile({ ...tiny, tensors: change(tiny.tensors.map(wide)) });
  const { config, tensors } = await openGguf(ggufSource(file));
  const weights = new WeightStore(tensors, await readSpec('tiny', config, tensors.tensors));
  for (const part of ['embed', 'block.0', 'final']) await weights.need(part);
  return weights;
}

/** The first number of each row. */
function firsts({ shape, data }: StoredTensor): number[] {
  const bytes = data.bytes.slice(data.offset, data.offset + data.length);
  expect(bytes.length).toBe(shape.reduce((n, d) => n * d, 4));
  return [...new Float32Array(bytes.buffer)].filter((_, i) => i % WIDTH === 0);
}

/** A head of 16 rows as llama.cpp pairs them: the model's rows 0–7 are stored at 0, 2, …, 8–15 at 1, 3, … */
const HEAD = [0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15];
const Q = 'model.layers.0.self_attn.q_proj.weight';
const EMBED = 'model.embed_tokens.weight';

describe('weights of a GGUF', () => {
  it('are dequantized, rows in the model’s order', async () => {
    const weights = await store((tensors) => tensors);
    expect(firsts(weights.stored(EMBED))).toEqual([0, 1, 2, 3, 4, 5]);
    const rows = [...HEAD, ...HEAD.map((row) => row + 16)];
    expect(firsts(weights.stored(Q))).toEqual(rows);
    const { shape, data } = await weights.tensor(Q);
    expect(shape).toEqual([32, 32]);
    expect([...data].filter((_, i) => i % WIDTH === 0)).toEqual(rows);
  });

  it('convert only the rows that are asked for', async () => {
    const weights = await store((tensors) => tensors);
    const share = weights.storedRows(EMBED, 2, 5);
    expect(share.shape).toEqual([3, 32]);
    expect(share.data.bytes.byteLength).toBe(3 * WIDTH * 4);
    expect(firsts(share)).toEqual([2, 3, 4]);
    expect(firsts(weights.storedRows(Q, 7, 10))).toEqual([14, 1, 3]);
    expect([...weights.rows(EMBED, Int32Array.of(5, 0))].filter((_, i) => i % WIDTH === 0)).toEqual([5, 0]);
    expect(weights.rows(Q, Int32Array.of(8))[0]).toBe(1);
  });

  it('stay where they were fetched when they are floats in order, and are copied when they are paired', async () => {
    const plain = (t: GgufTestTensor): GgufTestTensor => {
      const [columns = 1, rows = 1] = t.dims.map(Number);
      if (t.type === 0) return t;
      const values = Array.from({ length: rows * columns }, (_, i) => Math.floor(i / columns));
      return { ...t, type: 0, bytes: floats(values) };
    };
    const weights = await store((tensors) => tensors.map(plain));
    const embed = weights.storedRows(EMBED, 1, 3);
    expect(embed.data.bytes.byteLength).toBeGreaterThanOrEqual(6 * WIDTH * 4);
    expect(firsts(embed)).toEqual([1, 2]);
    expect(firsts(weights.stored(Q)).slice(0, 16)).toEqual(HEAD);
    expect(firsts(weights.storedRows(Q, 16, 18))).toEqual([16, 18]);
  });
});
