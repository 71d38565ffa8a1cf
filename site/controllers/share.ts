/** Stored traces: to put one on the server, to delete it again, and what this device remembers of those it stored. */
import { ResidscopeError } from '../../shared/errors.ts';
import type { Trace } from '../../shared/trace/format.ts';
import { Api, ApiError } from './api.ts';

/** What this browser keeps of a trace that it stored. */
export interface SharedTrace {
  readonly id: string;
  readonly url: string;
  readonly label: string;
  /** ISO 8601; missing: kept until it is deleted. */
  readonly expiresAt?: string;
  /** Whoever has it may delete the trace; missing where somebody else stored the same one before. */
  readonly deleteToken?: string;
}

const KEPT = 'residscope.shared';
const MOST = 50;

/** Whether this page's server has the API at all; a static host answers with a page or nothing. */
export function hasApi(): Promise<boolean> {
  return new Api().isThere();
}

/** The JSON that others get: without the device and the times, which are nobody's business. */
export function publicJson(trace: Trace): string {
  return JSON.stringify({ ...trace, device: undefined, timings: undefined });
}

/** @throws {ResidscopeError} in the server's own words, and when to try again. */
export async function storeTrace(trace: Trace, label: string): Promise<SharedTrace> {
  const { id, url, expiresAt, deleteToken } = await told(new Api().storeTrace(publicJson(trace)));
  const known = sharedTraces().find((one) => one.id === id);
  const stored: SharedTrace = {
    id,
    url,
    label,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(deleteToken === undefined ? {} : { deleteToken }),
    ...(known?.deleteToken === undefined ? {} : known),
  };
  keep([stored, ...sharedTraces().filter((one) => one.id !== id)]);
  return stored;
}

/** What is no longer there counts as deleted. @throws as {@link storeTrace}. */
export async function deleteTrace({ id, deleteToken }: SharedTrace): Promise<void> {
  const gone = (error: unknown): void => {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
  };
  await told(new Api().deleteTrace(id, deleteToken ?? '').catch(gone));
  keep(sharedTraces().filter((one) => one.id !== id));
}

/** Latest first. */
export function sharedTraces(): readonly SharedTrace[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT) ?? '[]');
    return Array.isArray(kept) ? kept.filter(isShared) : [];
  } catch {
    return [];
  }
}

function isShared(value: unknown): value is SharedTrace {
  const { id, url, label } = (value ?? {}) as Record<string, unknown>;
  return typeof id === 'string' && typeof url === 'string' && typeof label === 'string';
}

function keep(list: readonly SharedTrace[]): void {
  try {
    localStorage.setItem(KEPT, JSON.stringify(list.slice(0, MOST)));
  } catch {
    // Storage is off or full: the dialog shows the token for as long as it is open.
  }
}

/** A refusal that ends by itself says when. */
async function told<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ApiError) || error.retryAfter === undefined) throw error;
    throw new ResidscopeError(error.kind, `${error.message} Try again in ${error.retryAfter} s.`, {
      cause: error,
    });
  }
}
