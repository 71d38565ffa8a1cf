/** Cards on Cloudflare: the renderer is a module of the worker (none may be compiled later); pictures stay in the Cache API. */
import resvg from '@resvg/resvg-wasm/index_bg.wasm';
import { VERSION } from '../shared/version.ts';
import type { CardRenderer } from './ports.ts';
import { ResvgCards } from './resvg-cards.ts';

/** Entries are found by these addresses; no request ever goes there. */
const CACHE_ORIGIN = 'https://cards.residscope.invalid/';
/** Seconds. */
const KEEP = 7 * 24 * 3600;

export class CloudflareCards implements CardRenderer {
  readonly #cache: Cache;
  readonly #renderer: ResvgCards;
  readonly #defer: (work: Promise<unknown>) => void;

  /** @param font reads a static file. @param defer lets work go on after the answer (`waitUntil`). */
  constructor(
    cache: Cache,
    font: (path: string) => Promise<Uint8Array<ArrayBuffer>>,
    defer: (work: Promise<unknown>) => void,
  ) {
    this.#cache = cache;
    this.#renderer = new ResvgCards({ module: () => Promise.resolve(resvg), font });
    this.#defer = defer;
  }

  async png(id: string, svg: () => string): Promise<Uint8Array<ArrayBuffer>> {
    const address = `${CACHE_ORIGIN}${VERSION}/${id}.png`;
    const kept = await this.#cache.match(address);
    if (kept) return new Uint8Array(await kept.arrayBuffer());
    const png = await this.#renderer.png(id, svg);
    const headers = { 'Content-Type': 'image/png', 'Cache-Control': `public, max-age=${KEEP}` };
    this.#defer(this.#cache.put(address, new Response(png, { headers })));
    return png;
  }
}
