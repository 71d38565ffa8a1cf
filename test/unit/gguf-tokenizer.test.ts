/** Tokenizers out of a GGUF's vocabulary, against what the Rust tokenizers give for the originals. */
import { describe, expect, it } from 'vitest';
import { openGguf } from '../../shared/formats/gguf/open-gguf.ts';
import { mergesFromScores } from '../../shared/formats/gguf/sentencepiece.ts';
import { readTokenizerSpec } from '../../shared/tokenizer/spec.ts';
import { Tokenizer } from '../../shared/tokenizer/tokenizer.ts';
import { tokenizerCases } from '../cases/tokenizer.ts';
import { field, ggufFile, ggufSource, tinyGguf, withFields, type GgufField } from '../support/gguf-bytes.ts';
import { readJson } from '../support/read-json.ts';
import { isKind, tokenizerJsonOf, type TokenizerKind } from '../support/tokenizer-kinds.ts';

function kindOf(name: string): TokenizerKind {
  const kinds = readJson('test/goldens/tokenizers.json');
  const kind = Array.isArray(kinds) ? kinds.filter(isKind).find((each) => each.name === name) : undefined;
  if (!kind) throw new Error(`tokenizers.json: no kind ${name}`);
  return kind;
}

/** GGUF's fields for a tokenizer.json, as the converter writes them. */
function fieldsOf(name: string, sentencePiece: boolean): Record<string, GgufField> {
  const spec = readTokenizerSpec(tokenizerJsonOf(kindOf(name)), undefined, name);
  const ids = new Map([...spec.vocab, ...spec.added.map(({ content, id }) => [content, id] as const)]);
  const tokens = Array.from({ length: Math.max(...ids.values()) + 1 }, (_, id) => `[PAD${id}]`);
  for (const [token, id] of ids) tokens[id] = token;
  const special = new Set(spec.added.filter((t) => t.special).map((t) => t.id));
  const types = tokens.map((token, id) => {
    if (!ids.has(token)) return 5;
    if (special.has(id)) return token === '<unk>' ? 2 : 3;
    return sentencePiece && /^<0x[0-9A-F]{2}>$/.test(token) ? 6 : 1;
  });
  const shared = {
    'tokenizer.ggml.tokens': field.texts(tokens),
    'tokenizer.ggml.token_type': field.i32s(types),
  };
  if (!sentencePiece) {
    return { ...shared, 'tokenizer.ggml.merges': field.texts(spec.merges.map((pair) => pair.join(' '))) };
  }
  const ranks = new Map<string, number>();
  spec.merges.forEach(([left, right], rank) => {
    if (!ranks.has(left + right)) ranks.set(left + right, rank);
  });
  return {
    ...shared,
    'tokenizer.ggml.model': field.text('llama'),
    'tokenizer.ggml.unknown_token_id': field.u32(0),
    'tokenizer.ggml.scores': field.f32s(tokens.map((token) => -(ranks.get(token) ?? 10_000))),
  };
}

async function tokenizerOf(changes: Record<string, GgufField | null>): Promise<Tokenizer> {
  const file = ggufFile(withFields(tinyGguf(), changes));
  const { tokenizerJson, tokenizerConfig } = await openGguf(ggufSource(file));
  return Tokenizer.fromJson(tokenizerJson, tokenizerConfig, 'gguf');
}

interface Case {
  readonly kind: string;
  readonly sentencePiece?: boolean;
  readonly changes: Record<string, GgufField | null>;
}

const CASES: readonly Case[] = [
  { kind: 'llama3', changes: { 'tokenizer.ggml.pre': field.text('llama-bpe') } },
  { kind: 'qwen2', changes: { 'tokenizer.ggml.pre': field.text('qwen2') } },
  {
    kind: 'gemma',
    sentencePiece: true,
    changes: {
      'tokenizer.ggml.bos_token_id': field.u32(1),
      'tokenizer.ggml.add_space_prefix': field.bool(false),
    },
  },
  { kind: 'llama2', sentencePiece: true, changes: { 'tokenizer.ggml.add_bos_token': field.bool(false) } },
];

describe('tokenizers of GGUF', () => {
  it.each(CASES)('$kind', async ({ kind, sentencePiece = false, changes }) => {
    const tokenizer = await tokenizerOf({ ...fieldsOf(kind, sentencePiece), ...changes });
    for (const each of tokenizerCases(kindOf(kind).cases)) {
      expect(tokenizer.encode(each.text).ids, each.text).toEqual(each.ids);
      expect(tokenizer.decode(each.ids), each.text).toBe(each.decoded);
    }
  });

  it('put tokens in front and behind where the file says so, or its kind does', async () => {
    const ids = async (changes: Record<string, GgufField | null>): Promise<readonly number[]> =>
      (await tokenizerOf(changes)).encode('ab').ids;
    const on = field.bool(true);
    expect(await ids({})).toEqual([4]);
    expect(await ids({ 'tokenizer.ggml.add_bos_token': on })).toEqual([0, 4]);
    expect(await ids({ 'tokenizer.ggml.add_bos_token': on, 'tokenizer.ggml.bos_token_id': null })).toEqual([
      4,
    ]);
    expect(
      await ids({ 'tokenizer.ggml.add_eos_token': on, 'tokenizer.ggml.eos_token_id': field.u32(0) }),
    ).toEqual([4, 0]);
    expect(await ids({ 'tokenizer.ggml.pre': field.text('llama-bpe') })).toEqual([0, 4]);
  });

  it('find the author’s own tokens in a text, and leave out those that only fill up', async () => {
    const changes = { 'tokenizer.ggml.token_type': field.i32s([3, 4, 1, 1, 1, 5]) };
    const own = await tokenizerOf({ ...changes, 'tokenizer.ggml.merges': field.texts(['a b']) });
    expect(own.encode('ab a').ids).toEqual([1, 2, 3, 1]);
    expect([...own.specialIds]).toEqual([0]);
    expect(own.text(5)).toBe('⟨5⟩');
  });

  it('take GPT-2’s pattern for GPT-2 files of before it had a name', async () => {
    const gpt2 = tinyGguf('gpt2');
    const file = withFields(gpt2, {
      'tokenizer.ggml.pre': null,
      'gpt2.attention.layer_norm_epsilon': field.f32(1e-5),
    });
    const tensors = file.tensors.filter((t) => !/_(gate|q|k|v)\.weight/.test(t.name));
    const opened = await openGguf(ggufSource(ggufFile({ ...file, tensors })));
    expect(opened.tokenizerJson['pre_tokenizer']).toMatchObject({ type: 'ByteLevel', use_regex: true });
  });

  it('pass the chat template along', async () => {
    const changes = { 'tokenizer.chat_template': field.text('{{ messages }}') };
    const { tokenizerConfig } = await openGguf(ggufSource(ggufFile(withFields(tinyGguf(), changes))));
    expect(tokenizerConfig).toEqual({ bos_token: '<s>', chat_template: '{{ messages }}' });
  });
});

describe('merges from scores', () => {
  const tokens = ['a', 'b', 'c', 'ab', 'bc', 'abc'].map((token, id) => [token, id] as const);

  it('come best score first, each cut of a token, the older left part first', () => {
    const merges = mergesFromScores(tokens, Float32Array.of(0, 0, 0, -2, -1, -3), 'test');
    expect(merges).toEqual([
      ['b', 'c'],
      ['a', 'b'],
      ['a', 'bc'],
      ['ab', 'c'],
    ]);
  });

  it('refuse a vocabulary of nothing but cuts', () => {
    const runs = Array.from({ length: 250 }, (_, i) => ['a'.repeat(i + 1), i] as const);
    expect(() => mergesFromScores(runs, new Float32Array(250), 'test')).toThrow(/more than 16 merges each/);
  });
});
