/**
 * Reads a tokenizer.json (and tokenizer_config.json) into what this project needs of it, and refuses by name what
 * it couldn't follow exactly: a wrong offset or a lost character would be worse than an error.
 */
import { FormatError, UnsupportedError } from '../errors.ts';
import type { AddedToken } from './added-tokens.ts';
import { BYTE_CHARS } from './byte-level.ts';
import { describe, isArray, JsonView } from './json-view.ts';
import type { NormalizerStep } from './normalize.ts';
import type { SplitStep } from './pre-tokenize.ts';
import { byteToken, readDecoder, readNormalizer, readPostProcessor, readPreTokenizer } from './spec-steps.ts';
import type { Metaspace } from './spec-steps.ts';

export interface TokenizerSpec {
  /**
   * `byte-level`: the merges run over bytes (GPT-2, Llama 3, Qwen, SmolLM2). `byte-fallback`: over characters, with
   * `<0xE2>` for those the vocabulary lacks (Llama 2, Gemma).
   */
  readonly kind: 'byte-level' | 'byte-fallback';
  readonly vocab: ReadonlyMap<string, number>;
  readonly merges: [string, string][];
  readonly ignoreMerges: boolean;
  readonly unkToken: string | undefined;
  readonly fuseUnk: boolean;
  readonly added: readonly AddedToken[];
  readonly normalizers: readonly NormalizerStep[];
  readonly splits: readonly SplitStep[];
  /** A space goes in front of each cut that has none (byte-level's `add_prefix_space`). */
  readonly prefixSpace: boolean;
  readonly metaspace: Metaspace | undefined;
  /** What stands for a space in the vocabulary of a `byte-fallback` tokenizer. */
  readonly spaceMark: string;
  /** Which beginnings lose one space when decoded, because encoding put it there. */
  readonly stripsSpace: 'never' | 'first' | 'always';
  /** Ids that the post-processor puts in front and behind. */
  readonly prefix: readonly number[];
  readonly suffix: readonly number[];
  /** From the post-processor, or `bos_token` of the configuration. */
  readonly bosId: number | undefined;
}

/** Ids beyond this are no vocabulary's: the largest in use are about 260,000. */
const MAX_IDS = 1 << 24;

/**
 * @param name the model, for messages.
 * @throws {FormatError} `fable-4m: tokenizer.json: model.vocab: expected an object, got nothing`
 * @throws {UnsupportedError} `…: model.type: Unigram is not supported: …`
 */
export function readTokenizerSpec(
  tokenizerJson: unknown,
  tokenizerConfig: unknown,
  name: string,
): TokenizerSpec {
  const root = new JsonView(`${name}: tokenizer.json`, tokenizerJson, ': ');
  const model = root.field('model');
  const type = model.field('type');
  // Old files leave the type out; only BPE has merges.
  if (!(type.absent && Array.isArray(model.object()['merges'])) && type.string() !== 'BPE') {
    throw new UnsupportedError(
      `${type.place}: ${describe(type.value)} is not supported: offsets are derived for BPE (byte-level or with byte fallback). Choose a model with such a tokenizer.`,
    );
  }
  refuseVariants(model);
  const vocab = readVocab(model.field('vocab'));
  const added = root.field('added_tokens').absent
    ? []
    : root
        .field('added_tokens')
        .items()
        .map((token) => readAddedToken(token, vocab));
  const post = readPostProcessor(root.field('post_processor'));
  const normalizers = readNormalizer(root.field('normalizer'));
  const pre = readPreTokenizer(root.field('pre_tokenizer'));
  const decoder = readDecoder(root.field('decoder'), pre.byteLevel);
  if (!pre.byteLevel) requireByteFallback(model, vocab, root.field('pre_tokenizer'));
  const unk = model.field('unk_token');
  return {
    kind: pre.byteLevel ? 'byte-level' : 'byte-fallback',
    vocab,
    merges: readMerges(model.field('merges'), vocab),
    ignoreMerges: model.field('ignore_merges').boolean(false),
    unkToken: unk.absent || !vocab.has(unk.string()) ? undefined : unk.string(),
    fuseUnk: model.field('fuse_unk').boolean(false),
    added,
    normalizers,
    splits: pre.splits,
    prefixSpace: pre.prefixSpace,
    metaspace: pre.metaspace,
    spaceMark: decoder.spaceMark,
    stripsSpace: decoder.stripsSpace,
    prefix: post.prefix,
    suffix: post.suffix,
    bosId:
      post.prefix[0] ??
      readBos(new JsonView(`${name}: tokenizer_config.json`, tokenizerConfig, ': '), vocab, added),
  };
}

function refuseVariants(model: JsonView): void {
  for (const field of ['continuing_subword_prefix', 'end_of_word_suffix', 'dropout']) {
    const view = model.field(field);
    if (view.absent || view.value === '' || view.value === 0) continue;
    throw new UnsupportedError(
      `${view.place}: ${describe(view.value)} is not supported: such tokens have no offsets.`,
    );
  }
}

function readVocab(view: JsonView): Map<string, number> {
  const vocab = new Map<string, number>();
  const seen: (string | undefined)[] = [];
  const object = view.object();
  // Tens of thousands of entries: views and messages are made only for what is wrong.
  for (const token of Object.keys(object)) {
    const id = object[token];
    if (
      typeof id !== 'number' ||
      !Number.isInteger(id) ||
      id < 0 ||
      id >= MAX_IDS ||
      seen[id] !== undefined
    ) {
      const entry = new JsonView(`${view.place}[${describe(token)}]`, id);
      const taken = entry.index(MAX_IDS);
      throw new FormatError(
        `${entry.place}: expected an id of its own, got ${taken}, which ${describe(seen[taken])} has`,
      );
    }
    seen[id] = token;
    vocab.set(token, id);
  }
  if (vocab.size === 0) throw view.wrong('an object with at least one token');
  return vocab;
}

function readMerges(view: JsonView, vocab: ReadonlyMap<string, number>): [string, string][] {
  const { value } = view;
  if (!Array.isArray(value)) throw view.wrong('an array of merges');
  return value.map((merge: unknown, index) => {
    const pair = typeof merge === 'string' ? merge.split(' ') : merge;
    if (!isPair(pair)) throw badMerge(view, index, merge, 'two tokens');
    if (!vocab.has(pair[0]) || !vocab.has(pair[1]) || !vocab.has(pair[0] + pair[1])) {
      throw badMerge(view, index, merge, 'two tokens that the vocabulary has, and their merge too');
    }
    return pair;
  });
}

function isPair(value: unknown): value is [string, string] {
  return isArray(value) && value.length === 2 && typeof value[0] === 'string' && typeof value[1] === 'string';
}

function badMerge(view: JsonView, index: number, merge: unknown, expected: string): FormatError {
  const got = Array.isArray(merge) ? JSON.stringify(merge).slice(0, 60) : describe(merge);
  return new FormatError(`${view.place}[${index}]: expected ${expected}, got ${got}`);
}

/** Content that the model's vocabulary has keeps the id it has there, as in Rust. */
function readAddedToken(view: JsonView, vocab: ReadonlyMap<string, number>): AddedToken {
  const special = view.field('special').boolean(false);
  return {
    id: vocab.get(view.field('content').string()) ?? view.field('id').index(MAX_IDS),
    content: view.field('content').string(),
    singleWord: view.field('single_word').boolean(false),
    lstrip: view.field('lstrip').boolean(false),
    rstrip: view.field('rstrip').boolean(false),
    normalized: view.field('normalized').boolean(!special),
    special,
  };
}

/** Without bytes to fall back to, characters would be lost. */
function requireByteFallback(model: JsonView, vocab: ReadonlyMap<string, number>, pre: JsonView): void {
  const missing = BYTE_CHARS.findIndex((_, byte) => !vocab.has(byteToken(byte)));
  if (model.field('byte_fallback').boolean(false) && missing < 0) return;
  throw new UnsupportedError(
    `${pre.place}: no ByteLevel step in it, and ${missing < 0 ? 'byte_fallback is off' : `the vocabulary has no ${byteToken(missing)}`}: such a BPE loses characters and its offsets can't be derived. Choose a model whose tokenizer is byte-level or has byte fallback.`,
  );
}

function readBos(
  config: JsonView,
  vocab: ReadonlyMap<string, number>,
  added: readonly AddedToken[],
): number | undefined {
  if (config.absent) return undefined;
  const view = config.field('bos_token');
  if (view.absent) return undefined;
  const content = typeof view.value === 'string' ? view.value : view.field('content').string();
  return added.find((token) => token.content === content)?.id ?? vocab.get(content);
}
