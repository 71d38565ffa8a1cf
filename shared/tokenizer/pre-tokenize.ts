/**
 * Pre-tokenizers of a tokenizer.json: where a text is cut before the merges. Ranges are in UTF-16 code units of the
 * (normalized) text, so that nothing has to be searched for afterwards.
 */
import type { AlignedText } from './aligned-text.ts';

export const SPLIT_BEHAVIORS = [
  'removed',
  'isolated',
  'mergedwithprevious',
  'mergedwithnext',
  'contiguous',
] as const;
export type SplitBehavior = (typeof SPLIT_BEHAVIORS)[number];

export interface SplitStep {
  /** With the flags `g` and `u`. */
  readonly pattern: RegExp;
  readonly behavior: SplitBehavior;
  /** Swap what matches and what lies between. */
  readonly invert: boolean;
}

/** [from, to) in code units. */
export type Range = readonly [number, number];

/** GPT-2's pattern, in the syntax of the Rust tokenizers (there \s is White_Space, which JavaScript's isn't quite). */
export const GPT2_PATTERN =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/** Cuts the whole of `text` by every step in turn. */
export function splitText({ text }: AlignedText, steps: readonly SplitStep[]): Range[] {
  return steps.reduce<Range[]>(
    (ranges, step) =>
      ranges.flatMap(([from, to]) =>
        splitOnce(text.slice(from, to), step).map(([start, end]): Range => [from + start, from + end]),
      ),
    [[0, text.length]],
  );
}

interface Part {
  readonly from: number;
  readonly to: number;
  readonly matched: boolean;
}

/** One pattern over one text, as the Rust tokenizers' `Split` does it. Empty parts are left out. */
export function splitOnce(text: string, { pattern, behavior, invert }: SplitStep): Range[] {
  const parts: Part[] = [];
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    const to = match.index + match[0].length;
    if (at < match.index) parts.push({ from: at, to: match.index, matched: invert });
    parts.push({ from: match.index, to, matched: !invert });
    at = to;
  }
  if (at < text.length) parts.push({ from: at, to: text.length, matched: invert });
  return join(parts, behavior).filter(([from, to]) => from < to);
}

function join(parts: readonly Part[], behavior: SplitBehavior): Range[] {
  const kept = behavior === 'removed' ? parts.filter((part) => !part.matched) : parts;
  const ranges: [number, number][] = [];
  let last: Part | undefined;
  for (const part of kept) {
    const range = ranges.at(-1);
    if (range && last && joins(last, part, behavior)) range[1] = part.to;
    else ranges.push([part.from, part.to]);
    last = part;
  }
  return ranges;
}

/** Whether `part` belongs to the range that `last` closes. */
function joins(last: Part, part: Part, behavior: SplitBehavior): boolean {
  switch (behavior) {
    case 'removed':
    case 'isolated':
      return false;
    case 'contiguous':
      return last.matched === part.matched;
    case 'mergedwithprevious':
      return part.matched && !last.matched;
    case 'mergedwithnext':
      return last.matched && !part.matched;
  }
}
