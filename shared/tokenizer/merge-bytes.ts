/** Byte-level BPE (GPT-2, Llama 3, Qwen, SmolLM2): each character of a vocabulary string stands for a byte. */
import type { AlignedText } from './aligned-text.ts';
import { pushByteChars } from './byte-level.ts';
import { MergeModel, type Merger, type PushToken } from './merger.ts';
import { prepended } from './normalize.ts';
import { splitText, type Range } from './pre-tokenize.ts';
import type { TokenizerSpec } from './spec.ts';

export class ByteMerger implements Merger {
  readonly #spec: TokenizerSpec;
  readonly #model: MergeModel;

  constructor(spec: TokenizerSpec, name: string) {
    this.#spec = spec;
    this.#model = new MergeModel(spec, name);
  }

  encode(section: AlignedText, push: PushToken): void {
    const text = this.#spec.prefixSpace && !section.text.startsWith(' ') ? prepended(section, ' ') : section;
    for (const range of splitText(text, this.#spec.splits)) this.#encodePiece(text, range, push);
  }

  /**
   * A byte without a token is left out and its neighbours may merge; with an unknown token it becomes that, and cuts
   * (so do the Rust tokenizers).
   */
  #encodePiece(text: AlignedText, [from, to]: Range, push: PushToken): void {
    const { unkToken, fuseUnk } = this.#spec;
    let chars: string[] = [];
    let places: Range[] = [];
    let unknown: Range | undefined;
    const flushUnknown = (): void => {
      if (unknown && unkToken !== undefined) push(this.#model.idOf(unkToken), unkToken, unknown);
      unknown = undefined;
    };
    for (let at = from; at < to;) {
      const codePoint = text.text.codePointAt(at) ?? 0;
      const place = text.source(at, codePoint > 0xffff ? at + 2 : at + 1);
      at += codePoint > 0xffff ? 2 : 1;
      const bytes: string[] = [];
      pushByteChars(bytes, codePoint);
      for (const byte of bytes) {
        if (this.#model.has(byte)) {
          flushUnknown();
          chars.push(byte);
          places.push(place);
        } else if (unkToken !== undefined) {
          this.#merge(chars.join(''), places, push);
          chars = [];
          places = [];
          if (!fuseUnk) flushUnknown();
          unknown = [unknown?.[0] ?? place[0], place[1]];
        }
      }
    }
    this.#merge(chars.join(''), places, push);
    flushUnknown();
  }

  /** `places` has one entry a byte, and a token is as many bytes as it has characters. */
  #merge(chars: string, places: readonly Range[], push: PushToken): void {
    if (chars === '') return;
    let at = 0;
    for (const token of this.#model.tokens(chars)) {
      const start = places[at]?.[0] ?? 0;
      at += token.length;
      push(this.#model.idOf(token), token, [start, Math.max(start, places[at - 1]?.[1] ?? start)]);
    }
  }
}
