/** Errors as answers: problem details for HTTP APIs (RFC 9457), `application/problem+json`. */
import { ResidscopeError } from '../shared/errors.ts';

/** Kinds of problems: the last part of `type`. */
const TITLES = {
  'invalid-json': 'The body is not JSON',
  'not-found': 'There is nothing here',
  'unknown-model': 'The server does not know this model',
  forbidden: 'This may not be done by you, or not from here',
  'gated-model': 'The model is only for those who have accepted its licence',
  'unsupported-model': 'The model’s tokenizer can’t be used here',
  'hub-failed': 'The hub did not give the model’s files',
  'hub-timeout': 'The hub took too long',
  'method-not-allowed': 'The method is not allowed here',
  'too-large': 'The request is too large',
  'media-type': 'The body has to be JSON',
  'invalid-encoding': 'The body does not unpack',
  'invalid-trace': 'The trace is not a valid one',
  unauthorized: 'A token is needed',
  blocked: 'This was taken away by the operator',
  unsupported: 'This server does not do that',
  unavailable: 'The server’s store does not answer',
  'rate-limited': 'Too many requests from this address',
  'invalid-request': 'The request does not say what it must',
  internal: 'The server failed',
} as const;

export type ProblemKind = keyof typeof TITLES;

/** Members of a problem besides the standard ones. */
export type ProblemDetails = Readonly<Record<string, unknown>>;

/** Thrown by routes, answered by {@link problemResponse}. The message is the `detail`. */
export class HttpProblem extends Error {
  readonly kind: ProblemKind;
  readonly status: number;
  readonly details: ProblemDetails;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    kind: ProblemKind,
    status: number,
    detail: string,
    details: ProblemDetails = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
    this.name = 'HttpProblem';
    this.kind = kind;
    this.status = status;
    this.details = details;
    this.headers = headers;
  }
}

/** Of requests over a limit: there is nothing to wait for, a smaller one is taken at once. */
export const AT_ONCE = { 'Retry-After': '0' } as const;

/** A text, a body or a list that is over its limit, in `unit`s. */
export function tooLarge(place: string, limit: number, unit: string): HttpProblem {
  const detail = `${place}: expected at most ${limit} ${unit}: split the request`;
  return new HttpProblem('too-large', 413, detail, { limit }, AT_ONCE);
}

/** What kind of thing went wrong, in a few words. */
export function problemTitle({ kind }: HttpProblem): string {
  return TITLES[kind];
}

/** The answer to whatever was thrown. What isn't the caller's doing is not told; observe.ts logs it. */
export function problemResponse(error: unknown): Response {
  const problem = asProblem(error);
  const body = {
    type: `urn:residscope:problem:${problem.kind}`,
    title: problemTitle(problem),
    status: problem.status,
    detail: problem.message,
    ...problem.details,
  };
  return new Response(JSON.stringify(body), {
    status: problem.status,
    headers: {
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      ...problem.headers,
    },
  });
}

function asProblem(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (error instanceof ResidscopeError && error.kind === 'input') {
    return new HttpProblem('invalid-request', 422, error.message);
  }
  return new HttpProblem('internal', 500, 'Try again; if it stays, report it with the time of the request.');
}
