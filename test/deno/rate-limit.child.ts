/**
 * Several of Deno's rate limiters on one store, as several processes have it, each by a connection of its own:
 * `deno run … rate-limit.child.ts KV_PATH`. Runs the plan that comes as JSON on standard input and prints what happened.
 */
import { openKv } from '../../worker/deno-kv.ts';
import { DenoRateLimit } from '../../worker/deno-rate-limit.ts';
import type { Outcome, Plan } from '../support/rate-plan.ts';

const plan = JSON.parse(await new Response(Deno.stdin.readable).text()) as Plan;
let now = Date.UTC(2026, 0, 1, 12);
const count = { writes: 0, reads: 0 };

/** The real store; its calls are counted. */
function counting(kv: Deno.Kv): Deno.Kv {
  return new Proxy(kv, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        if (name === 'atomic') count.writes++;
        if (name === 'get') count.reads++;
        return Reflect.apply(value, target, args);
      };
    },
  });
}

const policies = new Map([['tokenize', { requests: plan.limit, window: 60 }]] as const);
const limiters: DenoRateLimit[] = [];
for (let i = 0; i < plan.processes; i++) {
  limiters.push(new DenoRateLimit(counting(await openKv(Deno.args[0])), policies, () => now));
}
// The salt of the day is no request's doing.
await Promise.all(limiters.map((limiter) => limiter.take('tokenize', 'nobody')));
count.writes = count.reads = 0;

const allowed: boolean[] = [];
const remaining: (number | undefined)[] = [];
const half = Math.ceil(plan.order.length / 2);
for (let at = 0; at < plan.order.length; at += plan.atOnce) {
  if (plan.pause !== undefined && at >= half && at - plan.atOnce < half) now += plan.pause;
  const some = plan.order.slice(at, at + plan.atOnce);
  const decisions = await Promise.all(some.map(async (i) => limiters[i]?.take('tokenize', '192.0.2.1')));
  for (const decision of decisions) {
    allowed.push(decision?.allowed ?? false);
    remaining.push(decision?.remaining);
  }
}
console.log(JSON.stringify({ allowed, remaining, ...count } satisfies Outcome));
Deno.exit(0);
