/**
 * A text that remembers, for each of its UTF-16 code units, which code units of the reader's own text it came from,
 * through normalization, so that token offsets always point into what the reader typed.
 */
export class AlignedText {
  readonly text: string;
  /** For each code unit: where its source begins in the reader's text. Never decreases. */
  readonly starts: readonly number[];
  /** For each code unit: where its source ends. Never decreases. */
  readonly ends: readonly number[];

  private constructor(text: string, starts: readonly number[], ends: readonly number[]) {
    this.text = text;
    this.starts = starts;
    this.ends = ends;
  }

  /** `source[from, to)` as it stands. A surrogate pair is one character: both halves come from all of it. */
  static of(source: string, from: number, to: number): AlignedText {
    const builder = new AlignedBuilder();
    for (const char of source.slice(from, to)) {
      builder.push(char, from, from + char.length);
      from += char.length;
    }
    return builder.done();
  }

  /** Made by {@link AlignedBuilder}, whose arrays have the text's length. */
  static fromParts(text: string, starts: readonly number[], ends: readonly number[]): AlignedText {
    return new AlignedText(text, starts, ends);
  }

  /** Source of code units [from, to); an empty range is a point. */
  source(from: number, to: number): readonly [number, number] {
    const start = this.starts[from] ?? this.ends.at(-1) ?? 0;
    return [start, to > from ? Math.max(start, this.ends[to - 1] ?? start) : start];
  }

  slice(from: number, to: number): AlignedText {
    return new AlignedText(this.text.slice(from, to), this.starts.slice(from, to), this.ends.slice(from, to));
  }
}

/** Puts an {@link AlignedText} together from pieces, each with its source. */
export class AlignedBuilder {
  readonly #pieces: string[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  /** `piece` came from [start, end) of the reader's text, as a whole. */
  push(piece: string, start: number, end: number): void {
    this.#pieces.push(piece);
    for (let i = 0; i < piece.length; i++) {
      this.#starts.push(start);
      this.#ends.push(end);
    }
  }

  /** Code units [from, to) of another aligned text, as they are. */
  copy(other: AlignedText, from: number, to: number): void {
    this.#pieces.push(other.text.slice(from, to));
    for (let i = from; i < to; i++) {
      const [start, end] = other.source(i, i + 1);
      this.#starts.push(start);
      this.#ends.push(end);
    }
  }

  done(): AlignedText {
    return AlignedText.fromParts(this.#pieces.join(''), this.#starts, this.#ends);
  }
}
