/**
 * One request over a network that fails: tried again where that may help, with growing pauses or the one that the
 * server asks for; given up when nothing comes for a while; cancelled at once. Bodies are read as they arrive.
 */
import {
  CancelledError,
  messageOf,
  NetworkError,
  NotFoundError,
  throwIfCancelled,
} from '../shared/errors.ts';

/** A plain 404: the server is there, the file isn't. */
export class MissingFileError extends NotFoundError {}

/** Times are milliseconds. */
export interface RetryPolicy {
  /** Requests for one thing, the first included. */
  readonly tries: number;
  /** Downloads of one range, each from the last byte that came. */
  readonly resumes: number;
  /** The first pause; each next one is twice as long, up to `longestPause`. */
  readonly firstPause: number;
  readonly longestPause: number;
  /** A server that asks for a longer pause is not waited for. */
  readonly longestWait: number;
  /** Nothing has come for so long: the connection counts as broken. */
  readonly stall: number;
}

export const RETRY: RetryPolicy = {
  tries: 4,
  resumes: 8,
  firstPause: 300,
  longestPause: 5_000,
  longestWait: 60_000,
  stall: 30_000,
};

/** Statuses that another try may mend. */
const PASSING = [408, 425, 429, 500, 502, 503, 504];

export interface HttpRequest {
  /** For messages. */
  readonly name: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: 'GET' | 'HEAD';
  /** `no-store` keeps the browser's own cache out, which would hold all once more, and one range at a time. */
  readonly cache?: RequestCache | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly retry: RetryPolicy;
  /** A server's own way to say no, as an error; undefined for the usual words. */
  readonly refusal?: ((response: Response) => Error | undefined) | undefined;
}

/** A response whose body is still to come. {@link drain} it, or {@link drop} it. */
export interface Answer {
  readonly response: Response;
  readonly stop: AbortController;
  readonly unlink: () => void;
}

/** Waits. @throws {CancelledError} as soon as `signal` is aborted. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(new CancelledError());
    };
    if (signal?.aborted) {
      reject(new CancelledError());
      return;
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** The pause before try `tried + 1`, with a share of chance, so that many readers don't come back at once. */
export function backoff({ firstPause, longestPause }: RetryPolicy, tried: number): number {
  return Math.min(longestPause, firstPause * 2 ** (tried - 1)) * (0.75 + Math.random() / 4);
}

/** `Retry-After` in milliseconds: seconds, or a date. */
function retryAfter(response: Response): number | undefined {
  const text = response.headers.get('retry-after');
  if (text === null) return undefined;
  const seconds = /^\s*\d+\s*$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : undefined;
}

/** One try; an error as its result when nobody answers. @throws {CancelledError} */
async function attempt(ask: HttpRequest): Promise<Answer | NetworkError> {
  const { name, url, headers, method, cache, signal, retry } = ask;
  throwIfCancelled(signal);
  const stop = new AbortController();
  const onAbort = (): void => stop.abort();
  signal?.addEventListener('abort', onAbort, { once: true });
  const unlink = (): void => signal?.removeEventListener('abort', onAbort);
  const timer = setTimeout(() => stop.abort(), retry.stall);
  try {
    const response = await fetch(url, {
      signal: stop.signal,
      credentials: 'omit',
      ...(headers && { headers: { ...headers } }),
      ...(method && { method }),
      ...(cache && { cache }),
    });
    return { response, stop, unlink };
  } catch (error) {
    unlink();
    if (signal?.aborted) throw new CancelledError('cancelled', { cause: error });
    const why = stop.signal.aborted ? `nothing came for ${retry.stall / 1000} s` : reasonOf(error);
    return new NetworkError(
      `${name}: no answer from ${url.host} (${why}): check the connection; another site must also allow this page (CORS)`,
      { cause: error },
    );
  } finally {
    clearTimeout(timer);
  }
}

/** Node hides the reason in `cause`. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const detail = cause instanceof Error && cause.message !== '' ? `: ${cause.message}` : '';
  return messageOf(error) + detail;
}

function offline(): boolean {
  return typeof navigator !== 'undefined' && (navigator as { onLine?: boolean }).onLine === false;
}

/** Ends a response that nobody reads. */
export function drop({ stop, unlink }: Answer): void {
  unlink();
  stop.abort();
}

/**
 * Asks until there is an answer. 2xx and 416 come back; for all else there is an error.
 *
 * @throws {NotFoundError} 404. @throws {NetworkError} when no try brought an answer. @throws {CancelledError}
 */
export async function request(ask: HttpRequest): Promise<Answer> {
  const { signal, retry } = ask;
  for (let tried = 1; ; tried++) {
    const answer = await attempt(ask);
    let [failure, wait]: [Error, number | undefined] = [answer as NetworkError, undefined];
    if (!(answer instanceof NetworkError)) {
      if (answer.response.ok || answer.response.status === 416) return answer;
      drop(answer);
      [failure, wait] = failureOf(ask, answer.response);
    }
    if (tried >= retry.tries || offline()) throw failure;
    await pause(wait ?? backoff(retry, tried), signal);
  }
}

/** What a status means, and how long the server asks to wait. @throws the error itself when no other try mends it. */
function failureOf(
  { name, url, retry, refusal }: HttpRequest,
  response: Response,
): [failure: Error, wait: number | undefined] {
  const refused = refusal?.(response);
  if (refused) throw refused;
  const { status } = response;
  if (status === 404) throw new MissingFileError(`${name}: not there (HTTP 404)`);
  const wait = retryAfter(response);
  const later = wait === undefined ? 'try again' : `try again in ${Math.ceil(wait / 1000)} s`;
  const busy = status === 429 ? ', too many requests' : '';
  const failure = new NetworkError(`${name}: ${url.host} answered HTTP ${status}${busy}: ${later}`);
  if (!PASSING.includes(status) || (wait ?? 0) > retry.longestWait) throw failure;
  return [failure, wait];
}

/**
 * Reads a body to its end, a piece at a time.
 *
 * @param take gets each piece; it may throw.
 * @returns why it broke off; undefined when it ended by itself.
 * @throws {CancelledError}, and what `take` throws.
 */
export async function drain(
  answer: Answer,
  { signal, retry }: Pick<HttpRequest, 'signal' | 'retry'>,
  take: (piece: Uint8Array) => void,
): Promise<string | undefined> {
  const { response, stop, unlink } = answer;
  const reader = response.body?.getReader();
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    while (reader) {
      clearTimeout(timer);
      timer = setTimeout(() => stop.abort(), retry.stall);
      let piece: Uint8Array | undefined;
      try {
        const { done, value } = await reader.read();
        if (done) break;
        piece = value;
      } catch (error) {
        if (signal?.aborted) throw new CancelledError('cancelled', { cause: error });
        return stop.signal.aborted ? `nothing came for ${retry.stall / 1000} s` : reasonOf(error);
      }
      take(piece);
    }
    return undefined;
  } catch (error) {
    stop.abort();
    throw error;
  } finally {
    clearTimeout(timer);
    unlink();
  }
}
