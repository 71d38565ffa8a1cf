/** GET /healthz: liveness. */
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { VERSION } from '../../shared/version.ts';
import { HealthAnswer } from '../schemas.ts';

const route = createRoute({
  method: 'get',
  path: '/healthz',
  operationId: 'health',
  tags: ['server'],
  summary: 'Liveness',
  responses: {
    200: {
      description: 'The server answers.',
      content: { 'application/json': { schema: HealthAnswer, example: { status: 'ok', version: VERSION } } },
    },
  },
});

export function healthRoute(app: OpenAPIHono) {
  return app.openapi(route, (c) =>
    c.json({ status: 'ok' as const, version: VERSION }, 200, { 'Cache-Control': 'no-store' }),
  );
}
