/** POST /v1/detokenize: ids back to text. */
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { LIMITS } from '../../shared/limits.ts';
import { jsonBody } from '../body.ts';
import type { Ports } from '../ports.ts';
import { DetokenizeAnswer, DetokenizeBody } from '../schemas.ts';
import { BODY_PROBLEMS, nameOf } from './answers.ts';

const route = createRoute({
  method: 'post',
  path: '/v1/detokenize',
  operationId: 'detokenize',
  tags: ['tokenize'],
  summary: 'Text of token ids; special tokens are kept',
  middleware: [jsonBody(LIMITS.detokenizeBodyBytes)] as const,
  request: {
    body: {
      required: true,
      content: {
        'application/json': { schema: DetokenizeBody, example: { model: 'fable-4m', ids: [286, 1855] } },
      },
    },
  },
  responses: {
    200: {
      description: 'The text.',
      content: {
        'application/json': { schema: DetokenizeAnswer, example: { model: 'fable-4m', text: 'The end' } },
      },
    },
    ...BODY_PROBLEMS,
  },
});

export function detokenizeRoute(app: OpenAPIHono, ports: Ports) {
  return app.openapi(route, async (c) => {
    const { model: id, ids } = c.req.valid('json');
    const model = await ports.tokenizers.resolve(id);
    const tokenizer = await ports.tokenizers.load(model);
    return c.json({ ...nameOf(model), text: tokenizer.decode(ids) }, 200, { 'Cache-Control': 'no-store' });
  });
}
