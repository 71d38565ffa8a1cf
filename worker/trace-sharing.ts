/** How long and how large traces are kept: the operator's variables, checked. */
import { LIMITS } from '../shared/limits.ts';
import type { TraceSharing } from './ports.ts';

/** Variables of the environment, as text. */
export interface TraceVariables {
  /** Days that a trace is kept: a number, 0 for ever. Default 90. */
  readonly TRACE_DAYS?: string | undefined;
  /** Bytes of a trace. Default 2 MiB, and no more. */
  readonly TRACE_BYTES?: string | undefined;
  /** Ids that are answered with 410, separated by white space or commas. */
  readonly BLOCKED_TRACES?: string | undefined;
  /** The server's own address, where requests don't tell it. */
  readonly PUBLIC_ORIGIN?: string | undefined;
}

export type TraceRules = Pick<TraceSharing, 'days' | 'bytes' | 'blocked' | 'origin'>;

const DEFAULT_DAYS = 90;

/** @throws {Error} that names the variable: a wrong one must stop the start, not change what is kept. */
export function traceRules(variables: TraceVariables): TraceRules {
  const blocked = (variables.BLOCKED_TRACES ?? '').split(/[\s,]+/).filter((id) => id !== '');
  const wrong = blocked.find((id) => !isTraceId(id));
  if (wrong !== undefined) {
    throw new Error(
      `BLOCKED_TRACES: expected ids of 64 lower-case hex digits, got ${JSON.stringify(wrong.slice(0, 80))}`,
    );
  }
  return {
    days: numberOf(variables, 'TRACE_DAYS', DEFAULT_DAYS, 36_500),
    bytes: Math.floor(numberOf(variables, 'TRACE_BYTES', LIMITS.traceBytes, LIMITS.traceBytes)),
    blocked: new Set(blocked),
    ...(variables.PUBLIC_ORIGIN ? { origin: originOf(variables.PUBLIC_ORIGIN) } : {}),
  };
}

/** 64 lower-case hex digits. */
export function isTraceId(id: string): boolean {
  return /^[0-9a-f]{64}$/.test(id);
}

function numberOf(
  variables: TraceVariables,
  name: 'TRACE_DAYS' | 'TRACE_BYTES',
  preset: number,
  max: number,
): number {
  const text = variables[name]?.trim() ?? '';
  if (text === '') return preset;
  const value = Number(text);
  if (!(value >= 0 && value <= max)) {
    throw new Error(`${name}: expected a number from 0 to ${max}, got ${JSON.stringify(text.slice(0, 80))}`);
  }
  return value;
}

function originOf(text: string): string {
  // An address that parses and is nothing but its origin.
  if (!/^https?:\/\/[^/?#@\s]+$/.test(text) || new URL(text).origin !== text) {
    throw new Error(`PUBLIC_ORIGIN: expected https://HOST, got ${JSON.stringify(text.slice(0, 80))}`);
  }
  return text;
}
