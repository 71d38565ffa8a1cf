/**
 * Composition root for Deno: `npm run start:deno` here, or Deno Deploy. It needs the network, the built site and a few
 * variables, and nothing else of the machine; prompts and counters live in Deno KV.
 */
import { forwardedAddress } from './address.ts';
import { createApp } from './app.ts';
import { CachedFiles } from './cached-files.ts';
import { compileResvg } from './deno-cards.ts';
import { openKv } from './deno-kv.ts';
import { DenoPrompts } from './deno-prompts.ts';
import { DenoRateLimit } from './deno-rate-limit.ts';
import { listFiles } from './deno-site.ts';
import { DenoTraces } from './deno-traces.ts';
import { parseHeaders } from './headers-file.ts';
import { HUB_VARIABLES, hubSettings } from './hub/settings.ts';
import { HubTokenizers } from './hub/tokenizers.ts';
import { BufferedLog } from './log.ts';
import { EmbeddedTokenizers } from './models.ts';
import { PrometheusMetrics } from './prometheus.ts';
import { ResvgCards } from './resvg-cards.ts';
import { StaticFiles } from './static-files.ts';
import { AllTokenizers } from './tokenizers.ts';
import { TRACE_VARIABLES, traceRules } from './trace-sharing.ts';
import { contactOf, logRequestsOf, ratePolicies, textOf, wholeNumber } from './variables.ts';

/** All variables read here; scripts/serve-deno.mjs permits these and no other. */
const NAMES = [
  'CONTACT',
  'KV_PATH',
  'LOG_REQUESTS',
  'METRICS_TOKEN',
  'RATE_READ',
  'RATE_TOKENIZE',
  'RATE_UPLOAD',
  'TRUSTED_PROXIES',
  ...HUB_VARIABLES,
  ...TRACE_VARIABLES,
];

const SITE = 'dist/site';

const variables = Object.fromEntries(NAMES.map((name) => [name, Deno.env.get(name)]));
const files = await listFiles(SITE);
const assets = new StaticFiles(files, parseHeaders(await Deno.readTextFile(`${SITE}/_headers`)));
// Without a path the store is Deno's own for this program; on Deno Deploy, the one that all regions share.
const kv = await openKv(textOf(variables, 'KV_PATH'));
const metrics = new PrometheusMetrics();
const log = new BufferedLog();
globalThis.addEventListener('unload', () => log.flush());
const settings = hubSettings(variables);
const hub = new HubTokenizers({ settings, files: new CachedFiles(await caches.open('residscope-hub')) });
const embedded = new EmbeddedTokenizers(
  async (path) => JSON.parse(new TextDecoder().decode(await readFile(path))) as unknown,
);
const proxies = wholeNumber(variables, 'TRUSTED_PROXIES', 0);

const app = createApp({
  prompts: new DenoPrompts(kv),
  promptBytes: settings.promptBytes,
  tokenizers: new AllTokenizers(embedded, hub),
  rateLimit: new DenoRateLimit(kv, ratePolicies(variables)),
  traces: {
    store: new DenoTraces(kv),
    cards: new ResvgCards({ module: compileResvg, font: readFile }),
    page: async () =>
      (await assets.answer(new Request('https://assets.residscope.invalid/'))) ??
      new Response(null, { status: 404 }),
    ...traceRules(variables),
  },
  log,
  logRequests: logRequestsOf(variables, 'all'),
  metrics,
  scrape: { text: () => metrics.text(), token: textOf(variables, 'METRICS_TOKEN') },
  ...contactOf(variables),
  addressOf: (request, env) =>
    forwardedAddress(connectionOf(env), request.headers.get('X-Forwarded-For'), proxies),
  assets: (request) => assets.answer(request),
});

function readFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const file = files.get(path);
  if (!file) throw new Error(`${path}: expected a static file: build the site`);
  return file.read();
}

/** What `deno serve` tells of a request, as the app's environment. */
function connectionOf(env: unknown): string | undefined {
  const { remoteAddr } = env as Deno.ServeHandlerInfo;
  return 'hostname' in remoteAddr ? remoteAddr.hostname : undefined;
}

export default {
  fetch: (request, info) => app.fetch(request, info),
} satisfies Deno.ServeDefaultExport;
