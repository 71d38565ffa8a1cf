/** GET /t/ID: the page on a stored trace, with what link previews and oEmbed consumers look for in its head. */
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
  path: '/t/{id}',
  operationId: 'tracePage',
  tags: ['pages'],
  summary: 'The page on a stored trace',
  request: { params: traceParams },
  responses: {
    200: { description: 'The page.', content: HTML_PAGE },
    404: asPage(TRACE_PROBLEMS[404]),
    410: asPage(TRACE_PROBLEMS[410]),
    501: asPage(TRACE_PROBLEMS[501]),
    503: asPage(TRACE_PROBLEMS[503]),
  },
});

/** The static page's own, which the words of a trace have changed. */
const NOT_KEPT = [
  'Content-Length',
  'Content-Encoding',
  'ETag',
  'Last-Modified',
  'Accept-Ranges',
  'CF-Cache-Status',
];

export function tracePageRoute(app: OpenAPIHono, ports: Ports): void {
  app.openapi(route, async (c) => {
    try {
      const sharing = sharingOf(ports);
      const { id } = c.req.valid('param');
      const trace = readRecord(await findRecord(ports, id));
      const shell = await sharing.page();
      if (!shell.ok) throw new Error(`index.html: expected a static file, got status ${shell.status}`);
      const headers = new Headers(shell.headers);
      for (const name of NOT_KEPT) headers.delete(name);
      headers.set('Content-Type', 'text/html; charset=utf-8');
      headers.set('Cache-Control', 'public, max-age=60');
      const html = withHead(await shell.text(), trace, originOf(sharing, c.req.raw), id);
      return c.body(html, 200, Object.fromEntries(headers));
    } catch (error) {
      if (error instanceof HttpProblem && wantsHtml(c)) return problemPage(error);
      throw error;
    }
  });
}

/** The page with title, description, Open Graph, Twitter card and oEmbed discovery of a trace. */
function withHead(html: string, trace: TraceData, origin: string, id: string): string {
  const address = `${origin}/t/${id}`;
  const title = cardTitle(trace);
  const description = cardDescription(trace);
  const card = `${origin}/v1/traces/${id}/card.png`;
  const oembed = `${origin}/oembed?url=${encodeURIComponent(address)}&format=json`;
  const og: [string, string][] = [
    ['og:type', 'website'],
    ['og:site_name', 'Residscope'],
    ['og:title', title],
    ['og:description', description],
    ['og:url', address],
    ['og:image', card],
    ['og:image:type', 'image/png'],
    ['og:image:width', String(CARD_WIDTH)],
    ['og:image:height', String(CARD_HEIGHT)],
    ['og:image:alt', description],
  ];
  const twitter: [string, string][] = [
    ['twitter:card', 'summary_large_image'],
    ['twitter:title', title],
    ['twitter:description', description],
    ['twitter:image', card],
    ['twitter:image:alt', description],
  ];
  const tags = [
    `<title>${escapeMarkup(title)}</title>`,
    `<meta name="description" content="${escapeMarkup(description)}">`,
    `<link rel="canonical" href="${escapeMarkup(address)}">`,
    ...og.map(([name, text]) => `<meta property="${name}" content="${escapeMarkup(text)}">`),
    ...twitter.map(([name, text]) => `<meta name="${name}" content="${escapeMarkup(text)}">`),
    `<link rel="alternate" type="application/json+oembed" href="${escapeMarkup(oembed)}" title="${escapeMarkup(title)}">`,
  ].join('\n    ');
  // The static page's addresses are relative to its own folder, which this path is not in.
  const rooted = html.replaceAll(/(\s(?:src|href)=")\.\//g, '$1/');
  const bare = rooted.replace(/<title>[^<]*<\/title>/, '').replace(/<meta\s+name="description"[^>]*>/, '');
  const end = bare.indexOf('</head>');
  if (end === -1) throw new Error('index.html: expected </head>');
  return `${bare.slice(0, end)}${tags}\n  ${bare.slice(end)}`;
}
