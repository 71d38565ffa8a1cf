/** A small static server for tests: folders under address prefixes, isolated so that wasm threads work. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize, sep } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
  '.wasm': 'application/wasm',
};

export interface StaticServer {
  /** `http://localhost:PORT` */
  readonly origin: string;
  close(): Promise<void>;
}

export interface StaticContent {
  /** `/prefix/` → folder. */
  readonly folders: Readonly<Record<string, string>>;
  /** `/path` → text. */
  readonly texts?: Readonly<Record<string, string>>;
  /** Default true: with the headers that let wasm have threads. False: as a plain static host answers. */
  readonly isolated?: boolean;
  /** Default false. True: pages of other origins may read everything, as on most static hosts. */
  readonly cors?: boolean;
}

const ISOLATION = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'cross-origin',
};

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: string | { readonly file: string; readonly start: number; readonly end: number };
}

function typeOf(path: string): string {
  return TYPES[extname(path)] ?? 'application/octet-stream';
}

async function answer(
  { folders, texts }: StaticContent,
  path: string,
  range: string | undefined,
): Promise<Answer> {
  const text = texts?.[path];
  if (text !== undefined) return { status: 200, headers: { 'content-type': typeOf(path) }, body: text };
  const prefix = Object.keys(folders).find((p) => path.startsWith(p));
  if (prefix === undefined) return { status: 404 };
  const folder = folders[prefix] as string;
  const rest = path.slice(prefix.length);
  const file = normalize(join(folder, rest === '' || rest.endsWith('/') ? `${rest}index.html` : rest));
  if (!file.startsWith(normalize(folder) + sep)) return { status: 404 };
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) return { status: 404 };
  const headers = { 'content-type': typeOf(file), 'accept-ranges': 'bytes' };
  const asked = /^bytes=(\d+)-(\d*)$/.exec(range ?? '');
  const start = asked ? Number(asked[1]) : 0;
  const last = asked?.[2] ? Math.min(Number(asked[2]), found.size - 1) : found.size - 1;
  if (start > last && found.size > 0) {
    return { status: 416, headers: { 'content-range': `bytes */${found.size}` } };
  }
  return {
    status: asked ? 206 : 200,
    headers: {
      ...headers,
      'content-length': last - start + 1,
      ...(asked && { 'content-range': `bytes ${start}-${last}/${found.size}` }),
    },
    body: { file, start, end: last },
  };
}

/** Listens on a free port. Close it in `afterAll`. */
export async function serveStatic(content: StaticContent): Promise<StaticServer> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    void answer(content, path, request.headers.range).then(({ status, headers, body }) => {
      response.writeHead(status, {
        ...(content.isolated === false ? {} : ISOLATION),
        ...(content.cors ? { 'access-control-allow-origin': '*' } : {}),
        'cache-control': 'no-store',
        ...headers,
      });
      if (request.method === 'HEAD' || body === undefined) response.end();
      else if (typeof body === 'string') response.end(body);
      else createReadStream(body.file, { start: body.start, end: body.end }).pipe(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://localhost:${port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.closeAllConnections();
        server.close((error) => {
          if (error) reject(error);
          else resolve();
        });
      }),
  };
}
