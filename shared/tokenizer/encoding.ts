/** What tokenizing gives, everywhere: at the edge, in the page and in Node. */
export interface Encoding {
  readonly ids: readonly number[];
  /** The vocabulary's own strings (`Ġthe`). */
  readonly tokens: readonly string[];
  /** [start, end) in UTF-16 code units of the text; special tokens put in front are [0, 0). */
  readonly offsets: readonly (readonly [number, number])[];
}

export interface EncodeOptions {
  /** `auto`: what the tokenizer's own post-processor does. */
  readonly bos?: 'auto' | boolean;
}

/** What the rest of the project knows of a tokenizer. */
export interface TokenizerPort {
  readonly vocabSize: number;
  readonly bosId: number | undefined;
  /** Whether the tokenizer's own post-processor puts `bos` in front. */
  readonly addsBos: boolean;
  readonly specialIds: ReadonlySet<number>;
  encode(text: string, options?: EncodeOptions): Encoding;
  /** Specials are kept: nothing is hidden. */
  decode(ids: readonly number[]): string;
  /** The vocabulary's own string of an id (`Ġthe`). @throws {InputError} when there is no such id. */
  tokenString(id: number): string;
  /** One token as display text (` the`); bytes that are no whole character show as U+FFFD. */
  text(id: number): string;
  /**
   * A sequence as display texts, one a token: bytes of a character split over tokens are joined, the whole
   * character stands with the first of them and the rest are empty, so that the pieces concatenate to the text.
   */
  pieces(ids: readonly number[]): string[];
}
