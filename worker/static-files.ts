/**
 * Static files where the platform doesn't serve them itself (Deno), answered as Cloudflare's static assets are: only
 * files of a list made at the start, so that no path of a request ever reaches a file system; addresses without
 * `.html`; tags of the content; and single byte ranges besides, for the weights.
 */
import type { MiddlewareHandler } from 'hono';
import { compress } from 'hono/compress';
import { getMimeType, mimes } from 'hono/utils/mime';
import { sha256 } from '../shared/sha256.ts';
import { matchingTag } from './etag.ts';
import type { HeaderRules } from './headers-file.ts';
import type { Ports } from './ports.ts';

export interface StaticFile {
  /** Bytes. */
  readonly size: number;
  read(): Promise<Uint8Array<ArrayBuffer>>;
  /** Bytes from `start` to before `end`. */
  stream(start: number, end: number): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
}

/** What Hono's list lacks. */
const TYPES = { ...mimes, md: 'text/markdown; charset=utf-8' };

/** Unless _headers says otherwise: asked for again each time, which the tag makes cheap. */
const CACHE_CONTROL = 'public, max-age=0, must-revalidate';

/** Answers what is a file before anything else looks at the request, packed where the reader takes that. */
export function serveAssets(ports: Ports): MiddlewareHandler {
  const packed = compress();
  return async (c, next) => {
    const file = await ports.assets?.(c.req.raw);
    if (!file) return next();
    await packed(c, () => {
      c.res = file;
      return Promise.resolve();
    });
  };
}

export class StaticFiles {
  readonly #files: ReadonlyMap<string, StaticFile>;
  readonly #rules: HeaderRules;
  readonly #tags = new Map<string, Promise<string>>();

  /** @param files by path from the site's root: `/index.html`. */
  constructor(files: ReadonlyMap<string, StaticFile>, rules: HeaderRules) {
    this.#files = new Map([...files].filter(([path]) => !/\/[_.]/.test(path)));
    this.#rules = rules;
  }

  /** The answer, or undefined when there is no such file. */
  async answer(request: Request): Promise<Response | undefined> {
    const { pathname, search } = new URL(request.url);
    const found = this.#find(pathname);
    if (found === undefined) return undefined;
    const headers = this.#rules(pathname);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      headers.set('Allow', 'GET, HEAD');
      return new Response(null, { status: 405, headers });
    }
    if (typeof found === 'object') {
      headers.set('Location', found.redirect + search);
      return new Response(null, { status: 307, headers });
    }
    return this.#file(request, found, headers);
  }

  /** A file's path, or the address that stands for it: `/about` for about.html, `/` for index.html. */
  #find(pathname: string): string | { readonly redirect: string } | undefined {
    const path = decoded(pathname);
    const folder = /^(.*\/)index(?:\.html)?$/.exec(path)?.[1];
    if (folder !== undefined && this.#files.has(`${folder}index.html`)) return { redirect: folder };
    const page = /^(.+)\.html$/.exec(path)?.[1];
    if (page !== undefined && this.#files.has(path)) return { redirect: page };
    if (this.#files.has(path)) return path;
    if (path.endsWith('/')) {
      if (this.#files.has(`${path}index.html`)) return `${path}index.html`;
      return this.#files.has(`${path.slice(0, -1)}.html`) ? { redirect: path.slice(0, -1) } : undefined;
    }
    if (this.#files.has(`${path}.html`)) return `${path}.html`;
    return this.#files.has(`${path}/index.html`) ? { redirect: `${path}/` } : undefined;
  }

  async #file(request: Request, path: string, headers: Headers): Promise<Response> {
    const file = this.#files.get(path);
    if (!file) throw new Error(`${path}: expected a file of the list`);
    const tag = await this.#tag(path, file);
    headers.set('ETag', tag);
    headers.set('Accept-Ranges', 'bytes');
    if (!headers.has('Cache-Control')) headers.set('Cache-Control', CACHE_CONTROL);
    if (matchingTag(request.headers.get('If-None-Match') ?? undefined, [tag]) !== undefined) {
      return new Response(null, { status: 304, headers });
    }
    headers.set('Content-Type', getMimeType(path, TYPES) ?? 'application/octet-stream');
    const asked = rangeOf(request.headers, tag, file.size);
    if (asked === 'none') {
      headers.set('Content-Range', `bytes */${file.size}`);
      return new Response(null, { status: 416, headers });
    }
    const { start, end } = asked ?? { start: 0, end: file.size };
    headers.set('Content-Length', String(end - start));
    if (asked) headers.set('Content-Range', `bytes ${start}-${end - 1}/${file.size}`);
    const body = request.method === 'HEAD' ? null : await file.stream(start, end);
    return new Response(body, { status: asked ? 206 : 200, headers });
  }

  /** SHA-256 of the content, so that every machine with the same build gives the same. */
  #tag(path: string, file: StaticFile): Promise<string> {
    let tag = this.#tags.get(path);
    if (!tag) {
      tag = tagOf(file);
      this.#tags.set(path, tag);
      // What failed is tried again by the next request.
      tag.catch(() => this.#tags.delete(path));
    }
    return tag;
  }
}

async function tagOf(file: StaticFile): Promise<string> {
  return `"${(await sha256(await file.read())).slice(0, 32)}"`;
}

/** As it stands when it doesn't decode: then it is in no list. */
function decoded(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}

/**
 * The one range asked for (RFC 9110, 14): undefined when the whole file is to be sent, `none` when no byte of the file
 * is in it. Several ranges at once are answered by the whole file.
 */
export function rangeOf(
  headers: Headers,
  tag: string,
  size: number,
): { readonly start: number; readonly end: number } | 'none' | undefined {
  const asked = /^bytes=(\d*)-(\d*)$/.exec(headers.get('Range')?.trim() ?? '');
  const condition = headers.get('If-Range');
  if (!asked || (condition !== null && condition !== tag)) return undefined;
  const [, first = '', last = ''] = asked;
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'none' : { start: size - length, end: size };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= size) return 'none';
  return { start, end: last === '' ? size : Math.min(Number(last) + 1, size) };
}
