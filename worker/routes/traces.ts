/** POST /v1/traces, GET and DELETE /v1/traces/ID: traces under the hash of what they say, never changed. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { FormatError } from '../../shared/errors.ts';
import { canonicalTrace, traceId } from '../../shared/trace/canonical.ts';
import { decodeTrace } from '../../shared/trace/decode.ts';
import { TRACE_MEDIA_TYPE } from '../../shared/trace/format.ts';
import { readBody } from '../body.ts';
import { hashOfToken, newDeleteToken } from '../delete-token.ts';
import { matchingTag } from '../etag.ts';
import type { Ports, TraceRecord } from '../ports.ts';
import { HttpProblem } from '../problem.ts';
import { isTraceId } from '../trace-sharing.ts';
import {
  absent,
  cacheControl,
  DELETE_PROBLEMS,
  findRecord,
  originOf,
  refuseOtherSites,
  sharingOf,
  storeAnswer,
  takenAway,
  TRACE_PROBLEMS,
  UPLOAD_PROBLEMS,
} from './trace-parts.ts';

/** Milliseconds. */
const UPLOAD_DEADLINE = 20_000;
const DAY = 86_400_000;

const Trace = z
  .looseObject({ format: z.literal('residscope.trace'), version: z.literal(1) })
  .openapi('Trace', { description: 'A trace: shared/trace/FORMAT.md has all its members.' });

const StoredTrace = z.object({
  id: z.string().openapi({ description: 'SHA-256 of the canonical form, 64 lower-case hex digits.' }),
  url: z.string().openapi({ description: 'The page that shows it.' }),
  expiresAt: z.string().optional().openapi({ description: 'ISO 8601; missing: kept until it is deleted.' }),
});
const NewTrace = StoredTrace.extend({
  deleteToken: z.string().openapi({ description: 'Told this once: whoever has it may delete the trace.' }),
});

export const traceParams = z.object({
  id: z.string().openapi({ description: '64 lower-case hex digits.', example: 'ab'.repeat(32) }),
});

const traceSchema = { type: 'object' as const, description: 'A trace, version 1 (shared/trace/FORMAT.md).' };

const postRoute = createRoute({
  method: 'post',
  path: '/v1/traces',
  operationId: 'storeTrace',
  tags: ['traces'],
  summary: 'Store a trace under the hash of its canonical form',
  description: '`Content-Encoding: gzip` is taken. `device` and `timings` are left out of what is stored.',
  // Said by hand: the trace's own reader checks it, numbers inside base64 included, which no schema sees.
  requestBody: {
    required: true,
    content: { [TRACE_MEDIA_TYPE]: { schema: traceSchema }, 'application/json': { schema: traceSchema } },
  },
  responses: {
    200: {
      description: 'It was there already.',
      content: { 'application/json': { schema: StoredTrace } },
    },
    201: { description: 'It is stored.', content: { 'application/json': { schema: NewTrace } } },
    ...UPLOAD_PROBLEMS,
  },
});

const getRoute = createRoute({
  method: 'get',
  path: '/v1/traces/{id}',
  operationId: 'readTrace',
  tags: ['traces'],
  summary: 'A stored trace, in its canonical form',
  request: { params: traceParams },
  responses: {
    200: { description: 'The trace.', content: { [TRACE_MEDIA_TYPE]: { schema: Trace } } },
    304: { description: 'The reader has it.' },
    ...TRACE_PROBLEMS,
  },
});

const deleteRoute = createRoute({
  method: 'delete',
  path: '/v1/traces/{id}',
  operationId: 'deleteTrace',
  tags: ['traces'],
  summary: 'Delete a trace, with the token that storing it gave: `Authorization: Bearer TOKEN`',
  request: { params: traceParams },
  responses: { 204: { description: 'It is deleted.' }, ...DELETE_PROBLEMS },
});

export function traceRoutes(app: OpenAPIHono, ports: Ports) {
  const storing = app.openapi(postRoute, async (c) => {
    const sharing = sharingOf(ports);
    refuseOtherSites(sharing, c.req.raw);
    const types = [TRACE_MEDIA_TYPE, 'application/json'];
    const body = await readBody(c.req.raw, { limit: sharing.bytes, types, gzip: true });
    const { id, bytes } = await canonicalForm(body);
    if (sharing.blocked.has(id)) throw takenAway();

    const deleteToken = newDeleteToken();
    const storedAt = Date.now();
    const record: TraceRecord = {
      bytes,
      deleteTokenHash: await hashOfToken(deleteToken),
      storedAt,
      expiresAt: sharing.days === 0 ? undefined : storedAt + sharing.days * DAY,
    };
    const outcome = await storeAnswer(ports, sharing.store.put(id, record), UPLOAD_DEADLINE);
    if (outcome === 'blocked') throw takenAway();
    const url = `${originOf(sharing, c.req.raw)}/t/${id}`;
    const headers = { Location: `/v1/traces/${id}`, 'Cache-Control': 'no-store' };
    if (outcome === 'present') return c.json({ id, url }, 200, headers);
    const { expiresAt } = record;
    const expiry = expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt).toISOString() };
    return c.json({ id, url, deleteToken, ...expiry }, 201, headers);
  });

  const reading = storing.openapi(getRoute, async (c) => {
    const { id } = c.req.valid('param');
    const record = await findRecord(ports, id);
    const headers = { ETag: `"${id}"`, 'Cache-Control': cacheControl(record) };
    if (matchingTag(c.req.header('If-None-Match'), [headers.ETag]) !== undefined) {
      return c.body(null, 304, headers);
    }
    return c.body(record.bytes, 200, {
      ...headers,
      'Content-Type': TRACE_MEDIA_TYPE,
      'Content-Length': String(record.bytes.byteLength),
    });
  });

  return reading.openapi(deleteRoute, async (c) => {
    const sharing = sharingOf(ports);
    refuseOtherSites(sharing, c.req.raw);
    const { id } = c.req.valid('param');
    const token = /^Bearer +([\w.~+/-]{1,200}=*)$/i.exec(c.req.header('Authorization') ?? '')?.[1];
    if (token === undefined) {
      throw new HttpProblem(
        'unauthorized',
        401,
        'Authorization: expected Bearer and the token that storing the trace gave',
        {},
        { 'WWW-Authenticate': 'Bearer realm="traces"' },
      );
    }
    if (!isTraceId(id)) throw absent('an id has 64 lower-case hex digits');
    const outcome = await storeAnswer(ports, sharing.store.delete(id, await hashOfToken(token)));
    switch (outcome) {
      case 'deleted':
        return c.body(null, 204, { 'Cache-Control': 'no-store' });
      case 'refused':
        throw new HttpProblem(
          'forbidden',
          403,
          'Authorization: expected the token that storing this trace gave',
        );
      case 'blocked':
        throw takenAway();
      case 'absent':
        throw absent('it expired, was deleted, or never was here');
    }
  });
}

/** @throws {HttpProblem} 400 when it isn't JSON, 422 with the reader's own words when it is no valid trace. */
async function canonicalForm(body: string): Promise<{ id: string; bytes: Uint8Array<ArrayBuffer> }> {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw new HttpProblem('invalid-json', 400, 'body: expected JSON, got something that does not parse');
  }
  try {
    const { source } = decodeTrace(json);
    return {
      id: await traceId(source),
      bytes: new Uint8Array(new TextEncoder().encode(canonicalTrace(source))),
    };
  } catch (error) {
    if (error instanceof FormatError) throw new HttpProblem('invalid-trace', 422, error.message);
    throw error;
  }
}
