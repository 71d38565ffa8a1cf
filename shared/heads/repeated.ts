/**
 * What induction is measured on: random tokens, repeated. A token of the second copy can be foretold from the first
 * copy alone, by a head that looks at what followed it there. Axes: h head, t dest, s source.
 */
import { InputError } from '../errors.ts';
import { seeded } from '../random.ts';
import type { TokenizerPort } from '../tokenizer/encoding.ts';

/** Tokens of a copy, where the context has room for two. */
export const COPY_LENGTH = 50;

export interface RepeatedTokens {
  /** The token in front; undefined: none. */
  readonly bos: number | undefined;
  /** Tokens of a copy, n. */
  readonly length: number;
  /** Where the first copy begins: 1 behind bos, else 0. */
  readonly start: number;
  /** A list a draw: bos, n tokens, and the same again. */
  readonly sequences: readonly (readonly number[])[];
}

export interface DrawOptions {
  readonly draws: number;
  readonly seed: number;
  /** Tokens of a copy wanted. */
  readonly length: number;
  /** The model's vocabulary: a tokenizer may hold more, or fewer. */
  readonly dVocab: number;
  readonly nCtx: number;
  /** Default: where the tokenizer names one. */
  readonly bos?: boolean | undefined;
}

/**
 * Tokens that stand for text: no special ones, none without a string, and none that is a part of a character, which no
 * text repeats alone; these last only where there are too few of the others.
 */
function usable(tokenizer: TokenizerPort, dVocab: number, wanted: number): number[] {
  const whole: number[] = [];
  const parts: number[] = [];
  for (let id = 0; id < Math.min(dVocab, tokenizer.vocabSize); id++) {
    if (tokenizer.specialIds.has(id) || id === tokenizer.bosId) continue;
    const text = tokenizer.text(id);
    if (text === '' || text === `⟨${id}⟩`) continue;
    (text.includes('\ufffd') ? parts : whole).push(id);
  }
  return whole.length >= wanted ? whole : [...whole, ...parts];
}

/**
 * Draws the sequences: within one every token of a copy is another, so that what stands before a token's earlier copy
 * is never in doubt.
 *
 * @throws {InputError} when context or vocabulary have no room for two copies of two tokens.
 */
export function repeatedTokens(
  tokenizer: TokenizerPort,
  { draws, seed, length, dVocab, nCtx, bos: wanted }: DrawOptions,
): RepeatedTokens {
  const known = tokenizer.bosId !== undefined && tokenizer.bosId < dVocab ? tokenizer.bosId : undefined;
  if (wanted === true && known === undefined) {
    throw new InputError(
      'heads: bos: the tokenizer names no token for the beginning of a text: leave bos out',
    );
  }
  const bos = wanted === false ? undefined : known;
  const start = bos === undefined ? 0 : 1;
  const pool = usable(tokenizer, dVocab, length);
  const n = Math.min(length, Math.floor((nCtx - start) / 2), pool.length);
  if (n < 2) {
    throw new InputError(
      `heads: expected room for two copies of two tokens, got a context of ${nCtx} and ${pool.length} tokens to draw from`,
    );
  }
  const random = seeded(seed);
  const sequences = Array.from({ length: draws }, () => {
    // The first n steps of a Fisher–Yates shuffle.
    for (let i = 0; i < n; i++) {
      const j = i + random.below(pool.length - i);
      [pool[i], pool[j]] = [pool[j] as number, pool[i] as number];
    }
    const copy = pool.slice(0, n);
    return [...(bos === undefined ? [] : [bos]), ...copy, ...copy];
  });
  return { bos, length: n, start, sequences };
}

/**
 * Induction score: mean of A[i, i − n + 1] over the second copy, the attention to what followed the token's earlier
 * copy.
 *
 * @param pattern f32[h, t, s] of one sequence. @returns f32[h]
 * @see Olsson et al. 2022, "In-context Learning and Induction Heads"
 */
export function inductionScores(
  pattern: Float32Array,
  heads: number,
  { length: n, start }: Pick<RepeatedTokens, 'length' | 'start'>,
): Float32Array {
  const tokens = start + 2 * n;
  return Float32Array.from({ length: heads }, (_, h) => {
    let sum = 0;
    for (let i = start + n; i < tokens; i++) {
      sum += pattern[(h * tokens + i) * tokens + i - n + 1] ?? NaN;
    }
    return sum / n;
  });
}
