/** Random numbers and texts from a seed, so that a failing case can be run again. */

export interface Random {
  /** In [0, 1). */
  next(): number;
  /** A whole number in [0, below). */
  below(below: number): number;
  pick<T>(items: readonly T[]): T;
}

/** xorshift32; `seed` is any whole number but 0. */
export function seeded(seed: number): Random {
  let state = seed | 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    pick: <T>(items: readonly T[]): T => {
      const item = items[below(items.length)];
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
