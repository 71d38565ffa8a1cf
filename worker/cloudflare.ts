/**
 * Composition root for Cloudflare Workers, and for `wrangler dev`. Static files are answered before this runs, with
 * the headers of site/public/_headers; only what is no file comes here.
 */
import { waitUntil } from 'cloudflare:workers';
import { createApp } from './app.ts';
import { CachedFiles } from './cached-files.ts';
import { CloudflareCards } from './cloudflare-cards.ts';
import { CloudflareMetrics } from './cloudflare-metrics.ts';
import { CloudflarePrompts } from './cloudflare-prompts.ts';
import { CloudflareRateLimit } from './cloudflare-rate-limit.ts';
import { KvTraces } from './cloudflare-traces-kv.ts';
import { R2Traces } from './cloudflare-traces-r2.ts';
import { hubSettings } from './hub/settings.ts';
import { HubTokenizers } from './hub/tokenizers.ts';
import { EmbeddedTokenizers, type ReadAsset } from './models.ts';
import type { TraceSharing } from './ports.ts';
import { AllTokenizers } from './tokenizers.ts';
import { traceRules } from './trace-sharing.ts';
import { contactOf, logRequestsOf, ratePolicies, textOf, type Variables } from './variables.ts';

/** Bindings and variables of wrangler.toml. */
interface Bindings extends Variables {
  readonly ASSETS: Fetcher;
  /** Optional: without it prompts are cached in each data centre by itself. */
  readonly PROMPTS?: KVNamespace;
  /** Optional: where shared traces are kept. With both R2 is taken, without either none are kept. */
  readonly TRACES?: R2Bucket;
  readonly TRACES_KV?: KVNamespace;
  /** Optional: without one that budget isn't limited. */
  readonly LIMIT_READ?: RateLimit;
  readonly LIMIT_TOKENIZE?: RateLimit;
  readonly LIMIT_UPLOAD?: RateLimit;
  /** Optional: counters of requests. */
  readonly METRICS?: AnalyticsEngineDataset;
  /** Variables and secrets by name: see variables.ts. */
  readonly [variable: string]: unknown;
}

type App = ReturnType<typeof createApp>;

/** One an isolate, so that tokenizers are loaded once. */
let app: App | undefined;

function compose(env: Bindings): App {
  const bindings = { read: env.LIMIT_READ, tokenize: env.LIMIT_TOKENIZE, upload: env.LIMIT_UPLOAD };
  const settings = hubSettings(env);
  const prompts = new CloudflarePrompts(caches.default, env.PROMPTS, waitUntil);
  const traces = sharing(env);
  const hub = new HubTokenizers({ settings, files: new CachedFiles(caches.default) });
  return createApp({
    prompts,
    promptBytes: settings.promptBytes,
    tokenizers: new AllTokenizers(new EmbeddedTokenizers(readAsset(env.ASSETS)), hub),
    ...(traces && { traces }),
    rateLimit: new CloudflareRateLimit(ratePolicies(env), bindings, textOf(env, 'RATE_SALT')),
    ...(env.METRICS && { metrics: new CloudflareMetrics(env.METRICS) }),
    // The platform's own log has a line of every invocation (observability in wrangler.toml).
    logRequests: logRequestsOf(env, 'failed'),
    ...contactOf(env),
    // Both are set by Cloudflare, whatever the caller sends.
    addressOf: (request) => request.headers.get('CF-Connecting-IP') ?? undefined,
    requestIdOf: (request) => request.headers.get('CF-Ray') ?? undefined,
  });
}

function sharing(env: Bindings): TraceSharing | undefined {
  const store = env.TRACES
    ? new R2Traces(env.TRACES)
    : env.TRACES_KV
      ? new KvTraces(env.TRACES_KV)
      : undefined;
  if (!store) return undefined;
  const font = async (path: string) => new Uint8Array(await (await asset(env.ASSETS, path)).arrayBuffer());
  return {
    store,
    cards: new CloudflareCards(caches.default, font, waitUntil),
    page: () => asset(env.ASSETS, '/'),
    ...traceRules(env),
  };
}

function readAsset(assets: Fetcher): ReadAsset {
  return async (path) => (await asset(assets, path)).json();
}

async function asset(assets: Fetcher, path: string): Promise<Response> {
  const response = await assets.fetch(new URL(path, 'https://assets.residscope.invalid/'));
  if (response.ok) return response;
  throw new Error(`${path}: expected a static file, got status ${response.status}: build the site`);
}

export default {
  fetch(request: Request, env: Bindings, ctx: ExecutionContext): Response | Promise<Response> {
    app ??= compose(env);
    return app.fetch(request, env, ctx);
  },
};
