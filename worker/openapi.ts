/**
 * The API's description (OpenAPI 3.1), made of the routes' own schemas. What holds for every call — limits of rate,
 * failures, the request's id — is added here once, so that no route can forget it.
 */
import type { OpenAPIHono } from '@hono/zod-openapi';
import { isObject, type JsonObject } from '../shared/formats/json.ts';
import { VERSION } from '../shared/version.ts';

const DESCRIPTION = `Tokenizing for language models, exactly as each model's own tokenizer does it, with offsets; and shared lens traces.

Errors are problem details (RFC 9457): \`type\` is \`urn:residscope:problem:KIND\`, \`detail\` says what was expected and what came. Every answer carries \`X-Request-Id\`: name it in a report. Reads and tokenizing are open to any page (CORS). Version 1 only ever gains members and calls; clients must ignore members they don't know. docs/api.md has examples that are run as tests.`;

const TAGS = [
  { name: 'tokenize', description: 'Text to ids and back.' },
  { name: 'models', description: 'Models whose tokenizer the server knows.' },
  { name: 'traces', description: 'Lens traces: stored under the hash of what they say, immutable.' },
  { name: 'pages', description: 'Pages and previews for readers.' },
  { name: 'server', description: 'The description, liveness, counters.' },
];

/** Not limited in rate. */
const UNLIMITED: ReadonlySet<string> = new Set(['/healthz', '/metrics']);

const text = { type: 'string' } as const;
const EVERY_HEADER = {
  'X-Request-Id': { description: 'Names this request in the server’s log.', required: true, schema: text },
  'Server-Timing': { description: 'Milliseconds on the server.', schema: text },
} as const;
const LIMIT_HEADERS = {
  'RateLimit-Policy': {
    description: '`"BUDGET";q=REQUESTS;w=SECONDS`, where this server has one.',
    schema: text,
  },
  RateLimit: { description: '`"BUDGET";r=LEFT;t=SECONDS`, where the platform tells.', schema: text },
} as const;
const RETRY_AFTER = {
  'Retry-After': {
    description: 'Seconds to wait before the next try; 0 where only a smaller request helps.',
    required: true,
    schema: { type: 'string', pattern: '^[0-9]+$' },
    example: '30',
  },
} as const;
const PROBLEM = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } as const;
const RETRIED: ReadonlySet<string> = new Set(['413', '429', '502', '503', '504']);
const RETRIED_AT_TIMES = { 'Retry-After': { ...RETRY_AFTER['Retry-After'], required: false } } as const;

/** The description of all routes that the app has by now. */
export function describeApi(app: OpenAPIHono): JsonObject {
  const document: unknown = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Residscope',
      version: VERSION,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: '/', description: 'This server' }],
    tags: TAGS,
  });
  // Through JSON: what is answered, without members that are undefined.
  const description = JSON.parse(JSON.stringify(document)) as JsonObject;
  const paths = objectOf(description['paths']);
  return {
    ...description,
    paths: Object.fromEntries(
      Object.entries(paths).map(([path, item]) => [path, complete(path, objectOf(item))]),
    ),
  };
}

function complete(path: string, item: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(item).map(([method, operation]) => {
      const { responses, ...rest } = objectOf(operation);
      return [method, { ...rest, responses: completeResponses(path, objectOf(responses)) }];
    }),
  );
}

function completeResponses(path: string, own: JsonObject): JsonObject {
  const limited = !UNLIMITED.has(path);
  const every: JsonObject = {
    ...(limited && { 429: { description: 'Too many requests from this address.', content: PROBLEM } }),
    500: { description: 'The server failed; the request may be tried again.', content: PROBLEM },
    ...own,
  };
  return Object.fromEntries(
    Object.entries(every).map(([status, response]) => {
      const { headers, ...rest } = objectOf(response);
      return [
        status,
        {
          ...rest,
          headers: {
            ...EVERY_HEADER,
            ...(limited && LIMIT_HEADERS),
            ...(RETRIED.has(status) && RETRY_AFTER),
            ...(status === '422' && RETRIED_AT_TIMES),
            ...(isObject(headers) ? headers : {}),
          },
        },
      ];
    }),
  );
}

function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}
