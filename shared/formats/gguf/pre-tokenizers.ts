/**
 * What `tokenizer.ggml.pre` stands for: the pre-tokenizer (and normalizer) of the tokenizer.json that the model came
 * with. The file has only the name.
 *
 * @see https://github.com/ggml-org/llama.cpp, `src/llama-vocab.cpp` (names and patterns)
 */
import type { JsonObject } from '../json.ts';

export interface PreTokenizer {
  readonly normalizer: JsonObject | null;
  readonly steps: JsonObject;
  /** A piece that is a token of its own isn't merged. */
  readonly ignoreMerges: boolean;
  /** Where the file doesn't say whether the beginning token goes in front. */
  readonly addsBos: boolean;
}

/** GPT-2's own pattern, which ByteLevel knows. */
const GPT2_STEP = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };

/** A pattern of the kind that cl100k began, with so many digits together. */
function splitBefore(digits: string): JsonObject {
  const regex = [
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)",
    '[^\\r\\n\\p{L}\\p{N}]?\\p{L}+',
    digits,
    ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*',
    '\\s*[\\r\\n]+',
    '\\s+(?!\\S)',
    '\\s+',
  ].join('|');
  return {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: regex }, behavior: 'Isolated', invert: false },
      { ...GPT2_STEP, use_regex: false },
    ],
  };
}

const GPT2: PreTokenizer = { normalizer: null, steps: GPT2_STEP, ignoreMerges: false, addsBos: false };

const LLAMA3: PreTokenizer = {
  normalizer: null,
  steps: splitBefore('\\p{N}{1,3}'),
  ignoreMerges: true,
  addsBos: true,
};

const QWEN2: PreTokenizer = {
  normalizer: { type: 'NFC' },
  steps: splitBefore('\\p{N}'),
  ignoreMerges: false,
  addsBos: false,
};

/** Every digit alone, then GPT-2's pattern. */
const DIGITS: PreTokenizer = {
  ...GPT2,
  steps: {
    type: 'Sequence',
    pretokenizers: [{ type: 'Digits', individual_digits: true }, GPT2_STEP],
  },
};

export const PRE_TOKENIZERS: ReadonlyMap<string, PreTokenizer> = new Map([
  ['gpt-2', GPT2],
  ['llama-bpe', LLAMA3],
  ['llama3', LLAMA3],
  ['llama-v3', LLAMA3],
  ['qwen2', QWEN2],
  // The hub's SmolLM2 also cuts digits apart first. No token of that vocabulary joins a digit to anything, so this
  // differs only for white space of two or more before a digit; its goldens here are without that cut.
  ['smollm', GPT2],
  ['starcoder', DIGITS],
  ['refact', DIGITS],
]);
