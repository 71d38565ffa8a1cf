/** The answers that every route can give, for the API's description. */
import { Problem } from '../schemas.ts';

function problem(description: string) {
  return { description, content: { 'application/problem+json': { schema: Problem } } };
}

/** Of routes that name a model in a body. */
export const BODY_PROBLEMS = {
  400: problem('The body is not JSON.'),
  404: problem('The server does not know the model.'),
  413: problem('The body or a text is over its limit.'),
  415: problem('The body is not declared as JSON.'),
  422: problem('The request is not as described, or over a limit.'),
} as const;

/** Of routes that name a model in the query. */
export const QUERY_PROBLEMS = {
  404: problem('The server does not know the model.'),
  413: problem('The text is over its limit.'),
  422: problem('The request is not as described.'),
} as const;
