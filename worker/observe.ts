/**
 * Around every request: its id, its time, its line in the log and its count. No prompt, query string or address is
 * written anywhere; a path is named by its route's pattern.
 */
import type { Context, MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import { setHeaders } from './answer-headers.ts';
import { errorFields } from './log.ts';
import type { Log, Ports } from './ports.ts';

/** An id of somebody else's that may go into our log and answer. */
const SAFE_ID = /^[\w-]{8,64}$/;
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

export function observe(ports: Ports, log: Log): MiddlewareHandler {
  return async (c, next) => {
    const start = performance.now();
    const requestId = idOf(c, ports);
    await next();
    const ms = performance.now() - start;
    setHeaders(c, [
      ['X-Request-Id', requestId],
      ['Server-Timing', `total;dur=${ms.toFixed(1)}`],
    ]);
    const { status } = c.res;
    const silent = status < 400 && ports.logRequests === 'failed';
    if (silent && !ports.metrics) return;
    const method = METHODS.has(c.req.method) ? c.req.method : 'OTHER';
    const route = routeOf(c);
    ports.metrics?.request({ method, route, status, ms });
    if (silent) return;
    const length = c.res.headers.get('Content-Length');
    log.write('info', 'request', {
      method,
      route,
      status,
      ms: Math.round(ms * 10) / 10,
      requestId,
      bytes: length === null ? undefined : Number(length),
    });
    if (c.error && status >= 500) log.write('error', 'failed', { requestId, route, ...errorFields(c.error) });
  };
}

/** The platform's, the caller's when it is harmless, or a fresh one. */
function idOf(c: Context, ports: Ports): string {
  const given = ports.requestIdOf?.(c.req.raw) ?? c.req.header('X-Request-Id');
  return given !== undefined && SAFE_ID.test(given) ? given : crypto.randomUUID();
}

/** `static` stands for all files, `none` for whatever isn't there, so that labels stay few. */
function routeOf(c: Context): string {
  const route = matchedRoutes(c).find(({ path }) => !path.includes('*'));
  if (route) return route.path;
  return c.res.status < 400 ? 'static' : 'none';
}
