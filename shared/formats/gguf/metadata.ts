/** GGUF's metadata, read key by key with checks that name the file and the key. */
import { FormatError } from '../../errors.ts';
import type { GgufValue, NumberArray } from './header.ts';

function describe(value: GgufValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'object') return `an array of ${value.length}`;
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function isNumbers(value: GgufValue | undefined): value is NumberArray {
  return typeof value === 'object' && ArrayBuffer.isView(value);
}

function isStrings(value: GgufValue | undefined): value is readonly string[] {
  return Array.isArray(value);
}

export class Metadata {
  /** For messages: the file. */
  readonly place: string;
  /** `general.architecture`, which is also the prefix of the model's own keys. */
  readonly architecture: string;
  readonly #values: ReadonlyMap<string, GgufValue>;

  constructor(place: string, values: ReadonlyMap<string, GgufValue>) {
    this.place = place;
    this.#values = values;
    this.architecture = this.text('general.architecture');
  }

  /** The full name of a key of the model: `attention.head_count` is `llama.attention.head_count`. */
  own(key: string): string {
    return `${this.architecture}.${key}`;
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  #wrong(key: string, expected: string): FormatError {
    return new FormatError(
      `${this.place}: ${key}: expected ${expected}, got ${describe(this.#values.get(key))}`,
    );
  }

  /** A whole number from `least` on. Where a file gives one a layer, they must all be the same. */
  size(key: string, fallback?: number, least = 1): number {
    let value = this.#values.get(key) ?? fallback;
    if (isNumbers(value)) {
      const [first] = value;
      if (!value.every((each) => each === first)) throw this.#wrong(key, 'the same number for every layer');
      value = first;
    }
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least) {
      throw this.#wrong(key, `a whole number from ${least} on`);
    }
    return value;
  }

  /** Undefined where the key isn't there. */
  optionalSize(key: string, least = 0): number | undefined {
    return this.has(key) ? this.size(key, undefined, least) : undefined;
  }

  number(key: string, fallback?: number): number {
    const value = this.#values.get(key) ?? fallback;
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.#wrong(key, 'a number');
    return value;
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.#values.get(key) ?? fallback;
    if (typeof value !== 'boolean') throw this.#wrong(key, 'true or false');
    return value;
  }

  text(key: string, fallback?: string): string {
    const value = this.#values.get(key) ?? fallback;
    if (typeof value !== 'string') throw this.#wrong(key, 'a string');
    return value;
  }

  strings(key: string): readonly string[] {
    const value = this.#values.get(key);
    if (!isStrings(value)) throw this.#wrong(key, 'an array of strings');
    return value;
  }

  numbers(key: string, length: number): NumberArray {
    const value = this.#values.get(key);
    if (!isNumbers(value) || value.length !== length) throw this.#wrong(key, `an array of ${length} numbers`);
    return value;
  }

  /** A number, or one for each layer. */
  numberOrArray(key: string): number | NumberArray | undefined {
    const value = this.#values.get(key);
    if (value === undefined || typeof value === 'number' || isNumbers(value)) return value;
    throw this.#wrong(key, 'a number, or an array of numbers');
  }
}
