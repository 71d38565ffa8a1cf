/** How long and how large traces are kept: the operator's variables, checked. */
import { InputError } from '../shared/errors.ts';
import { LIMITS } from '../shared/limits.ts';
import type { TraceSharing } from './ports.ts';
import { textOf, wholeNumber, type Variables } from './variables.ts';

export type TraceRules = Pick<TraceSharing, 'days' | 'bytes' | 'blocked' | 'origin'>;

/** All variables that {@link traceRules} reads. */
export const TRACE_VARIABLES = ['TRACE_DAYS', 'TRACE_BYTES', 'BLOCKED_TRACES', 'PUBLIC_ORIGIN'] as const;

/** Days that a trace is kept, where no variable says otherwise. */
const DAYS = 90;

/**
 * `TRACE_DAYS` (0 is for ever), `TRACE_BYTES` (2 MiB at most), `BLOCKED_TRACES` (ids, separated by white space or commas),
 * `PUBLIC_ORIGIN` (`https://HOST`, behind a proxy that hides it).
 *
 * @throws {InputError} that names the variable: a wrong one must stop the start, not change what is kept.
 */
export function traceRules(variables: Variables): TraceRules {
  const origin = textOf(variables, 'PUBLIC_ORIGIN');
  return {
    days: wholeNumber(variables, 'TRACE_DAYS', DAYS),
    bytes: Math.min(wholeNumber(variables, 'TRACE_BYTES', LIMITS.traceBytes), LIMITS.traceBytes),
    blocked: blockedIds(textOf(variables, 'BLOCKED_TRACES') ?? ''),
    ...(origin === undefined ? {} : { origin: checkedOrigin(origin) }),
  };
}

/** 64 lower-case hex digits. */
export function isTraceId(id: string): boolean {
  return /^[0-9a-f]{64}$/.test(id);
}

function blockedIds(list: string): ReadonlySet<string> {
  const ids = list.split(/[\s,]+/).filter((id) => id !== '');
  const wrong = ids.find((id) => !isTraceId(id));
  if (wrong === undefined) return new Set(ids);
  throw new InputError(
    `BLOCKED_TRACES: expected ids of 64 lower-case hex digits, got ${JSON.stringify(wrong.slice(0, 80))}`,
  );
}

/** An address that parses and is nothing but its origin. */
function checkedOrigin(text: string): string {
  if (/^https?:\/\/[^/?#@\s]+$/.test(text) && new URL(text).origin === text) return text;
  throw new InputError(`PUBLIC_ORIGIN: expected https://HOST, got ${JSON.stringify(text.slice(0, 80))}`);
}
