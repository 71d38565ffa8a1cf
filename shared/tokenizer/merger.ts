/** The part of encoding between the cuts: a stretch of text into tokens, by the library's merges. */
import { BPE } from '@huggingface/tokenizers';
import { FormatError } from '../errors.ts';
import type { AlignedText } from './aligned-text.ts';
import { describe } from './json-view.ts';
import type { TokenizerSpec } from './spec.ts';

/** Takes the next token; offsets are in the reader's text. */
export type PushToken = (id: number, token: string, offsets: readonly [number, number]) => void;

export interface Merger {
  /** `text` is normalized and holds no added token. */
  encode(text: AlignedText, push: PushToken): void;
}

/** The library's merges for a vocabulary. They take time n log n in the length of a piece (a heap of pairs). */
export class MergeModel {
  readonly #name: string;
  readonly #vocab: ReadonlyMap<string, number>;
  readonly #bpe: BPE;

  constructor(spec: TokenizerSpec, name: string) {
    this.#name = name;
    this.#vocab = spec.vocab;
    this.#bpe = new BPE({
      type: 'BPE',
      vocab: Object.fromEntries(spec.vocab),
      merges: spec.merges,
      ignore_merges: spec.ignoreMerges,
      byte_fallback: spec.kind === 'byte-fallback',
    });
  }

  tokens(piece: string): string[] {
    return this.#bpe.encode([piece]);
  }

  has(token: string): boolean {
    return this.#vocab.has(token);
  }

  idOf(token: string): number {
    const id = this.#vocab.get(token);
    if (id === undefined) {
      throw new FormatError(`${this.#name}: tokenizer.json: ${describe(token)} is not in the vocabulary`);
    }
    return id;
  }
}
