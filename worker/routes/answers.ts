/** What the answers of several routes have in common, and its description. */
import type { Context } from 'hono';
import type { ModelVersion } from '../ports.ts';
import { Problem } from '../schemas.ts';

/** A failure, as the description has it. */
export function problem(description: string) {
  return { description, content: { 'application/problem+json': { schema: Problem } } };
}

/** Of routes that name a model in a body. */
export const BODY_PROBLEMS = {
  400: problem('The body is not JSON.'),
  403: problem('The model is only for those who have accepted its licence.'),
  404: problem('The server does not know the model.'),
  413: problem('The body or a text is over its limit.'),
  415: problem('The body is not declared as JSON.'),
  422: problem('The request is not as described, or the model’s tokenizer can’t be used.'),
  502: problem('The hub did not give the model’s files; `Retry-After` says when to try again.'),
  504: problem('The hub took too long; `Retry-After` says when to try again.'),
} as const;

/** Of routes that name a model in the query. */
export const QUERY_PROBLEMS = {
  403: problem('The model is only for those who have accepted its licence.'),
  404: problem('The server does not know the model.'),
  413: problem('The text is over its limit.'),
  422: problem('The request is not as described, or the model’s tokenizer can’t be used.'),
  502: problem('The hub did not give the model’s files; `Retry-After` says when to try again.'),
  504: problem('The hub took too long; `Retry-After` says when to try again.'),
} as const;

/** The model that an answer is about; the revision where it has one. */
export function nameOf({ id, revision }: ModelVersion): { model: string; revision?: string } {
  return { model: id, ...(revision !== undefined && { revision }) };
}

/** An answer for people. */
export const HTML_PAGE = { 'text/html': { schema: { type: 'string' as const } } };

/** To a reader who asks for HTML a failure is a page. */
export function asPage<T extends { readonly content: object }>(answer: T) {
  return { ...answer, content: { ...answer.content, ...HTML_PAGE } };
}

export function wantsHtml(c: Context): boolean {
  return /\btext\/html\b/.test(c.req.header('Accept') ?? '');
}
