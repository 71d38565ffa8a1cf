/**
 * GET /metrics: counters for Prometheus, for whoever has the token; without one, for this machine alone. A request that
 * some proxy passed on isn't from this machine, whatever its connection says.
 */
import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { timingSafeEqual } from 'hono/utils/buffer';
import type { Ports, Scrape } from '../ports.ts';
import { HttpProblem } from '../problem.ts';
import { Problem } from '../schemas.ts';

const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;
const PASSED_ON = ['Forwarded', 'X-Forwarded-For', 'X-Real-IP', 'Via'];

const ROUTE = createRoute({
  method: 'get',
  path: '/metrics',
  operationId: 'metrics',
  tags: ['server'],
  summary: 'Counters for Prometheus, for whoever has the operator’s token',
  responses: {
    200: {
      description: 'Prometheus’s text format.',
      content: { 'text/plain': { schema: z.string(), example: '# TYPE residscope_requests_total counter' } },
    },
    403: {
      description: 'Not from this machine, or without the token.',
      content: { 'application/problem+json': { schema: Problem } },
    },
  },
});

export function metricsRoute(app: OpenAPIHono, ports: Ports): void {
  const { scrape } = ports;
  if (!scrape) return;
  app.openapi(ROUTE, async (c) => {
    if (!(await mayRead(c, ports, scrape))) {
      throw new HttpProblem(
        'forbidden',
        403,
        scrape.token === undefined
          ? '/metrics: expected a request from this machine, or METRICS_TOKEN to be set'
          : '/metrics: expected Authorization: Bearer and the token',
      );
    }
    return c.text(scrape.text(), 200, {
      'Content-Type': 'text/plain; version=0.0.4; charset=utf-8',
      'Cache-Control': 'no-store',
    });
  });
}

async function mayRead(c: Context, ports: Ports, { token }: Scrape): Promise<boolean> {
  if (token !== undefined) {
    return timingSafeEqual(c.req.header('Authorization') ?? '', `Bearer ${token}`);
  }
  if (PASSED_ON.some((name) => c.req.header(name) !== undefined)) return false;
  return LOOPBACK.test(ports.addressOf?.(c.req.raw, c.env) ?? '');
}
