/** Files in a Cache (Cloudflare's `caches.default`, one that Deno opened), each with its own time to be gone. */
import type { FileCache } from './ports.ts';

/** What is used of the Cache API. */
export interface CacheLike {
  match(address: string): Promise<Response | undefined>;
  put(address: string, response: Response): Promise<void>;
}

/** Files are found by these addresses; no request ever goes there. */
const ORIGIN = 'https://files.residscope.invalid/';
/** Milliseconds since 1970. Not every platform's cache reads `max-age`. */
const UNTIL = 'X-Keep-Until';

export class CachedFiles implements FileCache {
  readonly #cache: CacheLike;
  readonly #now: () => number;

  constructor(cache: CacheLike, now: () => number = Date.now) {
    this.#cache = cache;
    this.#now = now;
  }

  async get(name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const response = await this.#cache.match(ORIGIN + encodeURIComponent(name));
    if (!response) return undefined;
    if (Number(response.headers.get(UNTIL)) <= this.#now()) {
      await response.body?.cancel();
      return undefined;
    }
    return new Uint8Array(await response.arrayBuffer());
  }

  put(name: string, bytes: Uint8Array<ArrayBuffer>, keep: number): Promise<void> {
    const headers = {
      'Content-Type': 'application/octet-stream',
      'Cache-Control': `public, max-age=${keep}`,
      [UNTIL]: String(this.#now() + keep * 1000),
    };
    return this.#cache.put(ORIGIN + encodeURIComponent(name), new Response(bytes, { headers }));
  }
}
