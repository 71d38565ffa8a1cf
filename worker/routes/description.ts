/** GET /openapi.json: the API's description, and GET /docs: a page of it. */
import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi';
import { docsPage } from '../docs/page.ts';
import { describeApi } from '../openapi.ts';

const CACHE_CONTROL = 'public, max-age=300';

const jsonRoute = createRoute({
  method: 'get',
  path: '/openapi.json',
  operationId: 'describe',
  tags: ['server'],
  summary: 'This description, OpenAPI 3.1',
  responses: {
    200: {
      description: 'The description.',
      content: {
        'application/json': {
          schema: z.looseObject({ openapi: z.string(), info: z.looseObject({}), paths: z.looseObject({}) }),
          example: { openapi: '3.1.0', info: { title: 'Residscope', version: '1.0.0' }, paths: {} },
        },
      },
    },
  },
});

const pageRoute = createRoute({
  method: 'get',
  path: '/docs',
  operationId: 'docs',
  tags: ['server'],
  summary: 'This description as a page, without scripts',
  responses: {
    200: {
      description: 'The page.',
      content: { 'text/html': { schema: z.string(), example: '<!doctype html>…' } },
    },
  },
});

/** After all other routes are there. Made when first asked for, once an isolate. */
export function descriptionRoutes(app: OpenAPIHono): void {
  let json: string | undefined;
  let page: { html: string; policy: string } | undefined;
  app.openAPIRegistry.registerPath(jsonRoute);
  // Text that is made once, which a typed answer would make anew each time.
  app.get(jsonRoute.path, (c) => {
    json ??= JSON.stringify(describeApi(app));
    return c.body(json, 200, { 'Content-Type': 'application/json', 'Cache-Control': CACHE_CONTROL });
  });
  app.openapi(pageRoute, async (c) => {
    page ??= await docsPage(describeApi(app));
    return c.html(page.html, 200, {
      'Cache-Control': CACHE_CONTROL,
      'Content-Security-Policy': page.policy,
    });
  });
}
