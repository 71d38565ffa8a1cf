/**
 * The tokenizer that a GGUF carries, as the tokenizer.json and tokenizer_config.json that it was made from: vocabulary,
 * merges, added tokens and the tokens around a text.
 *
 * @see https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (keys of `tokenizer.ggml`)
 */
import { FormatError, UnsupportedError } from '../../errors.ts';
import type { JsonObject } from '../json.ts';
import type { NumberArray } from './header.ts';
import type { Metadata } from './metadata.ts';
import { PRE_TOKENIZERS, type PreTokenizer } from './pre-tokenizers.ts';
import { mergesFromScores } from './sentencepiece.ts';

/** Values of `tokenizer.ggml.token_type`. */
const TYPE = { NORMAL: 1, UNKNOWN: 2, CONTROL: 3, USER_DEFINED: 4, UNUSED: 5, BYTE: 6 } as const;

export interface TokenizerFiles {
  readonly tokenizerJson: JsonObject;
  readonly tokenizerConfig: JsonObject;
}

interface Vocabulary {
  readonly tokens: readonly string[];
  readonly types: NumberArray;
  /** Without the tokens that only fill the vocabulary up. */
  readonly ids: ReadonlyMap<string, number>;
}

const key = (name: string): string => `tokenizer.ggml.${name}`;

function readVocabulary(metadata: Metadata): Vocabulary {
  const tokens = metadata.strings(key('tokens'));
  const types = metadata.has(key('token_type'))
    ? metadata.numbers(key('token_type'), tokens.length)
    : new Uint8Array(tokens.length).fill(TYPE.NORMAL);
  const ids = new Map<string, number>();
  tokens.forEach((token, id) => {
    if (types[id] === TYPE.UNUSED || token === '') return;
    const other = ids.get(token);
    if (other !== undefined) {
      throw new FormatError(
        `${metadata.place}: ${key('tokens')}: ${JSON.stringify(token.slice(0, 60))} is there twice, as ${other} and ${id}`,
      );
    }
    ids.set(token, id);
  });
  return { tokens, types, ids };
}

/** Control tokens and the author's own are found in a text before anything is merged. */
function addedTokens({ ids, types }: Vocabulary): JsonObject[] {
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  return [...ids].flatMap(([content, id]) => {
    const type = types[id];
    if (type === TYPE.USER_DEFINED) return [{ id, content, ...flags, special: false }];
    const special = type === TYPE.CONTROL || type === TYPE.UNKNOWN;
    return special ? [{ id, content, ...flags, special }] : [];
  });
}

/** The token that a key like `bos_token_id` names; undefined where the file has none. */
function namedToken(
  metadata: Metadata,
  { tokens }: Vocabulary,
  name: string,
): { id: number; token: string } | undefined {
  const id = metadata.optionalSize(key(name));
  if (id === undefined) return undefined;
  const token = tokens[id];
  if (token === undefined) {
    throw new FormatError(
      `${metadata.place}: ${key(name)}: expected an id below ${tokens.length}, which the vocabulary has, got ${id}`,
    );
  }
  return { id, token };
}

/** What goes in front of a text and behind it. */
function postProcessor(metadata: Metadata, vocabulary: Vocabulary, addsBos: boolean): JsonObject {
  const around = (flag: string, name: string, fallback: boolean): { id: number; token: string }[] => {
    if (!metadata.flag(key(flag), fallback)) return [];
    const found = namedToken(metadata, vocabulary, name);
    return found ? [found] : [];
  };
  const front = around('add_bos_token', 'bos_token_id', addsBos);
  const behind = around('add_eos_token', 'eos_token_id', false);
  const special = (each: { token: string }): JsonObject => ({ SpecialToken: { id: each.token, type_id: 0 } });
  return {
    type: 'TemplateProcessing',
    single: [...front.map(special), { Sequence: { id: 'A', type_id: 0 } }, ...behind.map(special)],
    pair: [],
    special_tokens: Object.fromEntries(
      [...front, ...behind].map(({ id, token }) => [token, { id: token, ids: [id], tokens: [token] }]),
    ),
  };
}

/** @throws {UnsupportedError} naming a pre-tokenizer that isn't known here. */
function preTokenizerOf(metadata: Metadata): PreTokenizer {
  const named = metadata.text(key('pre'), 'default');
  // GPT-2 files are older than this key. In others of that age the right pattern is anybody's guess.
  const name = named === 'default' && metadata.architecture === 'gpt2' ? 'gpt-2' : named;
  const known = PRE_TOKENIZERS.get(name);
  if (known) return known;
  throw new UnsupportedError(
    `${metadata.place}: ${key('pre')}: the pre-tokenizer ${JSON.stringify(name.slice(0, 60))} is not known here; these are: ${[...PRE_TOKENIZERS.keys()].join(', ')}. Use the model's safetensors, which come with a tokenizer.json.`,
  );
}

/** Byte-level BPE (`gpt2`). */
function byteLevelJson(metadata: Metadata, vocabulary: Vocabulary): JsonObject {
  const pre = preTokenizerOf(metadata);
  return {
    version: '1.0',
    added_tokens: addedTokens(vocabulary),
    normalizer: pre.normalizer,
    pre_tokenizer: pre.steps,
    post_processor: postProcessor(metadata, vocabulary, pre.addsBos),
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      ignore_merges: pre.ignoreMerges,
      vocab: Object.fromEntries(vocabulary.ids),
      merges: metadata.strings(key('merges')),
    },
  };
}

const MARK = '\u2581';

/** SentencePiece's BPE (`llama`): the file has scores in place of merges. */
function sentencePieceJson(metadata: Metadata, vocabulary: Vocabulary): JsonObject {
  const scores = metadata.numbers(key('scores'), vocabulary.tokens.length);
  const prefixSpace = metadata.flag(key('add_space_prefix'), true);
  const replace = { type: 'Replace', pattern: { String: ' ' }, content: MARK };
  const back = { type: 'Replace', pattern: { String: MARK }, content: ' ' };
  const unknown = namedToken(metadata, vocabulary, 'unknown_token_id');
  const mergeable = [...vocabulary.ids].filter(([, id]) => {
    const type = vocabulary.types[id];
    return type === TYPE.NORMAL || type === TYPE.USER_DEFINED;
  });
  return {
    version: '1.0',
    added_tokens: addedTokens(vocabulary),
    normalizer: prefixSpace
      ? { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: MARK }, replace] }
      : replace,
    pre_tokenizer: null,
    post_processor: postProcessor(metadata, vocabulary, true),
    decoder: {
      type: 'Sequence',
      decoders: [
        back,
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...(prefixSpace ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
    model: {
      type: 'BPE',
      unk_token: unknown?.token ?? null,
      fuse_unk: true,
      byte_fallback: true,
      vocab: Object.fromEntries(vocabulary.ids),
      merges: mergesFromScores(mergeable, scores, `${metadata.place}: ${key('tokens')}`),
    },
  };
}

/**
 * @throws {UnsupportedError} naming a kind of tokenizer or a pre-tokenizer that isn't known here.
 * @throws {FormatError} when a key is missing or doesn't fit the vocabulary.
 */
export function huggingFaceTokenizer(metadata: Metadata): TokenizerFiles {
  const model = metadata.text(key('model'));
  if (model !== 'gpt2' && model !== 'llama') {
    throw new UnsupportedError(
      `${metadata.place}: ${key('model')}: a tokenizer of kind ${JSON.stringify(model.slice(0, 60))} is not done here; these are: gpt2 (byte-level BPE), llama (SentencePiece BPE)`,
    );
  }
  const vocabulary = readVocabulary(metadata);
  const tokenizerJson =
    model === 'gpt2' ? byteLevelJson(metadata, vocabulary) : sentencePieceJson(metadata, vocabulary);
  const names = { bos: 'bos', eos: 'eos', unk: 'unknown', pad: 'padding' };
  const named = Object.entries(names).flatMap(([ours, theirs]): [string, string][] => {
    const found = namedToken(metadata, vocabulary, `${theirs}_token_id`);
    return found ? [[`${ours}_token`, found.token]] : [];
  });
  const template = 'tokenizer.chat_template';
  return {
    tokenizerJson,
    tokenizerConfig: {
      ...Object.fromEntries(named),
      ...(metadata.has(template) && { chat_template: metadata.text(template) }),
    },
  };
}
