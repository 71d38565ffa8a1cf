/** GGUF files made in memory for tests: good ones, and any that lie. */
import { MemorySource } from '../../shared/formats/byte-source.ts';

/** A value of the metadata: GGUF's number of its type, and its bytes. */
export interface GgufField {
  readonly type: number;
  readonly bytes: Uint8Array;
}

export interface GgufTestTensor {
  readonly name: string;
  /** ggml's order. */
  readonly dims: readonly (number | bigint)[];
  /** ggml's number of the type: 0 is F32. */
  readonly type: number;
  readonly bytes: Uint8Array;
  /** What the header says of the place, where that isn't the truth. */
  readonly offset?: bigint;
}

/** A file, and the lies that its header tells. */
export interface GgufDescription {
  readonly magic?: string;
  readonly version?: number;
  readonly tensorCount?: bigint;
  readonly keyCount?: bigint;
  readonly fields: readonly (readonly [string, GgufField])[];
  readonly tensors: readonly GgufTestTensor[];
  /** Of the tensors as they are laid out; the key is for the caller to write. */
  readonly alignment?: number;
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function number(bytes: number, write: (view: DataView) => void): Uint8Array {
  const out = new Uint8Array(bytes);
  write(new DataView(out.buffer));
  return out;
}

export const u32 = (value: number): Uint8Array => number(4, (view) => view.setUint32(0, value, true));
export const u64 = (value: number | bigint): Uint8Array =>
  number(8, (view) => view.setBigUint64(0, BigInt(value), true));
const f32 = (value: number): Uint8Array => number(4, (view) => view.setFloat32(0, value, true));

export function text(value: string): Uint8Array {
  const bytes = new TextEncoder().encode(value);
  return join([u64(bytes.length), bytes]);
}

/** An array; `length` where that isn't the truth. */
export function arrayOf(type: number, items: readonly Uint8Array[], length?: bigint): GgufField {
  return { type: 9, bytes: join([u32(type), u64(length ?? items.length), ...items]) };
}

export const field = {
  u32: (value: number): GgufField => ({ type: 4, bytes: u32(value) }),
  u64: (value: number | bigint): GgufField => ({ type: 10, bytes: u64(value) }),
  f32: (value: number): GgufField => ({ type: 6, bytes: f32(value) }),
  bool: (value: boolean): GgufField => ({ type: 7, bytes: Uint8Array.of(value ? 1 : 0) }),
  text: (value: string): GgufField => ({ type: 8, bytes: text(value) }),
  texts: (values: readonly string[]): GgufField => arrayOf(8, values.map(text)),
  u32s: (values: readonly number[]): GgufField => arrayOf(4, values.map(u32)),
  i32s: (values: readonly number[]): GgufField => arrayOf(5, values.map(u32)),
  f32s: (values: readonly number[]): GgufField => arrayOf(6, values.map(f32)),
};

/** f32 numbers as a tensor's bytes. */
export function floats(values: ArrayLike<number>): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}

export function ggufFile(description: GgufDescription): Uint8Array<ArrayBuffer> {
  const { fields, tensors, alignment = 32 } = description;
  const pad = (length: number): Uint8Array => new Uint8Array((alignment - (length % alignment)) % alignment);
  let at = 0;
  const data: Uint8Array[] = [];
  const entries = tensors.map(({ name, dims, type, bytes, offset }) => {
    const entry = [text(name), u32(dims.length), ...dims.map(u64), u32(type), u64(offset ?? at)];
    const padding = pad(bytes.length);
    data.push(bytes, padding);
    at += bytes.length + padding.length;
    return join(entry);
  });
  const header = join([
    new TextEncoder().encode(description.magic ?? 'GGUF'),
    u32(description.version ?? 3),
    u64(description.tensorCount ?? tensors.length),
    u64(description.keyCount ?? fields.length),
    ...fields.flatMap(([key, { type, bytes }]) => [text(key), u32(type), bytes]),
    ...entries,
  ]);
  return join([header, pad(header.length), ...data]);
}

export function ggufSource(bytes: Uint8Array<ArrayBuffer>): MemorySource {
  return new MemorySource('test.gguf', bytes);
}

/** Values that tell where each number of a tensor came from. */
function counted(from: number, count: number): Uint8Array {
  return floats(Array.from({ length: count }, (_, i) => from + i));
}

/**
 * A whole model, as small as can be: one block, width 8, 2 heads of 4 and 1 key/value head, 8 neurons, 6 tokens. The
 * numbers of `blk.0.attn_q.weight` count up from 1000 in the file's order, those of `blk.0.attn_k.weight` from 2000.
 */
export function tinyGguf(architecture = 'llama'): GgufDescription {
  const own = (key: string): string => `${architecture}.${key}`;
  const tensor = (name: string, dims: readonly number[], from = 0): GgufTestTensor => ({
    name,
    dims,
    type: 0,
    bytes: counted(
      from,
      dims.reduce((n, d) => n * d, 1),
    ),
  });
  return {
    fields: [
      ['general.architecture', field.text(architecture)],
      [own('block_count'), field.u32(1)],
      [own('context_length'), field.u32(32)],
      [own('embedding_length'), field.u32(8)],
      [own('feed_forward_length'), field.u32(8)],
      [own('attention.head_count'), field.u32(2)],
      [own('attention.head_count_kv'), field.u32(1)],
      [own('attention.layer_norm_rms_epsilon'), field.f32(1e-5)],
      [own('rope.freq_base'), field.f32(10_000)],
      ['tokenizer.ggml.model', field.text('gpt2')],
      ['tokenizer.ggml.pre', field.text('gpt-2')],
      ['tokenizer.ggml.tokens', field.texts(['<s>', 'a', 'b', 'Ġ', 'ab', 'Ġa'])],
      ['tokenizer.ggml.token_type', field.i32s([3, 1, 1, 1, 1, 1])],
      ['tokenizer.ggml.merges', field.texts(['a b', 'Ġ a'])],
      ['tokenizer.ggml.bos_token_id', field.u32(0)],
    ],
    tensors: [
      tensor('token_embd.weight', [8, 6]),
      tensor('blk.0.attn_norm.weight', [8]),
      tensor('blk.0.attn_q.weight', [8, 8], 1000),
      tensor('blk.0.attn_k.weight', [8, 4], 2000),
      tensor('blk.0.attn_v.weight', [8, 4]),
      tensor('blk.0.attn_output.weight', [8, 8]),
      tensor('blk.0.ffn_norm.weight', [8]),
      tensor('blk.0.ffn_gate.weight', [8, 8]),
      tensor('blk.0.ffn_up.weight', [8, 8]),
      tensor('blk.0.ffn_down.weight', [8, 8]),
      tensor('output_norm.weight', [8]),
    ],
  };
}

/** The same file with some fields replaced, added (at the end) or taken away (null). */
export function withFields(
  description: GgufDescription,
  changes: Readonly<Record<string, GgufField | null>>,
): GgufDescription {
  const kept = description.fields.flatMap(([key, value]): [string, GgufField][] => {
    const change = changes[key];
    return change === null ? [] : [[key, change ?? value]];
  });
  const known = new Set(description.fields.map(([key]) => key));
  const added = Object.entries(changes).flatMap(([key, value]): [string, GgufField][] =>
    known.has(key) || value === null ? [] : [[key, value]],
  );
  return { ...description, fields: [...kept, ...added] };
}

/** The same file with one tensor changed. */
export function withTensor(
  description: GgufDescription,
  name: string,
  change: Partial<GgufTestTensor>,
): GgufDescription {
  const tensors = description.tensors.map((t) => (t.name === name ? { ...t, ...change } : t));
  return { ...description, tensors };
}
