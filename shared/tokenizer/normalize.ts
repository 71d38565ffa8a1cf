/**
 * Normalizers of a tokenizer.json, done so that every character keeps its place in the reader's text. The
 * library's own normalizers give a string only.
 */
import { AlignedBuilder, type AlignedText } from './aligned-text.ts';

export const UNICODE_FORMS = ['NFC', 'NFD', 'NFKC', 'NFKD'] as const;
export type UnicodeForm = (typeof UNICODE_FORMS)[number];

export type NormalizerStep =
  | { readonly type: 'unicode'; readonly form: UnicodeForm }
  | { readonly type: 'lowercase' }
  | { readonly type: 'replace'; readonly pattern: RegExp; readonly content: string }
  | { readonly type: 'prepend'; readonly content: string }
  | { readonly type: 'strip'; readonly left: boolean; readonly right: boolean };

/** All steps, in order. */
export function normalize(text: AlignedText, steps: readonly NormalizerStep[]): AlignedText {
  return steps.reduce(applyStep, text);
}

function applyStep(input: AlignedText, step: NormalizerStep): AlignedText {
  switch (step.type) {
    case 'unicode':
      return composed(input, step.form);
    case 'lowercase':
      return byCharacters(input, /[\s\S]/gu, (char) => char.toLowerCase());
    case 'replace':
      return replaced(input, step.pattern, step.content);
    case 'prepend':
      return prepended(input, step.content);
    case 'strip':
      return stripped(input, step.left, step.right);
  }
}

/** A character with the marks and the Hangul vowels and finals that may compose with it. */
const CLUSTER = /[\s\S][\p{M}\u1160-\u11ff]*/gu;

/** A cluster that changes comes from the whole of what it was: é written as e + accent is [0, 2). */
function composed(input: AlignedText, form: UnicodeForm): AlignedText {
  const whole = input.text.normalize(form);
  if (whole === input.text) return input;
  const clusters = byCharacters(input, CLUSTER, (cluster) => cluster.normalize(form));
  if (clusters.text === whole) return clusters;
  // Something composes across clusters: right text, coarse places.
  const builder = new AlignedBuilder();
  builder.push(whole, ...input.source(0, input.text.length));
  return builder.done();
}

function byCharacters(input: AlignedText, pattern: RegExp, change: (char: string) => string): AlignedText {
  const builder = new AlignedBuilder();
  for (const match of input.text.matchAll(pattern)) {
    const [before] = match;
    const from = match.index;
    const to = from + before.length;
    const after = change(before);
    if (after === before) builder.copy(input, from, to);
    else builder.push(after, ...input.source(from, to));
  }
  return builder.done();
}

function replaced(input: AlignedText, pattern: RegExp, content: string): AlignedText {
  const builder = new AlignedBuilder();
  let at = 0;
  for (const match of input.text.matchAll(pattern)) {
    const from = match.index;
    const to = from + match[0].length;
    builder.copy(input, at, from);
    builder.push(content, ...input.source(from, to));
    at = to;
  }
  builder.copy(input, at, input.text.length);
  return builder.done();
}

/** What is put in front takes the place of the first character (as in Rust). Nothing is put before nothing. */
export function prepended(input: AlignedText, content: string): AlignedText {
  if (input.text === '') return input;
  const builder = new AlignedBuilder();
  builder.push(content, ...input.source(0, 1));
  builder.copy(input, 0, input.text.length);
  return builder.done();
}

function stripped(input: AlignedText, left: boolean, right: boolean): AlignedText {
  const { text } = input;
  const from = left ? (/^\p{White_Space}*/u.exec(text)?.[0].length ?? 0) : 0;
  let to = text.length;
  while (right && to > from && /\p{White_Space}/u.test(text.charAt(to - 1))) to--;
  return input.slice(from, to);
}
