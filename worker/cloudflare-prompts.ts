/**
 * Prompts on Cloudflare: the Cache API first (this data centre, free, may forget), then KV where one is bound (all
 * data centres).
 */
import { consoleLog, errorFields } from './log.ts';
import type { PromptStore } from './ports.ts';

/** Entries are found by these addresses; no request ever goes there. */
const CACHE_ORIGIN = 'https://prompts.residscope.invalid/';
/** Seconds: a month. Entries never go stale, they only cost. */
const KEEP = 30 * 24 * 3600;

export class CloudflarePrompts implements PromptStore {
  readonly #cache: Cache;
  readonly #kv: KVNamespace | undefined;
  readonly #defer: (work: Promise<unknown>) => void;

  /** @param defer lets work go on after the answer (`waitUntil`). */
  constructor(cache: Cache, kv: KVNamespace | undefined, defer: (work: Promise<unknown>) => void) {
    this.#cache = cache;
    this.#kv = kv;
    this.#defer = defer;
  }

  async get(key: string): Promise<string | undefined> {
    const near = await this.#cache.match(CACHE_ORIGIN + key);
    if (near) return near.text();
    const far = await this.#kv?.get(key);
    if (far === undefined || far === null) return undefined;
    this.#later(this.#putNear(key, far));
    return far;
  }

  async put(key: string, value: string): Promise<void> {
    if (this.#kv) this.#later(this.#kv.put(key, value, { expirationTtl: KEEP }));
    await this.#putNear(key, value);
  }

  /** What fails after the answer is told to the log: a full day's share of writes ends in errors here. */
  #later(work: Promise<unknown>): void {
    this.#defer(
      work.catch((error: unknown) => consoleLog.write('error', 'prompt store', errorFields(error))),
    );
  }

  #putNear(key: string, value: string): Promise<void> {
    const headers = { 'Content-Type': 'application/json', 'Cache-Control': `public, max-age=${KEEP}` };
    return this.#cache.put(CACHE_ORIGIN + key, new Response(value, { headers }));
  }
}
