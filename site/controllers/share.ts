/** Stored traces: to put one on the server, to delete it again, and what this device remembers of those it stored. */
import { messageOf, NetworkError, ResidscopeError } from '../../shared/errors.ts';
import { TRACE_MEDIA_TYPE, type Trace } from '../../shared/trace/format.ts';

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
export async function hasApi(): Promise<boolean> {
  try {
    const answer = await fetch('/healthz', { headers: { accept: 'application/json' } });
    return answer.ok && ((await answer.json()) as { readonly status?: unknown }).status === 'ok';
  } catch {
    return false;
  }
}

/** @throws {ResidscopeError} in the server's own words. */
export async function storeTrace(trace: Trace, label: string): Promise<SharedTrace> {
  // Neither is part of what is stored: the device is nobody's business.
  const rest = { ...trace, device: undefined, timings: undefined };
  const packed = new Blob([JSON.stringify(rest)]).stream().pipeThrough(new CompressionStream('gzip'));
  const answer = await ask('/v1/traces', {
    method: 'POST',
    headers: { 'content-type': TRACE_MEDIA_TYPE, 'content-encoding': 'gzip' },
    body: await new Response(packed).blob(),
  });
  const { id, url, expiresAt, deleteToken } = (await answer.json()) as SharedTrace;
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

/** @throws {ResidscopeError} in the server's own words. */
export async function deleteTrace({ id, deleteToken }: SharedTrace): Promise<void> {
  await ask(
    `/v1/traces/${id}`,
    { method: 'DELETE', headers: { authorization: `Bearer ${deleteToken ?? ''}` } },
    [404],
  );
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

async function ask(path: string, init: RequestInit, alsoGood: readonly number[] = []): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(path, init);
  } catch (cause) {
    throw new NetworkError(`The server is out of reach: try again in a while (${messageOf(cause)}).`, {
      cause,
    });
  }
  if (answer.ok || alsoGood.includes(answer.status)) return answer;
  const problem = (await answer.json().catch(() => ({}))) as {
    readonly detail?: unknown;
    readonly title?: unknown;
  };
  const why = [problem.detail, problem.title].find((words) => typeof words === 'string');
  const wait = answer.headers.get('retry-after');
  throw new ResidscopeError(
    'network',
    `${typeof why === 'string' ? why : `The server answered ${answer.status}.`}${wait === null ? '' : ` Try again in ${wait} s.`}`,
  );
}
