/**
 * Reads JSON from outside field by field: what isn't as expected ends in a FormatError that names the place, what
 * was expected and what came, never in a TypeError further on.
 */
import { FormatError } from '../errors.ts';

export class JsonView {
  /** For messages: `fable-4m: tokenizer.json: model.vocab`. */
  readonly place: string;
  readonly value: unknown;
  readonly #joint: string;

  /** @param joint what stands between the place and the name of a field: `: ` after the name of a file. */
  constructor(place: string, value: unknown, joint = '.') {
    this.place = place;
    this.value = value;
    this.#joint = joint;
  }

  /** Nothing there, or null. */
  get absent(): boolean {
    return this.value === undefined || this.value === null;
  }

  /** A field of an object; missing fields are views of undefined. */
  field(name: string): JsonView {
    const object = this.object();
    const value = Object.hasOwn(object, name) ? object[name] : undefined;
    return new JsonView(`${this.place}${this.#joint}${name}`, value);
  }

  object(): Readonly<Record<string, unknown>> {
    if (!isRecord(this.value)) throw this.wrong('an object');
    return this.value;
  }

  items(): JsonView[] {
    const { value } = this;
    if (!Array.isArray(value)) throw this.wrong('an array');
    return value.map((item: unknown, index) => new JsonView(`${this.place}[${index}]`, item));
  }

  string(): string {
    if (typeof this.value !== 'string') throw this.wrong('a string');
    return this.value;
  }

  boolean(fallback: boolean): boolean {
    if (this.absent) return fallback;
    if (typeof this.value !== 'boolean') throw this.wrong('true or false');
    return this.value;
  }

  /** A whole number in [0, below). */
  index(below: number): number {
    const { value } = this;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value >= below) {
      throw this.wrong(`a whole number from 0 to ${below - 1}`);
    }
    return value;
  }

  wrong(expected: string): FormatError {
    return new FormatError(`${this.place}: expected ${expected}, got ${describe(this.value)}`);
  }
}

/** `Array.isArray` without its `any`. */
export function isArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isPlain(value: unknown): value is number | boolean {
  return typeof value === 'number' || typeof value === 'boolean';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value in a few words, never the whole of it. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (isRecord(value)) return 'an object';
  if (value === null) return 'null';
  const text = typeof value === 'string' ? JSON.stringify(value) : isPlain(value) ? `${value}` : typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
