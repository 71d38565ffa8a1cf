/**
 * Cards as PNG by resvg, compiled to wasm (`@resvg/resvg-wasm`, MPL-2.0: the renderer that most tools of this kind
 * stand on), with the DejaVu fonts (free licence, wide coverage; no Chinese, Japanese or Korean, and no emoji), which
 * the site ships as static files. Fonts and renderer are loaded with the first PNG.
 */
import { initWasm, Resvg } from '@resvg/resvg-wasm';
import { ByteLru } from './byte-lru.ts';
import type { CardRenderer } from './ports.ts';

/** Static files: vite.site.config.ts copies them from the npm package `dejavu-fonts-ttf`. */
const FONTS = ['DejaVuSans', 'DejaVuSansMono', 'DejaVuSerif'].map((name) => `/fonts/${name}.ttf`);
/** Bytes of pictures kept. */
const KEPT = 4 * 1024 * 1024;

export interface ResvgParts {
  /** The compiled renderer. */
  module(): Promise<WebAssembly.Module>;
  /** A static file: `/fonts/DejaVuSans.ttf`. */
  font(path: string): Promise<Uint8Array<ArrayBuffer>>;
}

/** One a process: the package holds one instance. */
let started = false;

export class ResvgCards implements CardRenderer {
  readonly #parts: ResvgParts;
  readonly #kept = new ByteLru<Uint8Array<ArrayBuffer>>(KEPT);
  // Finished ones only: a request must not wait for another request's reading, which ends with its caller.
  #fonts: readonly Uint8Array[] | undefined;

  constructor(parts: ResvgParts) {
    this.#parts = parts;
  }

  async png(id: string, svg: () => string): Promise<Uint8Array<ArrayBuffer>> {
    const kept = this.#kept.get(id);
    if (kept) return kept;
    this.#fonts ??= await Promise.all(FONTS.map((path) => this.#parts.font(path)));
    if (!started) await start(await this.#parts.module());
    const png = render(svg(), this.#fonts);
    this.#kept.set(id, png, png.byteLength);
    return png;
  }
}

async function start(module: WebAssembly.Module): Promise<void> {
  try {
    await initWasm(module);
  } catch (error) {
    // Another request was faster.
    if (!(error instanceof Error) || !error.message.startsWith('Already initialized')) throw error;
  }
  started = true;
}

function render(svg: string, fonts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const picture = new Resvg(svg, {
    font: {
      fontBuffers: [...fonts],
      defaultFontFamily: 'DejaVu Sans',
      sansSerifFamily: 'DejaVu Sans',
      serifFamily: 'DejaVu Serif',
      monospaceFamily: 'DejaVu Sans Mono',
    },
  });
  try {
    const image = picture.render();
    try {
      return new Uint8Array(image.asPng());
    } finally {
      image.free();
    }
  } finally {
    picture.free();
  }
}
