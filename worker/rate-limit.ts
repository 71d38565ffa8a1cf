/**
 * Requests an address may make: what is counted as what, the 429, and the headers that tell
 * (draft-ietf-httpapi-ratelimit-headers-10). A platform that doesn't tell how many are left (Cloudflare's binding)
 * gives the policy always and `RateLimit` only when nothing is left.
 */
import type { MiddlewareHandler } from 'hono';
import { addressKey } from './address.ts';
import { setHeaders } from './answer-headers.ts';
import { within } from './deadline.ts';
import { errorFields } from './log.ts';
import type { Budget, Log, Ports, RateDecision, RatePolicy } from './ports.ts';
import { HttpProblem } from './problem.ts';

/** Milliseconds: a limiter slower than this is a limiter that fails. */
const DEADLINE = 1_000;

/** What a request is counted as. Undefined: not at all. */
export function budgetOf(method: string, path: string): Budget | undefined {
  if (method === 'OPTIONS' || path === '/healthz' || path === '/metrics') return undefined;
  if (path.startsWith('/v1/tokenize') || path.startsWith('/v1/detokenize')) return 'tokenize';
  return method === 'GET' || method === 'HEAD' ? 'read' : 'upload';
}

/** @throws {HttpProblem} 429 */
export function limitRequests(ports: Ports, log: Log): MiddlewareHandler {
  return async (c, next) => {
    const { rateLimit, metrics } = ports;
    const budget = budgetOf(c.req.method, c.req.path);
    const policy = budget && rateLimit?.policy(budget);
    const address = policy && ports.addressOf?.(c.req.raw, c.env);
    if (!rateLimit || !budget || !policy || address === undefined) return next();
    let decision: RateDecision | undefined;
    try {
      decision = await within(rateLimit.take(budget, addressKey(address)), 'rate limit', DEADLINE);
    } catch (error) {
      metrics?.count('store_errors', 'rate_limit');
      log.write('error', 'rate limit', errorFields(error));
    }
    const headers = headersOf(budget, policy, decision);
    if (decision && !decision.allowed) {
      metrics?.count('rate_limited', budget);
      const retryAfter = Math.max(1, Math.ceil(decision.reset));
      throw new HttpProblem(
        'rate-limited',
        429,
        `expected at most ${policy.requests} requests of this kind in ${policy.window} s from an address: wait ${retryAfter} s`,
        { limit: policy.requests },
        { ...headers, 'Retry-After': String(retryAfter) },
      );
    }
    await next();
    setHeaders(c, Object.entries(headers));
  };
}

function headersOf(
  budget: Budget,
  policy: RatePolicy,
  decision: RateDecision | undefined,
): Record<string, string> {
  const headers: Record<string, string> = {
    'RateLimit-Policy': `"${budget}";q=${policy.requests};w=${policy.window}`,
  };
  const remaining = decision?.allowed === false ? 0 : decision?.remaining;
  if (decision && remaining !== undefined) {
    headers['RateLimit'] = `"${budget}";r=${remaining};t=${Math.ceil(decision.reset)}`;
  }
  return headers;
}
