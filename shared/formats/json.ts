/** JSON from outside, read with checks that name the place. */
import { FormatError } from '../errors.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws {FormatError} `place: not UTF-8` or `place: not JSON: …` */
export function parseJson(place: string, bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError(`${place}: not UTF-8 text: fetch it again`, { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FormatError(`${place}: not JSON (${why}): fetch it again`, { cause });
  }
}

/** @throws {FormatError} when the document isn't an object. */
export function parseJsonObject(place: string, bytes: Uint8Array): JsonObject {
  const value = parseJson(place, bytes);
  if (!isObject(value)) throw new FormatError(`${place}: expected a JSON object`);
  return value;
}

/** Typed fields of one JSON object, each with a default or none. */
export class Fields {
  /** For messages. */
  readonly place: string;
  readonly #object: JsonObject;

  constructor(place: string, object: JsonObject) {
    this.place = place;
    this.#object = object;
  }

  /** The first of several spellings that is there and not null. */
  #get(keys: readonly string[]): unknown {
    for (const key of keys) {
      if (Object.hasOwn(this.#object, key) && this.#object[key] !== null) return this.#object[key];
    }
    return undefined;
  }

  #fail(keys: readonly string[], expected: string, got: unknown): never {
    throw new FormatError(
      `${this.place}: ${keys.join(' or ')}: expected ${expected}, got ${got === undefined ? 'nothing' : JSON.stringify(got)}`,
    );
  }

  /** A whole number from 1 to max. */
  size(keys: readonly string[], max: number, fallback?: number): number {
    const value = this.#get(keys) ?? fallback;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > max) {
      return this.#fail(keys, `a whole number from 1 to ${max}`, value);
    }
    return value;
  }

  number(keys: readonly string[], fallback: number): number {
    const value = this.#get(keys) ?? fallback;
    if (typeof value !== 'number' || !Number.isFinite(value)) return this.#fail(keys, 'a number', value);
    return value;
  }

  /** A number from `low` to `high`. */
  between(keys: readonly string[], low: number, high: number, fallback: number): number {
    const value = this.number(keys, fallback);
    return value >= low && value <= high ? value : this.#fail(keys, `a number from ${low} to ${high}`, value);
  }

  flag(keys: readonly string[], fallback: boolean): boolean {
    const value = this.#get(keys) ?? fallback;
    if (typeof value !== 'boolean') return this.#fail(keys, 'true or false', value);
    return value;
  }

  text(keys: readonly string[], fallback?: string): string {
    const value = this.#get(keys) ?? fallback;
    if (typeof value !== 'string') return this.#fail(keys, 'a string', value);
    return value;
  }

  /** Whether a field is there and not null. */
  has(key: string): boolean {
    return this.#get([key]) !== undefined;
  }

  /** Whether a field is there, as null. */
  isNull(key: string): boolean {
    return Object.hasOwn(this.#object, key) && this.#object[key] === null;
  }

  /** A list, or undefined where there is none. */
  list(key: string): readonly unknown[] | undefined {
    const value = this.#get([key]);
    if (value === undefined || Array.isArray(value)) return value;
    return this.#fail([key], 'a list', value);
  }
}
