/** The edge's routes, pure of any platform: {@link createApp} takes the ports and gives a fetch handler. */
import { OpenAPIHono } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { HTTPException } from 'hono/http-exception';
import { setHeaders } from './answer-headers.ts';
import { consoleLog } from './log.ts';
import { observe } from './observe.ts';
import type { Ports } from './ports.ts';
import { HttpProblem, problemResponse } from './problem.ts';
import { limitRequests } from './rate-limit.ts';
import { cardRoutes } from './routes/cards.ts';
import { descriptionRoutes } from './routes/description.ts';
import { detokenizeRoute } from './routes/detokenize.ts';
import { framePageRoute } from './routes/frame-page.ts';
import { healthRoute } from './routes/health.ts';
import { metricsRoute } from './routes/metrics.ts';
import { modelsRoute } from './routes/models.ts';
import { oembedRoute } from './routes/oembed.ts';
import { privacyRoute } from './routes/privacy.ts';
import { tokenizeRoutes } from './routes/tokenize.ts';
import { tracePageRoute } from './routes/trace-page.ts';
import { traceRoutes } from './routes/traces.ts';
import { serveAssets } from './static-files.ts';
import { invalidRequest } from './validation.ts';

/** Every answer of the API; static files have their own (site/public/_headers). */
const HEADERS = Object.entries({
  'Cross-Origin-Resource-Policy': 'cross-origin',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
});

const CORS = {
  origin: '*',
  allowMethods: ['GET', 'HEAD'],
  allowHeaders: ['Content-Type', 'If-None-Match'],
  exposeHeaders: ['ETag', 'X-Cache', 'Retry-After', 'RateLimit', 'RateLimit-Policy', 'X-Request-Id'],
  /** Seconds. */
  maxAge: 86_400,
};

/** Nothing here reads a cookie, so any page may read everything, and tokenize. Storing is for this server's own page. */
const READS = open(cors(CORS));
const CALLS = open(cors({ ...CORS, allowMethods: ['GET', 'HEAD', 'POST'] }));
const calls: MiddlewareHandler = (c, next) => (c.req.path.startsWith('/v1/traces') ? READS : CALLS)(c, next);
const OPEN_READS = ['/oembed', '/openapi.json', '/healthz'];

/**
 * Preflights by Hono's middleware. On what follows them, the two headers that they leave: Hono's sets them before the
 * route answers, and then makes the answer anew, body and all, which costs as much as a warm answer.
 */
function open(preflight: MiddlewareHandler): MiddlewareHandler {
  const headers: readonly [string, string][] = [
    ['Access-Control-Allow-Origin', CORS.origin],
    ['Access-Control-Expose-Headers', CORS.exposeHeaders.join()],
  ];
  return async (c, next) => {
    if (c.req.method === 'OPTIONS') return preflight(c, next);
    await next();
    setHeaders(c, headers);
  };
}

export function createApp(ports: Ports): OpenAPIHono {
  const app = new OpenAPIHono({
    defaultHook: (result) => {
      if (!result.success) throw invalidRequest(result.error);
    },
  });
  const log = ports.log ?? consoleLog;
  app.use(observe(ports, log));
  if (ports.assets) app.use(serveAssets(ports));
  app.use(async (c, next) => {
    await next();
    // A route's own (a page's content policy) stands.
    const { headers } = c.res;
    setHeaders(
      c,
      HEADERS.filter(([name]) => !headers.has(name)),
    );
  });
  for (const path of OPEN_READS) app.use(path, READS);
  app.use('/v1/*', calls);
  app.use(limitRequests(ports, log));

  modelsRoute(app, ports);
  tokenizeRoutes(app, ports);
  detokenizeRoute(app, ports);
  traceRoutes(app, ports);
  cardRoutes(app, ports);
  oembedRoute(app, ports);
  tracePageRoute(app, ports);
  framePageRoute(app, ports);
  healthRoute(app);
  metricsRoute(app, ports);
  descriptionRoutes(app);
  privacyRoute(app, ports);

  refuseOtherMethods(app);
  app.notFound((c) =>
    problemResponse(
      new HttpProblem(
        'not-found',
        404,
        `${c.req.path}: no page or call of that name. The calls are under /v1/.`,
      ),
    ),
  );
  app.onError((error) => problemResponse(asProblem(error)));
  return app;
}

/** After all routes: what a path answers with other methods. */
function refuseOtherMethods(app: OpenAPIHono): void {
  const methods = new Map<string, Set<string>>();
  for (const { path, method } of app.routes) {
    if (method === 'ALL') continue;
    const known = methods.get(path) ?? new Set(['OPTIONS']);
    known.add(method);
    if (method === 'GET') known.add('HEAD');
    methods.set(path, known);
  }
  for (const [path, known] of methods) {
    const allow = [...known].sort();
    app.all(path, (c) => {
      const detail = `${c.req.method} ${path}: expected ${allow.join(', ')}`;
      throw new HttpProblem('method-not-allowed', 405, detail, { allow }, { Allow: allow.join(', ') });
    });
  }
}

/** What Hono itself throws: a body that isn't JSON. */
function asProblem(error: Error): Error {
  if (!(error instanceof HTTPException) || error.status !== 400) return error;
  return new HttpProblem('invalid-json', 400, 'body: expected JSON, got something that does not parse');
}
