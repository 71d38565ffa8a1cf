/**
 * Composition root for Cloudflare Workers, and for `wrangler dev`. Static files are answered before this runs, with
 * the headers of site/public/_headers; only what is no file comes here.
 */
import { waitUntil } from 'cloudflare:workers';
import { createApp } from './app.ts';
import { CloudflarePrompts } from './cloudflare-prompts.ts';
import { EmbeddedTokenizers, type ReadAsset } from './models.ts';

/** Bindings of wrangler.toml. */
interface Bindings {
  readonly ASSETS: Fetcher;
  /** Optional: without it prompts are cached in each data centre by itself. */
  readonly PROMPTS?: KVNamespace;
}

type App = ReturnType<typeof createApp>;

/** One an isolate, so that tokenizers are loaded once. */
let app: App | undefined;

function compose(env: Bindings): App {
  return createApp({
    prompts: new CloudflarePrompts(caches.default, env.PROMPTS, waitUntil),
    tokenizers: new EmbeddedTokenizers(readAsset(env.ASSETS)),
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
