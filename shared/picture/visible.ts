/**
 * Token text as something that can be seen: spaces, line ends, tabs, control and invisible characters get a mark,
 * so that no cell of a table looks empty and nothing can turn the text around it (bidirectional controls).
 */

/** What a token of no text shows, as the later bytes of a character that was split over tokens have. */
export const EMPTY_MARK = '∅';

const MARKS: Readonly<Record<string, string>> = {
  ' ': '·',
  '\n': '↵',
  '\r': '␍',
  '\t': '⇥',
  '\u00a0': '⍽',
  '\u007f': '␡',
};

/** C0 and C1 controls, spaces of every kind, line separators, format characters; not U+200D, which joins emoji. */
const INVISIBLE = /[\p{Cc}\p{Zs}\p{Zl}\p{Zp}]|(?!\u200d)\p{Cf}/gu;

/** Joiners and selectors that only show together with another character. */
const ONLY_JOINERS = /^(?:\u200d|\p{Variation_Selector})+$/u;

const LONE_SURROGATE = /\p{Cs}/gu;

const ONLY_SPACES = /^ +$/;

/**
 * One token's text with every invisible character marked: ` the` is `·the`, a line end `↵`, a tab `⇥`, a token
 * that is nothing but spaces `␣`, one without text `∅`, other invisible characters their number, `⟨200B⟩`.
 *
 * The result is plain text for display: escape it for the place where it goes. It can't be turned back.
 *
 * @param text as {@link TokenizerPort.text} gives it; a lone surrogate shows as U+FFFD.
 */
export function visibleText(text: string): string {
  if (text === '') return EMPTY_MARK;
  if (ONLY_SPACES.test(text)) return text.length <= 4 ? '␣'.repeat(text.length) : `␣×${text.length}`;
  const whole = text.replace(LONE_SURROGATE, '\ufffd');
  if (ONLY_JOINERS.test(whole)) return Array.from(whole, codeMark).join('');
  const marked = whole.replace(INVISIBLE, (c) => MARKS[c] ?? controlMark(c));
  return /^\p{M}/u.test(marked) ? `◌${marked}` : marked;
}

/**
 * Running text for reading: spaces, tabs and line ends stay as they are, all else that is invisible or turns the
 * text around it is marked as in {@link visibleText}.
 */
export function readableText(text: string): string {
  return text
    .replace(LONE_SURROGATE, '\ufffd')
    .replace(INVISIBLE, (c) => (' \n\t'.includes(c) ? c : (MARKS[c] ?? controlMark(c))));
}

function controlMark(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x20 ? String.fromCodePoint(0x2400 + code) : codeMark(character);
}

function codeMark(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
  return `⟨${hex.padStart(4, '0')}⟩`;
}
