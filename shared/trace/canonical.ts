/**
 * The canonical form of a trace and its id. RFC 8785 defines its numbers and strings as what `JSON.stringify`
 * writes, so all that is left to do here is to sort the names; a library would be larger than the thing.
 */
import { FormatError } from '../errors.ts';
import { sha256 } from '../sha256.ts';
import type { Trace } from './format.ts';

/** Members of a trace that say where and how fast it was made, not what was found. */
const LEFT_OUT = new Set(['device', 'timings']);

/**
 * A JSON value in RFC 8785's form: no white space, names sorted by UTF-16 code units.
 *
 * @throws {FormatError} for what JSON doesn't have, and for lone surrogates, which have no UTF-8.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  switch (typeof value) {
    case 'object': {
      if (value === null) return 'null';
      const members = Object.entries(value)
        .filter(([, member]) => member !== undefined)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, member]) => `${canonicalJson(name)}:${canonicalJson(member)}`);
      return `{${members.join(',')}}`;
    }
    case 'string':
      if (/\p{Cs}/u.test(value))
        throw new FormatError('canonical JSON: expected Unicode, got a lone surrogate');
      return JSON.stringify(value);
    case 'number':
      if (!Number.isFinite(value))
        throw new FormatError(`canonical JSON: expected a finite number, got ${value}`);
      return JSON.stringify(value);
    case 'boolean':
      return String(value);
    default:
      throw new FormatError(`canonical JSON: expected JSON, got ${typeof value}`);
  }
}

/** What a trace's id is made of: everything but device and timings. Unknown members are part of it. */
export function canonicalTrace(trace: Trace): string {
  return canonicalJson(Object.fromEntries(Object.entries(trace).filter(([name]) => !LEFT_OUT.has(name))));
}

/** SHA-256 of the canonical form in UTF-8, 64 lower-case hex digits. The trace must be a valid one. */
export async function traceId(trace: Trace): Promise<string> {
  return sha256(canonicalTrace(trace));
}
