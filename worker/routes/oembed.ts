/** GET /oembed: what other sites show for an address of ours (oEmbed 1.0, https://oembed.com), type rich, JSON. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { escapeMarkup } from '../../shared/picture/escape.ts';
import { CARD_HEIGHT, CARD_WIDTH, cardDescription, cardTitle } from '../../shared/picture/lens-card.ts';
import type { Ports } from '../ports.ts';
import { HttpProblem } from '../problem.ts';
import { problem } from './answers.ts';
import { findRecord, originOf, readRecord, sharingOf, TRACE_PROBLEMS } from './trace-parts.ts';

/** CSS pixels. */
const size = z
  .string()
  .regex(/^[1-9]\d{0,5}$/, 'expected a whole number of CSS pixels from 1')
  .optional()
  .openapi({ description: 'CSS pixels.' });

const query = z.object({
  url: z
    .string()
    .max(2000)
    .openapi({
      description: 'An address /t/ID of this server.',
      example: `http://localhost:8787/t/${'ab'.repeat(32)}`,
    }),
  maxwidth: size,
  maxheight: size,
  format: z.string().max(20).optional().openapi({ description: '`json`; there is no other.' }),
});

const Embed = z.object({
  version: z.literal('1.0'),
  type: z.literal('rich'),
  title: z.string(),
  provider_name: z.string(),
  provider_url: z.string(),
  html: z.string(),
  width: z.int(),
  height: z.int(),
  cache_age: z.int().openapi({ description: 'Seconds.' }),
  thumbnail_url: z.string().optional(),
  thumbnail_width: z.int().optional(),
  thumbnail_height: z.int().optional(),
});

const route = createRoute({
  method: 'get',
  path: '/oembed',
  operationId: 'oembed',
  tags: ['pages'],
  summary: 'oEmbed 1.0 of a shared lens',
  request: { query },
  responses: {
    200: { description: 'What to show.', content: { 'application/json': { schema: Embed } } },
    422: problem('The query is not as described.'),
    ...TRACE_PROBLEMS,
    404: problem('The address is none of a trace here, or the trace is no longer.'),
    501: problem('The format is not JSON, or this server keeps no traces.'),
  },
});

export function oembedRoute(app: OpenAPIHono, ports: Ports): void {
  app.openapi(route, async (c) => {
    const { url, maxwidth, maxheight, format = 'json' } = c.req.valid('query');
    if (format !== 'json') {
      throw new HttpProblem('unsupported', 501, `format: expected json, got ${JSON.stringify(format)}`);
    }
    const origin = originOf(sharingOf(ports), c.req.raw);
    const id = idOf(url, origin);
    if (id === undefined) {
      throw new HttpProblem(
        'not-found',
        404,
        `url: expected ${origin}/t/ID, got an address of something else`,
      );
    }
    const trace = readRecord(await findRecord(ports, id));
    const scale = Math.min(1, Number(maxwidth ?? CARD_WIDTH) / CARD_WIDTH, Number(maxheight ?? CARD_HEIGHT) / CARD_HEIGHT); // prettier-ignore
    const width = Math.max(1, Math.floor(CARD_WIDTH * scale));
    const height = Math.max(1, Math.floor(CARD_HEIGHT * scale));
    const card = `${origin}/v1/traces/${id}/card`;
    return c.json(
      {
        version: '1.0' as const,
        type: 'rich' as const,
        title: cardTitle(trace),
        provider_name: 'Residscope',
        provider_url: `${origin}/`,
        // A picture, not a frame: the page can't be framed.
        html: figure(`${origin}/t/${id}`, `${card}.svg`, cardDescription(trace), width, height),
        width,
        height,
        cache_age: 3600,
        // A thumbnail must keep within the limits too, and the PNG has one size.
        ...(scale === 1
          ? {
              thumbnail_url: `${card}.png`,
              thumbnail_width: CARD_WIDTH,
              thumbnail_height: CARD_HEIGHT,
            }
          : {}),
      },
      200,
      { 'Cache-Control': 'public, max-age=3600' },
    );
  });
}

/** The id in an address of this server's; undefined for any other address. */
function idOf(url: string, origin: string): string | undefined {
  const path = url.startsWith(`${origin}/`) ? url.slice(origin.length) : '';
  return /^\/t\/([0-9a-f]{64})(?:[?#]|$)/.exec(path)?.[1];
}

function figure(href: string, src: string, alt: string, width: number, height: number): string {
  return (
    `<figure style="margin:0"><a href="${escapeMarkup(href)}" target="_blank" rel="noopener">` +
    `<img src="${escapeMarkup(src)}" alt="${escapeMarkup(alt)}" width="${width}" height="${height}" style="max-width:100%;height:auto">` +
    `</a></figure>`
  );
}
