/**
 * The edge API as the page calls it, typed by the server's own routes. A chunk of its own: import it when it is needed
 * (`await import('./api.ts')`). Nothing is sent unless the reader asked for what it does.
 */
import { hc } from 'hono/client';
import { ResidscopeError, type ErrorKind } from '../../shared/errors.ts';
import { isObject, type JsonObject } from '../../shared/formats/json.ts';
import { TRACE_MEDIA_TYPE } from '../../shared/trace/format.ts';
import { siteAddress } from '../place.ts';
import type { AppType } from '../../worker/client-type.ts';

/** No API where the page came from: it is served as plain files. */
export class NoApiError extends ResidscopeError {
  constructor(options?: ErrorOptions) {
    super(
      'unsupported',
      'This page is served without its API: sharing needs a server that runs it.',
      options,
    );
  }
}

/** A problem (RFC 9457) that the API answered with. */
export class ApiError extends ResidscopeError {
  readonly status: number;
  /** The last part of the problem's `type`: `too-large`. */
  readonly problem: string;
  /** Seconds to wait before another try; undefined where that mends nothing. */
  readonly retryAfter: number | undefined;

  constructor(status: number, problem: string, detail: string, retryAfter: number | undefined) {
    super(kindOf(status), detail);
    this.status = status;
    this.problem = problem;
    this.retryAfter = retryAfter;
  }
}

export interface Tokens {
  readonly ids: readonly number[];
  readonly tokens: readonly string[];
  /** [start, end) in UTF-16 code units. */
  readonly offsets: readonly (readonly [number, number])[];
}

export interface StoredTrace {
  readonly id: string;
  /** The page on that trace. */
  readonly url: string;
  /** ISO 8601; undefined: kept until it is deleted, or stored before. */
  readonly expiresAt: string | undefined;
  /** Given once, to whoever stored it first; undefined when the trace was there. */
  readonly deleteToken: string | undefined;
}

/** What is answered to storing: a token the first time only. */
type Answered = Pick<StoredTrace, 'id' | 'url'> & Partial<StoredTrace>;

const TRACE_ID = /^[0-9a-f]{64}$/;

export class Api {
  readonly #base: string;
  readonly #fetch: typeof fetch;

  /** @param base the server, default this page's own. */
  constructor(base: string = siteAddress().href, ask: typeof fetch = (input, init) => fetch(input, init)) {
    this.#base = base.replace(/\/$/, '');
    this.#fetch = ask;
  }

  /** Tokens of a text, by a tokenizer that the page has not loaded. @throws {ApiError} {NoApiError} {CancelledError} */
  async tokenize(model: string, text: string, signal?: AbortSignal): Promise<Tokens> {
    const client = this.#client(signal);
    const answer = await (await client.v1.tokenize.$post({ json: { model, text, bos: 'auto' } })).json();
    if ('ids' in answer) return answer;
    throw new ApiError(200, 'internal', 'tokenize: expected ids, got another answer', undefined);
  }

  /** Models whose tokenizer the server knows. @throws as {@link tokenize}. */
  async models(signal?: AbortSignal) {
    return (await (await this.#client(signal).v1.models.$get()).json()).models;
  }

  /** Whether the server has the API at all: a static host answers with a page, or nothing. Throws nothing. */
  async isThere(signal?: AbortSignal): Promise<boolean> {
    try {
      const health: unknown = await (await this.#client(signal).healthz.$get()).json();
      return isObject(health) && health['status'] === 'ok';
    } catch {
      return false;
    }
  }

  /** Stores a trace for whoever has its address; sent packed. @param trace its JSON. @throws as {@link tokenize}. */
  async storeTrace(trace: string, signal?: AbortSignal): Promise<StoredTrace> {
    const packed = new Blob([trace]).stream().pipeThrough(new CompressionStream('gzip'));
    // As one piece: a stream for a body is not known everywhere.
    const body = await new Response(packed).blob();
    const headers = { 'Content-Type': TRACE_MEDIA_TYPE, 'Content-Encoding': 'gzip' };
    const response = await this.#client(signal).v1.traces.$post({}, { headers, init: { body } });
    const answer: Answered = await response.json();
    const { id, url, expiresAt, deleteToken } = answer;
    if (!TRACE_ID.test(id) || typeof url !== 'string') throw new NoApiError();
    return { id, url, expiresAt, deleteToken };
  }

  /** The stored trace as it is, still to be decoded and checked. @throws as {@link tokenize}. */
  async readTrace(id: string, signal?: AbortSignal): Promise<string> {
    return (await this.#client(signal).v1.traces[':id'].$get({ param: { id } })).text();
  }

  /** @param token what {@link storeTrace} gave. @throws as {@link tokenize}. */
  async deleteTrace(id: string, token: string, signal?: AbortSignal): Promise<void> {
    const headers = { Authorization: `Bearer ${token}` };
    await this.#client(signal).v1.traces[':id'].$delete({ param: { id } }, { headers });
  }

  #client(signal: AbortSignal | undefined) {
    return hc<AppType>(this.#base, {
      fetch: (input: string | URL | Request, init?: RequestInit) => this.#answer(input, init ?? {}, signal),
    });
  }

  /** A 2xx of the API, or an error. */
  async #answer(
    input: string | URL | Request,
    init: RequestInit,
    signal: AbortSignal | undefined,
  ): Promise<Response> {
    let response: Response;
    try {
      response = await this.#fetch(input, { ...init, credentials: 'omit', ...(signal && { signal }) });
    } catch (cause) {
      if (signal?.aborted) throw new ResidscopeError('cancelled', 'cancelled', { cause });
      throw new ResidscopeError('network', 'The server does not answer: check the connection.', { cause });
    }
    const type = response.headers.get('Content-Type') ?? '';
    if (response.ok) {
      // A static host may answer any path with its page.
      if (!type.startsWith('text/html')) return response;
      throw new NoApiError();
    }
    if (!type.startsWith('application/problem+json')) {
      if (response.status === 404 || response.status === 405 || response.status === 501)
        throw new NoApiError();
      throw new ApiError(
        response.status,
        'internal',
        `The server answered ${response.status}.`,
        waitOf(response),
      );
    }
    throw problemOf(response, await response.json());
  }
}

function problemOf(response: Response, body: unknown): ApiError {
  const { type, detail }: JsonObject = isObject(body) ? body : {};
  const kind = typeof type === 'string' ? type.replace(/^urn:residscope:problem:/, '') : 'internal';
  const words = typeof detail === 'string' ? detail : `The server answered ${response.status}.`;
  return new ApiError(response.status, kind, words, waitOf(response));
}

function waitOf({ headers }: Response): number | undefined {
  const text = headers.get('Retry-After');
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
}

function kindOf(status: number): ErrorKind {
  if (status === 404 || status === 410) return 'not-found';
  if (status === 401 || status === 403) return 'access';
  if (status === 429 || status >= 500) return 'network';
  return 'input';
}
