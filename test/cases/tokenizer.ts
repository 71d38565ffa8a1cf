/** What any tokenizer must give for its own goldens, and for every text. */
import { expect } from 'vitest';
import type { TokenizerPort } from '../../shared/tokenizer/encoding.ts';

/** What the Rust tokenizers give for a text. */
export interface TokenizerCase {
  readonly text: string;
  readonly ids: readonly number[];
  readonly tokens: readonly string[];
  /** [start, end) in code points. */
  readonly offsets: readonly (readonly [number, number])[];
  readonly decoded: string;
}

/** @throws when JSON isn't a list of cases. */
export function tokenizerCases(json: unknown): TokenizerCase[] {
  const isCase = (value: unknown): value is TokenizerCase =>
    typeof value === 'object' &&
    value !== null &&
    'text' in value &&
    'offsets' in value &&
    'decoded' in value;
  if (!Array.isArray(json) || !json.every(isCase)) throw new Error('not a list of tokenizer cases');
  return json;
}

/** Offsets in code points as offsets in UTF-16 code units. */
export function utf16Offsets({ text, offsets }: TokenizerCase): [number, number][] {
  const starts = [0];
  for (const char of text) starts.push((starts.at(-1) ?? 0) + char.length);
  return offsets.map(([start, end]) => [starts[start] ?? -1, starts[end] ?? -1]);
}

/** The case, all of it. */
export function expectCase(tokenizer: TokenizerPort, golden: TokenizerCase): void {
  const { ids, tokens, offsets } = tokenizer.encode(golden.text);
  const decoded = tokenizer.decode(golden.ids);
  expect({ ids, tokens, offsets, decoded }).toEqual({
    ids: golden.ids,
    tokens: golden.tokens,
    offsets: utf16Offsets(golden),
    decoded: golden.decoded,
  });
}

/**
 * What holds for every text and every byte-level tokenizer that has all bytes and doesn't normalize.
 *
 * @param bosIds how many ids stand in front.
 */
export function expectInvariants(tokenizer: TokenizerPort, text: string, bosIds: number): void {
  const clean = text.replace(/\p{Surrogate}/gu, '\ufffd');
  const { ids, tokens, offsets } = tokenizer.encode(text);
  const body = ids.slice(bosIds);
  expect(tokenizer.decode(body)).toBe(clean);
  const pieces = tokenizer.pieces(ids);
  expect(pieces.slice(bosIds).join('')).toBe(clean);
  expect(tokens).toEqual(ids.map((id) => tokenizer.tokenString(id)));
  expect(offsets.slice(0, bosIds)).toEqual(ids.slice(0, bosIds).map(() => [0, 0]));
  let reached = 0;
  // In order, without gaps, never inside a surrogate pair, around the token's own text.
  const wrong = offsets.slice(bosIds).filter(([start, end], i) => {
    const inOrder = start <= reached && end >= Math.max(reached, start + 1);
    reached = end;
    const whole = isBoundary(clean, start) && isBoundary(clean, end);
    return !(inOrder && whole && clean.slice(start, end).includes(pieces[i + bosIds] ?? ''));
  });
  expect(wrong).toEqual([]);
  expect(reached).toBe(text.length);
}

function isBoundary(text: string, at: number): boolean {
  return !/^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(Math.max(0, at - 1), at + 1)) || at === 0;
}
