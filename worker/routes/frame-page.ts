/**
 * GET /e/ID: the widget alone on a stored trace, for an `iframe` in anyone's page. The one page of ours that may be
 * framed; inside the widget, for readers without JavaScript, stands the trace's picture.
 */
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { escapeMarkup } from '../../shared/picture/escape.ts';
import { CARD_HEIGHT, CARD_WIDTH, cardDescription, cardTitle } from '../../shared/picture/lens-card.ts';
import type { TraceData } from '../../shared/trace/data.ts';
import { problemPage } from '../problem-page.ts';
import type { Ports } from '../ports.ts';
import { HttpProblem } from '../problem.ts';
import { asPage, HTML_PAGE, wantsHtml } from './answers.ts';
import { findRecord, originOf, readRecord, sharingOf, TRACE_PROBLEMS } from './trace-parts.ts';
import { traceParams } from './traces.ts';

const route = createRoute({
  method: 'get',
  path: '/e/{id}',
  operationId: 'framePage',
  tags: ['pages'],
  summary: 'The widget on a stored trace, to be framed',
  description:
    'Sizes itself: an opener that posts `{ type: "residscope-size" }` to the frame is answered `{ type: "residscope-size", height }` in CSS pixels, now and whenever it changes. `theme`, `layers`, `top-k` and `height` in the query are the widget’s attributes.',
  request: { params: traceParams },
  responses: {
    200: { description: 'The page.', content: HTML_PAGE },
    404: asPage(TRACE_PROBLEMS[404]),
    410: asPage(TRACE_PROBLEMS[410]),
    501: asPage(TRACE_PROBLEMS[501]),
    503: asPage(TRACE_PROBLEMS[503]),
  },
});

const HEADERS = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'public, max-age=300',
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *",
  // A page that isolates itself may frame it too.
  'Cross-Origin-Embedder-Policy': 'require-corp',
} as const;

export function framePageRoute(app: OpenAPIHono, ports: Ports): void {
  app.openapi(route, async (c) => {
    try {
      const sharing = sharingOf(ports);
      const { id } = c.req.valid('param');
      const trace = readRecord(await findRecord(ports, id));
      return c.body(framePage(trace, originOf(sharing, c.req.raw), id), 200, HEADERS);
    } catch (error) {
      if (error instanceof HttpProblem && wantsHtml(c)) return problemPage(error, '*');
      throw error;
    }
  });
}

function framePage(trace: TraceData, origin: string, id: string): string {
  const title = escapeMarkup(cardTitle(trace));
  const address = escapeMarkup(`${origin}/t/${id}`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="canonical" href="${address}">
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/frame.css">
<script type="module" src="/embed.js"></script>
<script type="module" src="/frame.js"></script>
</head>
<body>
<residscope-lens trace="${id}"><a href="${address}" target="_blank" rel="noopener"><img src="/v1/traces/${id}/card.svg" alt="${escapeMarkup(cardDescription(trace))}" width="${CARD_WIDTH}" height="${CARD_HEIGHT}"></a></residscope-lens>
</body>
</html>
`;
}

/** CSS pixels that the widget takes in a column of ordinary width, up to what a post gives a picture. */
export function frameHeight({ lens }: TraceData): number {
  return Math.min(210 + 28 * lens.rows.length, 640);
}
