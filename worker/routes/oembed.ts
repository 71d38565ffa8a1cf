/** GET /oembed: what other sites show for an address of ours (oEmbed 1.0, https://oembed.com), type rich, JSON. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { TraceData } from '../../shared/trace/data.ts';
import { escapeMarkup } from '../../shared/picture/escape.ts';
import { CARD_HEIGHT, CARD_WIDTH, cardDescription, cardTitle } from '../../shared/picture/lens-card.ts';
import type { Ports } from '../ports.ts';
import { HttpProblem } from '../problem.ts';
import { problem } from './answers.ts';
import { frameHeight } from './frame-page.ts';
import { findRecord, originOf, readRecord, sharingOf, TRACE_PROBLEMS } from './trace-parts.ts';

/** CSS pixels: a column of text, and what a frame needs to be of use. */
const FRAME_WIDTH = 800;
const LEAST = { width: 260, height: 240 } as const;

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
    const [widest, highest] = [Number(maxwidth ?? Infinity), Number(maxheight ?? Infinity)];
    return c.json(
      {
        version: '1.0' as const,
        type: 'rich' as const,
        title: cardTitle(trace),
        provider_name: 'Residscope',
        provider_url: `${origin}/`,
        ...shown(trace, { origin, id, widest, highest }),
        cache_age: 3600,
        // A thumbnail must keep within the limits too, and the PNG has one size.
        ...(widest >= CARD_WIDTH && highest >= CARD_HEIGHT
          ? {
              thumbnail_url: `${origin}/v1/traces/${id}/card.png`,
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

interface Place {
  readonly origin: string;
  readonly id: string;
  /** CSS pixels that the consumer has. */
  readonly widest: number;
  readonly highest: number;
}

/** The widget in a frame; where there is no room to work it, its picture with a link. */
function shown(
  trace: TraceData,
  { origin, id, widest, highest }: Place,
): { html: string; width: number; height: number } {
  const page = escapeMarkup(`${origin}/t/${id}`);
  const about = escapeMarkup(cardDescription(trace));
  const width = Math.min(FRAME_WIDTH, widest);
  const height = Math.min(frameHeight(trace), highest);
  if (width >= LEAST.width && height >= LEAST.height) {
    const title = escapeMarkup(cardTitle(trace));
    const html =
      `<iframe src="${escapeMarkup(`${origin}/e/${id}`)}" title="${title}" width="${width}" height="${height}" ` +
      `style="border:0;max-width:100%" loading="lazy" ` +
      `sandbox="allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox"></iframe>`;
    return { html, width, height };
  }
  const scale = Math.min(1, widest / CARD_WIDTH, highest / CARD_HEIGHT);
  const [wide, high] = [CARD_WIDTH, CARD_HEIGHT].map((n) => Math.max(1, Math.floor(n * scale))) as [
    number,
    number,
  ];
  const html =
    `<figure style="margin:0"><a href="${page}" target="_blank" rel="noopener">` +
    `<img src="${escapeMarkup(`${origin}/v1/traces/${id}/card.svg`)}" alt="${about}" width="${wide}" height="${high}" style="max-width:100%;height:auto">` +
    `</a></figure>`;
  return { html, width: wide, height: high };
}
