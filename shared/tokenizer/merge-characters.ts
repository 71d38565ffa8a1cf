/**
 * BPE over characters with bytes to fall back to (Llama 2, Gemma): spaces are written as a mark, and a character that
 * the vocabulary lacks comes out as one `<0xE2>` a byte.
 */
import { AlignedBuilder, type AlignedText } from './aligned-text.ts';
import { utf8 } from './byte-level.ts';
import { MergeModel, type Merger, type PushToken } from './merger.ts';
import { splitText, type Range } from './pre-tokenize.ts';
import { byteToken, type Metaspace } from './spec-steps.ts';
import type { TokenizerSpec } from './spec.ts';

export class CharacterMerger implements Merger {
  readonly #spec: TokenizerSpec;
  readonly #model: MergeModel;

  constructor(spec: TokenizerSpec, name: string) {
    this.#spec = spec;
    this.#model = new MergeModel(spec, name);
  }

  encode(section: AlignedText, push: PushToken): void {
    const { metaspace, splits } = this.#spec;
    const text = metaspace ? markSpaces(section, metaspace) : section;
    for (const range of splitText(text, splits)) {
      const pieces = metaspace?.split ? beforeMarks(text.text, range, metaspace.replacement) : [range];
      for (const piece of pieces) this.#encodePiece(text, piece, push);
    }
  }

  #encodePiece(text: AlignedText, [from, to]: Range, push: PushToken): void {
    let at = from;
    let bytesLeft = 0;
    for (const token of this.#model.tokens(text.text.slice(from, to))) {
      const char = String.fromCodePoint(text.text.codePointAt(at) ?? 0);
      if (bytesLeft === 0 && !this.#model.has(char)) bytesLeft = bytesOf(char, token);
      const width = bytesLeft > 0 ? char.length : token.length;
      push(this.#model.idOf(token), token, text.source(at, at + width));
      if (bytesLeft > 0) bytesLeft--;
      if (bytesLeft === 0) at += width;
    }
  }
}

/** How many byte tokens stand for `char`, if `token` is the first of them; 0 if it is an ordinary token. */
function bytesOf(char: string, token: string): number {
  const bytes = utf8(char);
  return token === byteToken(bytes[0] ?? 0) ? bytes.length : 0;
}

function markSpaces(section: AlignedText, { replacement, prepend }: Metaspace): AlignedText {
  const builder = new AlignedBuilder();
  const [start] = section.source(0, 0);
  const marked = section.text.startsWith(' ') || section.text.startsWith(replacement);
  if (!marked && (prepend === 'always' || (prepend === 'first' && start === 0))) {
    builder.push(replacement, ...section.source(0, 1));
  }
  for (let i = 0; i < section.text.length; i++) {
    if (section.text.charAt(i) === ' ') builder.push(replacement, ...section.source(i, i + 1));
    else builder.copy(section, i, i + 1);
  }
  return builder.done();
}

function beforeMarks(text: string, [from, to]: Range, mark: string): Range[] {
  const ranges: Range[] = [];
  let start = from;
  let at = text.indexOf(mark, from + 1);
  while (at >= 0 && at < to) {
    ranges.push([start, at]);
    start = at;
    at = text.indexOf(mark, at + 1);
  }
  ranges.push([start, to]);
  return ranges;
}
