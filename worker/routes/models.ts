/** GET /v1/models: models whose tokenizer the server knows. */
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import type { Ports } from '../ports.ts';
import { ModelsAnswer } from '../schemas.ts';

const route = createRoute({
  method: 'get',
  path: '/v1/models',
  summary: 'Models whose tokenizer the server knows, with sizes and licence',
  responses: {
    200: { description: 'The models.', content: { 'application/json': { schema: ModelsAnswer } } },
  },
});

export function modelsRoute(app: OpenAPIHono, ports: Ports): void {
  app.openapi(route, (c) =>
    c.json({ models: [...ports.tokenizers.models()] }, 200, { 'Cache-Control': 'public, max-age=300' }),
  );
}
