/** A request that doesn't fit its schema, as a problem that names each place (JSON pointer) and what was expected. */
import type { z } from '@hono/zod-openapi';
import { AT_ONCE, HttpProblem, tooLarge } from './problem.ts';
import { TOO_LARGE } from './schemas.ts';

/** At most this many places are named. */
const MAX_ERRORS = 10;

export function invalidRequest(error: z.core.$ZodError): HttpProblem {
  for (const issue of error.issues) {
    const limit: unknown = issue.code === 'custom' ? issue.params?.[TOO_LARGE] : undefined;
    if (typeof limit === 'number') return tooLarge(placeOf(issue), limit, 'bytes of UTF-8');
  }
  const errors = error.issues.slice(0, MAX_ERRORS).map((issue) => ({
    pointer: pointerOf(issue),
    detail: issue.message,
  }));
  const [first] = error.issues;
  const detail = first ? `${placeOf(first)}: ${first.message}` : 'the request is not as described';
  const tooMany = error.issues.some((issue) => issue.code === 'too_big' && issue.origin === 'array');
  return new HttpProblem('invalid-request', 422, detail, { errors }, tooMany ? AT_ONCE : {});
}

function placeOf(issue: z.core.$ZodIssue): string {
  return issue.path.length > 0 ? issue.path.map(String).join('.') : 'request';
}

/** RFC 6901. */
function pointerOf(issue: z.core.$ZodIssue): string {
  return issue.path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
