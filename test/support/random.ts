/** Random numbers and texts from a seed, so that a failing case can be run again. */
import { type Random as Drawn, seeded as drawn } from '../../shared/random.ts';

export interface Random extends Drawn {
  pick<T>(items: readonly T[]): T;
}

/** The project's own generator, with a choice among things. */
export function seeded(seed: number): Random {
  const random = drawn(seed);
  return {
    ...random,
    pick: <T>(items: readonly T[]): T => {
      const item = items[random.below(items.length)];
      if (item === undefined) throw new Error('pick: expected at least one item');
      return item;
    },
  };
}

const SNIPPETS = [
  ' ', '  ', '\n', '\r\n', '\t', '\0', '\ufeff', '\u0085', '\u00a0', '\u200d', '\ufe0f', '\ufffd', '\u0301',
  'the', ' The', 'ing', "'s", "n't", '...', '!?', '12345', '٣', 'é', 'e\u0301', '日本', '한글', '\u1112\u1161\u11ab', 'ﬁ', 'İ',
  'Σ', '▁', 'Ġ', '👩‍👩‍👧‍👦', '🏳️‍🌈', '🧑🏽‍🚀', '𝒳', '\u{10ffff}', '<|endoftext|>', '<|endof', '<0x41>',
]; // prettier-ignore

/** A text of up to `length` pieces: words, spaces, controls, emoji, any code point and, if asked for, lone surrogates. */
export function randomText(random: Random, length: number, loneSurrogates: boolean): string {
  const pieces = Array.from({ length: random.below(length + 1) }, () => {
    const kind = random.below(10);
    if (kind < 5) return random.pick(SNIPPETS);
    if (kind < 7) return String.fromCharCode(0x20 + random.below(0x5f));
    if (kind < 9 || !loneSurrogates) return String.fromCodePoint(scalar(random.below(0x110000 - 0x800)));
    return String.fromCharCode(0xd800 + random.below(0x800));
  });
  return pieces.join('');
}

/** The nth code point that is no surrogate. */
function scalar(n: number): number {
  return n < 0xd800 ? n : n + 0x800;
}
