/**
 * Hand-written checks of JSON from outside. A schema library would cost the widget more than its whole reader:
 * most of a trace is numbers inside base64, which no schema sees.
 *
 * A place is `FORMAT: path`; every failure is a {@link FormatError} `place: expected …, got …`.
 */
import { FormatError } from '../errors.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Throws `place: expected …, got …`. */
export function refuse(place: string, expected: string, got: unknown): never {
  throw new FormatError(`${place}: expected ${expected}, got ${show(got)}`);
}

/** The place of a member: `trace: lens.rows[3]`. */
export function at(place: string, key: string | number): string {
  if (typeof key === 'number') return `${place}[${key}]`;
  return place.includes(': ') ? `${place}.${key}` : `${place}: ${key}`;
}

export function objectAt(value: unknown, place: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(place, 'an object', value);
  return value as JsonObject;
}

export function arrayAt(value: unknown, place: string, min: number, max: number): readonly unknown[] {
  if (!Array.isArray(value)) refuse(place, 'an array', value);
  if (value.length < min || value.length > max) {
    refuse(place, `${min === max ? min : `${min} to ${max}`} entries`, value.length);
  }
  return value as readonly unknown[];
}

export function stringAt(value: unknown, place: string, max: number): string {
  if (typeof value !== 'string') refuse(place, 'a string', value);
  if (value.length > max) refuse(place, `at most ${max} UTF-16 code units`, value.length);
  return value;
}

export function integerAt(value: unknown, place: string, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    refuse(place, `an integer from ${min} to ${max}`, value);
  }
  return value;
}

export function numberAt(value: unknown, place: string, min = -Infinity, max = Infinity): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < min || value > max) {
    const range = min === -Infinity ? '' : ` from ${min} to ${max}`;
    refuse(place, `a finite number${range}`, value);
  }
  return value;
}

export function booleanAt(value: unknown, place: string): boolean {
  if (typeof value !== 'boolean') refuse(place, 'true or false', value);
  return value;
}

export function oneOf<T extends string>(value: unknown, place: string, known: readonly T[]): T {
  const found = known.find((k) => k === value);
  if (found === undefined) refuse(place, known.map((k) => `"${k}"`).join(' or '), value);
  return found;
}

/** 64 lower-case hex digits. */
export function sha256At(value: unknown, place: string): string {
  if (typeof value !== 'string' || !/^[0-9a-f]{64}$/.test(value)) {
    refuse(place, 'a SHA-256 in 64 lower-case hex digits', value);
  }
  return value;
}

const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Refuses what no reader should have to think of: values JSON doesn't have, numbers that overflowed, lone
 * surrogates (they have no UTF-8), names that reach an object's prototype, endless nesting.
 */
export function assertPlainJson(value: unknown, place: string, depth: number): void {
  switch (typeof value) {
    case 'string':
      if (/\p{Cs}/u.test(value)) refuse(place, 'well-formed Unicode', 'a lone surrogate');
      return;
    case 'number':
      if (!Number.isFinite(value)) refuse(place, 'a finite number', value);
      return;
    case 'boolean':
      return;
    case 'object':
      break;
    default:
      refuse(place, 'JSON', typeof value);
  }
  if (value === null) return;
  if (depth <= 0) refuse(place, 'less nesting', 'one level more than allowed');
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) assertPlainJson(value[i], at(place, i), depth - 1);
    return;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) refuse(place, 'a plain object', 'something else');
  for (const [key, member] of Object.entries(value)) {
    if (FORBIDDEN.has(key)) refuse(place, 'no member of that name', key);
    if (/\p{Cs}/u.test(key)) refuse(place, 'well-formed Unicode', 'a lone surrogate in a name');
    assertPlainJson(member, at(place, key), depth - 1);
  }
}

/** A value in a message: short, on one line, never the whole of what came. */
function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'string') return JSON.stringify(value.length > 48 ? `${value.slice(0, 47)}…` : value);
  return typeof value === 'number' || typeof value === 'boolean' || value === null
    ? `${value}`
    : typeof value;
}
