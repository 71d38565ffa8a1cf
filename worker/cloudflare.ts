/**
 * Composition root for Cloudflare Workers, and for `wrangler dev`. Static files are answered before this runs, with
 * the headers of site/public/_headers; only what is no file comes here.
 */
import { waitUntil } from 'cloudflare:workers';
import { createApp } from './app.ts';
import { CachedFiles } from './cached-files.ts';
import { CloudflareMetrics } from './cloudflare-metrics.ts';
import { CloudflarePrompts } from './cloudflare-prompts.ts';
import { CloudflareRateLimit } from './cloudflare-rate-limit.ts';
import { hubSettings } from './hub/settings.ts';
import { HubTokenizers } from './hub/tokenizers.ts';
import { EmbeddedTokenizers, type ReadAsset } from './models.ts';
import { NearPrompts } from './near-prompts.ts';
import { AllTokenizers } from './tokenizers.ts';
import { ratePolicies, textOf, type Variables } from './variables.ts';

/** Bindings and variables of wrangler.toml. */
interface Bindings extends Variables {
  readonly ASSETS: Fetcher;
  /** Optional: without it prompts are cached in each data centre by itself. */
  readonly PROMPTS?: KVNamespace;
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
  const hub = new HubTokenizers({ settings, files: new CachedFiles(caches.default) });
  return createApp({
    prompts: new NearPrompts(prompts, settings.promptBytes),
    tokenizers: new AllTokenizers(new EmbeddedTokenizers(readAsset(env.ASSETS)), hub),
    rateLimit: new CloudflareRateLimit(ratePolicies(env), bindings, textOf(env, 'RATE_SALT')),
    ...(env.METRICS && { metrics: new CloudflareMetrics(env.METRICS) }),
    // Both are set by Cloudflare, whatever the caller sends.
    addressOf: (request) => request.headers.get('CF-Connecting-IP') ?? undefined,
    requestIdOf: (request) => request.headers.get('CF-Ray') ?? undefined,
  });
}

function readAsset(assets: Fetcher): ReadAsset {
  return async (path) => {
    const response = await assets.fetch(new URL(path, 'https://assets.residscope.invalid/'));
    if (!response.ok)
      throw new Error(`${path}: expected a static file, got status ${response.status}: build the site`);
    return response.json();
  };
}

export default {
  fetch(request: Request, env: Bindings, ctx: ExecutionContext): Response | Promise<Response> {
    app ??= compose(env);
    return app.fetch(request, env, ctx);
  },
};
