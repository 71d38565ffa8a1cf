/** GET /v1/models: models whose tokenizer the server knows. */
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { EMBEDDED_MODELS } from '../models.ts';
import type { Ports } from '../ports.ts';
import { ModelsAnswer } from '../schemas.ts';

const route = createRoute({
  method: 'get',
  path: '/v1/models',
  operationId: 'listModels',
  tags: ['models'],
  summary: 'Models whose tokenizer the server knows, with sizes and licence',
  responses: {
    200: {
      description: 'The models, the embedded ones first.',
      headers: { 'Cache-Control': { required: true, schema: { type: 'string' } } },
      content: { 'application/json': { schema: ModelsAnswer, example: { models: [...EMBEDDED_MODELS] } } },
    },
  },
});

export function modelsRoute(app: OpenAPIHono, ports: Ports) {
  return app.openapi(route, (c) =>
    c.json({ models: [...ports.tokenizers.models()] }, 200, { 'Cache-Control': 'public, max-age=300' }),
  );
}
