/**
 * GET and POST /v1/tokenize: ids, tokens and offsets, from the prompt cache where they are known.
 *
 * A body says whether it was `cached`, so the first answer and the later ones differ by that member, and so do their
 * strong tags (`…-m`, `…-h`). Both stand for the same encoding: a reader who has either is told 304.
 */
import { createRoute, type OpenAPIHono, type z } from '@hono/zod-openapi';
import type { Context, TypedResponse } from 'hono';
import { LIMITS } from '../../shared/limits.ts';
import { jsonBody } from '../body.ts';
import { matchingTag } from '../etag.ts';
import type { ModelVersion, Ports } from '../ports.ts';
import { PromptCache, promptKey, type Bos, type Tokenized } from '../prompt-cache.ts';
import { TokenizeAnswer, TokenizeBatchAnswer, TokenizeBody, TokenizeQuery } from '../schemas.ts';
import { BODY_PROBLEMS, nameOf, QUERY_PROBLEMS } from './answers.ts';

/** The answer for a text changes only with the server's tokenizer; the tag tells then. */
const CACHE_CONTROL = 'public, max-age=3600, stale-while-revalidate=86400';

const EXAMPLE = {
  model: 'fable-4m',
  ids: [0, 286],
  tokens: ['<|endoftext|>', 'The'],
  offsets: [
    [0, 0],
    [0, 3],
  ] as [number, number][],
  cached: true,
};

/** Of answers that a cache may keep. */
const CACHED = {
  ETag: {
    description: 'Strong; `If-None-Match` with it gives 304.',
    required: true,
    schema: { type: 'string' },
  },
  'Cache-Control': { required: true, schema: { type: 'string' }, example: CACHE_CONTROL },
  'X-Cache': {
    description: 'Whether the encoding was known.',
    required: true,
    schema: { type: 'string', pattern: '^(hit|miss)$' },
  },
} as const;

const getRoute = createRoute({
  method: 'get',
  path: '/v1/tokenize',
  operationId: 'tokenizeShort',
  tags: ['tokenize'],
  summary: 'Token ids, tokens and UTF-16 offsets of a short text',
  request: { query: TokenizeQuery },
  responses: {
    200: {
      description: 'The encoding.',
      headers: CACHED,
      content: { 'application/json': { schema: TokenizeAnswer, example: EXAMPLE } },
    },
    304: { description: 'The reader has it.', headers: CACHED },
    ...QUERY_PROBLEMS,
  },
});

const postRoute = createRoute({
  method: 'post',
  path: '/v1/tokenize',
  operationId: 'tokenize',
  tags: ['tokenize'],
  summary: 'Token ids, tokens and UTF-16 offsets of a text or of several',
  middleware: [jsonBody(LIMITS.tokenizeBodyBytes)] as const,
  request: {
    body: {
      required: true,
      content: { 'application/json': { schema: TokenizeBody, example: { model: 'fable-4m', text: 'The' } } },
    },
  },
  responses: {
    200: {
      description: 'The encoding of `text`, or `results` in the order of `texts`.',
      headers: CACHED,
      content: { 'application/json': { schema: TokenizeAnswer.or(TokenizeBatchAnswer), example: EXAMPLE } },
    },
    ...BODY_PROBLEMS,
  },
});

export function tokenizeRoutes(app: OpenAPIHono, ports: Ports) {
  const prompts = new PromptCache(ports);
  const first = app.openapi(getRoute, async (c) => {
    const { model: id, text, bos: choice } = c.req.valid('query');
    const model = await ports.tokenizers.resolve(id);
    const bos: Bos = choice === 'auto' ? choice : choice === 'true';
    const key = await prompts.key(model, text, bos);
    const known = matchingTag(c.req.header('If-None-Match'), [tagOf(key, true), tagOf(key, false)]);
    if (known !== undefined) return c.body(null, 304, headersOf(known, true));
    const answer = await prompts.tokenize(model, text, bos, key);
    return answered(c, bodyOf(model, answer), tagOf(key, answer.cached), answer.cached);
  });

  return first.openapi(postRoute, async (c) => {
    const { model: id, text, texts = [], bos } = c.req.valid('json');
    const model = await ports.tokenizers.resolve(id);
    const all = text === undefined ? texts : [text];
    const keys = await Promise.all(all.map((each) => prompts.key(model, each, bos)));
    const answers = await inOrder(all, (each, i) => prompts.tokenize(model, each, bos, keys[i] ?? ''));
    const cached = answers.every((answer) => answer.cached);
    const [first] = answers;
    if (text !== undefined && first) {
      return answered(c, bodyOf(model, first), tagOf(keys[0] ?? '', cached), cached);
    }
    // Which of the texts were cached is in the body too, so it is in the tag.
    const states = answers.map((answer) => (answer.cached ? 'h' : 'm')).join('');
    const batchKey = await promptKey(model, `${keys.join()},${states}`, 'auto');
    const names = JSON.stringify({ ...nameOf(model), cached });
    const body = joined(names, `{"results":[${answers.map(resultOf).join(',')}]}`);
    return answered(c, body, tagOf(batchKey, cached), cached);
  });
}

/** One after another: the first miss loads the tokenizer, the others find it; equal texts find the first's entry. */
async function inOrder<T, R>(
  items: readonly T[],
  each: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  for (const [index, item] of items.entries()) results.push(await each(item, index));
  return results;
}

/** What is kept is JSON and goes out as it is: parsing and writing it again would cost more than all the rest. */
function bodyOf(model: ModelVersion, answer: Tokenized): string {
  return joined(JSON.stringify(nameOf(model)), resultOf(answer));
}

function resultOf({ json, cached }: Tokenized): string {
  return joined(json, `{"cached":${cached}}`);
}

/** One JSON object of the members of two, neither of them empty. */
function joined(a: string, b: string): string {
  return `${a.slice(0, -1)},${b.slice(1)}`;
}

type Answer = z.infer<typeof TokenizeAnswer> | z.infer<typeof TokenizeBatchAnswer>;

/** JSON that is written already, typed as what it says. */
function answered(
  c: Context,
  json: string,
  tag: string,
  cached: boolean,
): Response & TypedResponse<Answer, 200, 'json'> {
  const headers = { 'Content-Type': 'application/json', ...headersOf(tag, cached) };
  const response: Response = c.body(json, 200, headers);
  return response as Response & TypedResponse<Answer, 200, 'json'>;
}

function tagOf(key: string, cached: boolean): string {
  return `"${key}-${cached ? 'h' : 'm'}"`;
}

function headersOf(tag: string, cached: boolean): Record<string, string> {
  return { ETag: tag, 'Cache-Control': CACHE_CONTROL, 'X-Cache': cached ? 'hit' : 'miss' };
}
