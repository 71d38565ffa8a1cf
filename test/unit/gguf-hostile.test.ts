/** The GGUF reader: every way in which a header can lie, and what is refused by name. */
import { describe, expect, it } from 'vitest';
import { FormatError, UnsupportedError } from '../../shared/errors.ts';
import { openGguf } from '../../shared/formats/gguf/open-gguf.ts';
import {
  arrayOf,
  field,
  floats,
  ggufFile,
  ggufSource,
  tinyGguf,
  u32,
  u64,
  withFields,
  withTensor,
  type GgufDescription,
  type GgufField,
} from '../support/gguf-bytes.ts';

const TINY = tinyGguf();
const HUGE = 2n ** 63n;
const Q = 'blk.0.attn_q.weight';

/** With the bytes at hand: a description or a file. */
type Lie = readonly [string, GgufDescription | Uint8Array<ArrayBuffer>, RegExp];

const fields = (changes: Readonly<Record<string, GgufField | null>>): GgufDescription =>
  withFields(TINY, changes);
const tensor = (change: Parameters<typeof withTensor>[2]): GgufDescription => withTensor(TINY, Q, change);
const twice = <T>(items: readonly T[]): T[] => [...items, ...items.slice(-1)];
const zeros = (n: number): Uint8Array => new Uint8Array(n * 4);

const LIES: readonly Lie[] = [
  ['an empty file', new Uint8Array(0), /the first bytes: expected 8 bytes at 0, got 0/],
  ['another format', { ...TINY, magic: 'GGML' }, /expected "GGUF" at the beginning/],
  ['2^63 tensors', { ...TINY, tensorCount: HUGE }, /number of tensors: expected at most \d+.* got 9223372/],
  ['2^63 keys', { ...TINY, keyCount: HUGE }, /number of keys: expected at most/],
  ['more keys than there are', { ...TINY, keyCount: 40n }, /test\.gguf: .*(lies|expected|no type)/],
  ['one tensor too many', { ...TINY, tensorCount: 12n }, /test\.gguf: /],
  ['fewer keys than there are', { ...TINY, keyCount: 3n }, /test\.gguf: /],
  [
    'a key of 2^63 bytes',
    { ...TINY, fields: [['', { type: 8, bytes: u64(HUGE) }]] },
    /length: expected at most/,
  ],
  [
    'a string past the end',
    fields({ 'general.name': { type: 8, bytes: u64(1_000_000) } }),
    /general\.name: length: expected at most \d+/,
  ],
  ['a string that is no UTF-8', fields({ x: { type: 8, bytes: new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0, 0xff]) } }), /x: not UTF-8/], // prettier-ignore
  [
    'a key of a megabyte',
    { ...TINY, fields: [['k'.repeat(1_000_000), field.u32(1)]] },
    /a name of at most 65535/,
  ],
  ['an array of 2^63', fields({ x: arrayOf(4, [], HUGE) }), /x: expected at most/],
  ['an array of 2^63 strings', fields({ x: arrayOf(8, [], HUGE) }), /x: expected at most/],
  ['an array past the end', fields({ x: arrayOf(4, [u32(1)], 1_000_000n) }), /x: expected at most/],
  ['a value of no type', fields({ x: { type: 13, bytes: u32(1) } }), /x: 13 is no type of a value/],
  ['the same key twice', { ...TINY, fields: twice(TINY.fields) }, /bos_token_id: the key is there twice/],
  [
    'the same tensor twice',
    { ...TINY, tensors: twice(TINY.tensors) },
    /output_norm.weight: the tensor is there twice/,
  ],
  ['no axes', tensor({ dims: [] }), /attn_q.weight: expected 1 to 4 axes, got 0/],
  ['2^32 − 1 axes', tensor({ dims: Array.from({ length: 5 }, () => 1) }), /expected 1 to 4 axes, got 5/],
  ['an axis of zero', tensor({ dims: [8, 0] }), /attn_q.weight: expected a shape, got \[0, 8\]/],
  ['an axis of 2^63', tensor({ dims: [8, HUGE] }), /attn_q.weight: expected a shape/],
  ['axes that overflow together', tensor({ dims: [2n ** 32n, 2n ** 32n] }), /expected a shape/],
  [
    'more numbers than bytes',
    tensor({ dims: [8, 800] }),
    /attn_q.weight: F32 \[800, 8\] at \d+ reaches past the end/,
  ],
  ['rows of broken blocks', tensor({ type: 8 }), /attn_q.weight: Q8_0 comes in blocks of 32, got rows of 8/],
  ['an offset past the end', tensor({ offset: 2n ** 40n }), /reaches past the end/],
  ['an offset of 2^64 − 32', tensor({ offset: 2n ** 64n - 32n }), /reaches past the end/],
  ['an offset out of step', tensor({ offset: 4n }), /expected an offset in steps of 32, got 4/],
  ['tensors that overlap', tensor({ offset: 0n }), /overlap/],
  [
    'an alignment of zero',
    fields({ 'general.alignment': field.u32(0) }),
    /general.alignment: expected a whole/,
  ],
  ['an alignment of 24', fields({ 'general.alignment': field.u32(24) }), /a power of two/],
  [
    'an alignment of 2^31',
    fields({ 'general.alignment': field.u32(2 ** 31) }),
    /general.alignment: expected/,
  ],
  [
    'an alignment that is text',
    fields({ 'general.alignment': field.text('32') }),
    /general.alignment: expected/,
  ],
  ['no architecture', fields({ 'general.architecture': null }), /general.architecture: expected a string/],
  ['no block count', fields({ 'llama.block_count': null }), /llama.block_count: expected .*, got nothing/],
  [
    '2^32 blocks',
    fields({ 'llama.block_count': field.u64(2 ** 32) }),
    /no more blocks than there are tensors/,
  ],
  ['2^60 heads', fields({ 'llama.attention.head_count': field.u64(2n ** 60n) }), /head_count: expected/],
  [
    'heads that do not divide',
    fields({ 'llama.attention.head_count': field.u32(3) }),
    /no multiple of 3 heads/,
  ],
  [
    'kv heads that do not divide',
    fields({ 'llama.attention.head_count_kv': field.u32(4) }),
    /attn_k.weight: expected rows in 4 heads of an even size, got 4/,
  ],
  [
    'heads that differ by layer',
    fields({ 'llama.attention.head_count': field.u32s([2, 4]) }),
    /the same number for every layer/,
  ],
  [
    'a width of 1.5',
    fields({ 'llama.embedding_length': field.f32(1.5) }),
    /embedding_length: expected a whole/,
  ],
  ['an epsilon that is not a number', fields({ 'llama.attention.layer_norm_rms_epsilon': field.f32(NaN) }), /epsilon: expected a number/], // prettier-ignore
  ['no embedding', { ...TINY, tensors: TINY.tensors.slice(1) }, /no tensor named token_embd.weight/],
  [
    'no tokens',
    fields({ 'tokenizer.ggml.tokens': null }),
    /tokens: expected an array of strings, got nothing/,
  ],
  [
    'fewer token types than tokens',
    fields({ 'tokenizer.ggml.token_type': field.i32s([1]) }),
    /token_type: expected an array of 6 numbers, got an array of 1/,
  ],
  ['the same token twice', fields({ 'tokenizer.ggml.tokens': field.texts(['a', 'a', 'b', 'c', 'd', 'e']) }), /"a" is there twice, as 0 and 1/], // prettier-ignore
  [
    'a bos that is no token',
    fields({ 'tokenizer.ggml.bos_token_id': field.u32(6) }),
    /bos_token_id: expected an id below 6/,
  ],
];

const UNSUPPORTED: readonly Lie[] = [
  ['version 1', { ...TINY, version: 1 }, /GGUF of version 1 is not read here/],
  ['version 4', { ...TINY, version: 4 }, /GGUF of version 4 is not read here/],
  ['big-endian', { ...TINY, version: 0x03000000 }, /GGUF of a big-endian file is not read here/],
  ['arrays in arrays', fields({ x: arrayOf(9, [u32(4), u64(0)], 1n) }), /x: arrays in arrays are not read/],
  ['arrays of no type', fields({ x: arrayOf(99, [], 1n) }), /x: arrays of type 99 are not read/],
  ['another architecture', tinyGguf('mamba'), /architecture "mamba" don't open; these do: llama, qwen2/],
  ['an architecture of the prototype', tinyGguf('toString'), /architecture "toString" don't open/],
  ['one part of several', fields({ 'split.count': field.u32(3) }), /gguf-split --merge/],
  ['a number type that is not read', tensor({ type: 10 }), /attn_q.weight: numbers of ggml's type Q2_K/],
  ['a number type that is none', tensor({ type: 999 }), /numbers of ggml's type number 999/],
  [
    'a tensor of no llama',
    tensor({ name: 'blk.0.attn_q_norm.weight' }),
    /attn_q_norm.weight: no tensor of a llama/,
  ],
  ['a tensor of the prototype', tensor({ name: 'blk.0.constructor.weight' }), /no tensor of a llama/],
  [
    'a tensor of a block too many',
    tensor({ name: 'blk.1.attn_q.weight' }),
    /no tensor of a llama model of 1 blocks/,
  ],
  ['experts', fields({ 'llama.expert_count': field.u32(8) }), /llama.expert_count 8 is not done here/],
  ['a scaled embedding', fields({ 'llama.embedding_scale': field.f32(12) }), /embedding_scale 12/],
  [
    'part of each head rotary',
    fields({ 'llama.rope.dimension_count': field.u32(2) }),
    /rotary positions of 2/,
  ],
  ['values of another size', fields({ 'llama.attention.value_length': field.u32(8) }), /values of 8 numbers/],
  [
    'a bias for one of three',
    {
      ...TINY,
      tensors: [...TINY.tensors, { name: 'blk.0.attn_q.bias', dims: [8], type: 0, bytes: zeros(8) }],
    },
    /attn_q.bias is there and blk.0.attn_k.bias is not/,
  ],
  [
    'rotary divisors of no llama3',
    { ...TINY, tensors: [...TINY.tensors, { name: 'rope_freqs.weight', dims: [2], type: 0, bytes: floats([3, 2]) }] }, // prettier-ignore
    /rope_freqs.weight: these are not the frequencies of a llama3/,
  ],
  [
    'a tokenizer of another kind',
    fields({ 'tokenizer.ggml.model': field.text('t5') }),
    /of kind "t5" is not done/,
  ],
  [
    'an unknown pre-tokenizer',
    fields({ 'tokenizer.ggml.pre': field.text('tekken') }),
    /the pre-tokenizer "tekken"/,
  ],
  [
    'a pre-tokenizer left open',
    fields({ 'tokenizer.ggml.pre': null }),
    /the pre-tokenizer "default" is not known/,
  ],
];

const bytesOf = (lie: Lie[1]): Uint8Array<ArrayBuffer> => (lie instanceof Uint8Array ? lie : ggufFile(lie));

describe('GGUF', () => {
  it.each(LIES)('refuses %s', async (_, lie, message) => {
    const opening = openGguf(ggufSource(bytesOf(lie)));
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.toSatisfy(
      (error) => error instanceof FormatError || error instanceof UnsupportedError,
    );
  });

  it.each(UNSUPPORTED)('refuses by name: %s', async (_, lie, message) => {
    const opening = openGguf(ggufSource(bytesOf(lie)));
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.toBeInstanceOf(UnsupportedError);
  });

  it('refuses a file that is cut off, wherever', async () => {
    const whole = ggufFile(TINY);
    for (let length = 0; length < whole.length; length++) {
      const opening = openGguf(ggufSource(whole.slice(0, length)));
      await expect(opening, `${length} bytes`).rejects.toBeInstanceOf(FormatError);
    }
  });
});
