/** A token for a screen reader: its own text where that can be read out, else names and marks. */
import { visibleText } from './visible.ts';

/** Names of characters that a screen reader would pass over. */
const SPOKEN: Readonly<Record<string, string>> = {
  ' ': 'space',
  '\n': 'line end',
  '\t': 'tab',
  '\r': 'return',
};

/** In quotation marks: `“Paris”`, `“space space”`, `“nothing”`. Plain text. */
export function spokenText(text: string): string {
  const trimmed = text.trim();
  if (trimmed !== '') return `“${visibleText(trimmed)}”`;
  return `“${Array.from(text, (c) => SPOKEN[c] ?? visibleText(c)).join(' ') || 'nothing'}”`;
}
