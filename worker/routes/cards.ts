/** GET /v1/traces/ID/card.svg and card.png: the lens table as a picture for link previews. */
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { lensCard } from '../../shared/picture/lens-card.ts';
import { VERSION } from '../../shared/version.ts';
import { matchingTag } from '../etag.ts';
import type { Ports } from '../ports.ts';
import { cacheControl, findRecord, readRecord, sharingOf, TRACE_PROBLEMS } from './trace-parts.ts';
import { traceParams } from './traces.ts';

const picture = { type: 'string' as const, format: 'binary' };

const svgRoute = createRoute({
  method: 'get',
  path: '/v1/traces/{id}/card.svg',
  operationId: 'cardSvg',
  tags: ['traces'],
  summary: 'The lens as an SVG of 1200 × 630',
  request: { params: traceParams },
  responses: {
    200: { description: 'The picture.', content: { 'image/svg+xml': { schema: picture } } },
    304: { description: 'The reader has it.' },
    ...TRACE_PROBLEMS,
  },
});

const pngRoute = createRoute({
  method: 'get',
  path: '/v1/traces/{id}/card.png',
  operationId: 'cardPng',
  tags: ['traces'],
  summary: 'The lens as a PNG of 1200 × 630',
  request: { params: traceParams },
  responses: {
    200: { description: 'The picture.', content: { 'image/png': { schema: picture } } },
    304: { description: 'The reader has it.' },
    ...TRACE_PROBLEMS,
  },
});

export function cardRoutes(app: OpenAPIHono, ports: Ports): void {
  app.openapi(svgRoute, async (c) => {
    const { id } = c.req.valid('param');
    const record = await findRecord(ports, id);
    const headers = { ETag: tagOf(id), 'Cache-Control': cacheOf(cacheControl(record)) };
    if (matchingTag(c.req.header('If-None-Match'), [headers.ETag]) !== undefined) {
      return c.body(null, 304, headers);
    }
    return c.body(lensCard(readRecord(record)), 200, {
      ...headers,
      'Content-Type': 'image/svg+xml',
      // Opened by itself it is a document: it may style itself, and nothing else.
      'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    });
  });

  app.openapi(pngRoute, async (c) => {
    const { id } = c.req.valid('param');
    const record = await findRecord(ports, id);
    const headers = { ETag: tagOf(id), 'Cache-Control': cacheOf(cacheControl(record)) };
    if (matchingTag(c.req.header('If-None-Match'), [headers.ETag]) !== undefined) {
      return c.body(null, 304, headers);
    }
    const png = await sharingOf(ports).cards.png(id, () => lensCard(readRecord(record)));
    return c.body(png, 200, { ...headers, 'Content-Type': 'image/png' });
  });
}

/** A later version may draw it otherwise. */
function tagOf(id: string): string {
  return `"${id}-${VERSION}"`;
}

/** A day at most, and asked for again then: the drawing may change, the trace doesn't. */
function cacheOf(ofTrace: string): string {
  const seconds = Math.min(86_400, Number(/max-age=(\d+)/.exec(ofTrace)?.[1] ?? 0));
  return `public, max-age=${seconds}, s-maxage=${Math.min(seconds, 3600)}`;
}
