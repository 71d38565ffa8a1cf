/**
 * A hub for tests: folders as repositories under the hub's addresses, large files redirected to another origin, CORS
 * headers as the real one has them, and its ways to fail. It notes what was asked of it.
 */
import { createHash } from 'node:crypto';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** Any commit; a repository here has one. */
export const COMMIT = '0123456789abcdef0123456789abcdef01234567';

/** What a test may switch while the server runs. */
export interface HubBehaviour {
  /** Repositories that ask for this token. */
  gated: Map<string, string>;
  /** The next so many answers about bytes end after this share of their body. */
  breaks: { count: number; after: number };
  /** The next so many requests are answered 429. */
  busy: { count: number; retryAfter?: string };
  /** Ranges are ignored: each answer is the whole file. */
  noRanges: boolean;
  /** Files are said to be so many bytes longer than they are. */
  lie: number;
  /** No `/api/`: a plain file server. */
  noApi: boolean;
  /** Paths of the hub that send on: to where, of the same origin or another. */
  redirects: Map<string, string>;
  /** Bytes a second of each answer from the storage; undefined for as fast as it goes. */
  rate: number | undefined;
}

export interface HubRequest {
  readonly origin: 'hub' | 'storage';
  readonly method: string;
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
  /** Bytes of the body that were sent. */
  sent: number;
}

export interface HubServer {
  /** `http://localhost:PORT/` */
  readonly hub: URL;
  readonly storage: URL;
  readonly behaviour: HubBehaviour;
  readonly requests: HubRequest[];
  close(): Promise<void>;
}

const LARGE = /\.(safetensors|gguf)$/;
const EXPOSED =
  'X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,X-Total-Count,ETag,Link,Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag';

/**
 * @param repos `owner/name` → folder.
 * @param port the hub's, to take the place of one that was closed; default a free one.
 */
export async function startHub(repos: Readonly<Record<string, string>>, port = 0): Promise<HubServer> {
  const behaviour: HubBehaviour = {
    gated: new Map(),
    breaks: { count: 0, after: 0.5 },
    busy: { count: 0 },
    noRanges: false,
    lie: 0,
    noApi: false,
    redirects: new Map(),
    rate: undefined,
  };
  const requests: HubRequest[] = [];
  const servers: Server[] = [];
  const listen = async (
    origin: HubRequest['origin'],
    answer: (
      request: IncomingMessage,
      response: ServerResponse,
      path: string,
      note: HubRequest,
    ) => Promise<void>,
  ): Promise<URL> => {
    const server = createServer((request, response) => {
      const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
      cors(request, response);
      if (request.method === 'OPTIONS') {
        response.writeHead(204).end();
        return;
      }
      const { range, authorization } = request.headers;
      const note: HubRequest = { origin, method: request.method ?? '', path, range, authorization, sent: 0 };
      requests.push(note);
      if (behaviour.busy.count > 0) {
        behaviour.busy.count--;
        const { retryAfter } = behaviour.busy;
        response.writeHead(429, retryAfter === undefined ? {} : { 'retry-after': retryAfter }).end();
        return;
      }
      answer(request, response, path, note).catch(() => response.destroy());
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(origin === 'hub' ? port : 0, '127.0.0.1', resolve));
    return new URL(`http://localhost:${(server.address() as AddressInfo).port}/`);
  };

  const storage = await listen('storage', async (request, response, path, note) => {
    const file = await fileOf(repos, path.slice(1));
    if (file) await sendFile(file, request, response, note, behaviour);
    else response.writeHead(403).end();
  });

  const hub = await listen('hub', async (request, response, path, note) => {
    const refuse = (status: number, code: string): void => {
      response.writeHead(status, { 'x-error-code': code, 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: code }));
    };
    const elsewhere = behaviour.redirects.get(path);
    if (elsewhere !== undefined) {
      response.writeHead(302, { location: elsewhere, 'x-repo-commit': COMMIT }).end();
      return;
    }
    const [, api, repo, revision, file] =
      /^(\/api\/models)?\/([^/]+\/[^/]+)\/(?:revision|resolve)\/([^/]+)(?:\/(.*))?$/.exec(path) ?? [];
    if (api !== undefined && behaviour.noApi) {
      response.writeHead(404).end();
      return;
    }
    const folder = repo === undefined ? undefined : repos[repo];
    if (repo === undefined || folder === undefined) {
      refuse(401, 'RepoNotFound');
      return;
    }
    const token = behaviour.gated.get(repo);
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
      refuse(request.headers.authorization === undefined ? 401 : 403, 'GatedRepo');
      return;
    }
    if (revision !== 'main' && revision !== COMMIT) {
      refuse(404, 'RevisionNotFound');
      return;
    }
    if (api !== undefined) {
      const siblings = (await readdir(folder)).map((rfilename) => ({ rfilename }));
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ id: repo, sha: COMMIT, siblings }));
      return;
    }
    const found = await fileOf(repos, `${repo}/${file ?? ''}`);
    response.setHeader('x-repo-commit', COMMIT);
    if (!found) {
      refuse(404, 'EntryNotFound');
      return;
    }
    if (!LARGE.test(found)) {
      await sendFile(found, request, response, note, behaviour);
      return;
    }
    response.setHeader('x-linked-size', (await stat(found)).size);
    response.writeHead(302, { location: new URL(`${repo}/${file ?? ''}`, storage).href }).end();
  });

  return {
    hub,
    storage,
    behaviour,
    requests,
    close: async () => {
      for (const server of servers) server.closeAllConnections();
      await Promise.all(servers.map((s) => new Promise((resolve) => s.close(resolve))));
    },
  };
}

function cors(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('access-control-allow-origin', request.headers.origin ?? '*');
  response.setHeader('vary', 'Origin');
  response.setHeader('access-control-expose-headers', EXPOSED);
  if (request.method === 'OPTIONS') {
    response.setHeader('access-control-allow-methods', 'GET, HEAD');
    response.setHeader(
      'access-control-allow-headers',
      request.headers['access-control-request-headers'] ?? '',
    );
  }
}

/** `owner/name/file` → a file in that repository's folder. */
async function fileOf(repos: Readonly<Record<string, string>>, path: string): Promise<string | undefined> {
  const [, repo = '', name = ''] = /^([^/]+\/[^/]+)\/([^/]+)$/.exec(path) ?? [];
  const folder = repos[repo];
  const file = folder === undefined || name.startsWith('..') ? undefined : join(folder, name);
  return file !== undefined && (await stat(file).catch(() => undefined))?.isFile() === true
    ? file
    : undefined;
}

const etags = new Map<string, string>();

async function etagOf(file: string, size: number): Promise<string> {
  const key = `${file} ${size}`;
  const known = etags.get(key) ?? (size > 2 ** 26 ? `"${size}"` : undefined);
  const etag =
    known ??
    `"${createHash('sha256')
      .update(await readFile(file))
      .digest('hex')}"`;
  etags.set(key, etag);
  return etag;
}

async function sendFile(
  file: string,
  request: IncomingMessage,
  response: ServerResponse,
  note: HubRequest,
  behaviour: HubBehaviour,
): Promise<void> {
  const { size } = await stat(file);
  const asked = behaviour.noRanges ? null : /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const from = asked ? Number(asked[1]) : 0;
  const to = Math.min(size, asked?.[2] ? Number(asked[2]) + 1 : size);
  response.setHeader('etag', await etagOf(file, size));
  response.setHeader('accept-ranges', 'bytes');
  if (from >= to && size > 0) {
    response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
    return;
  }
  response.writeHead(asked ? 206 : 200, {
    'content-type': file.endsWith('.json') ? 'application/json' : 'application/octet-stream',
    'content-length': to - from,
    ...(asked && { 'content-range': `bytes ${from}-${to - 1}/${size + behaviour.lie}` }),
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const broken = LARGE.test(file) && to - from > 1 && behaviour.breaks.count > 0;
  if (broken) behaviour.breaks.count--;
  const end = broken ? from + Math.max(1, Math.floor((to - from) * behaviour.breaks.after)) : to;
  await stream(file, from, end, response, note, behaviour.rate);
  if (!broken) response.end();
  else setTimeout(() => response.destroy(), 20); // what was written has gone out by then
}

/** Bytes [from, to) of a file, no faster than `rate` bytes a second and than they are taken. */
async function stream(
  file: string,
  from: number,
  to: number,
  response: ServerResponse,
  note: HubRequest,
  rate: number | undefined,
): Promise<void> {
  const handle = await open(file, 'r');
  try {
    const piece = Buffer.alloc(256 * 1024);
    for (let at = from; at < to && !response.destroyed;) {
      const { bytesRead } = await handle.read(piece, 0, Math.min(piece.length, to - at), at);
      if (bytesRead === 0) break;
      await new Promise<void>((resolve) => {
        response.once('close', resolve);
        response.write(Buffer.from(piece.subarray(0, bytesRead)), () => {
          response.off('close', resolve);
          resolve();
        });
      });
      at += bytesRead;
      note.sent += bytesRead;
      if (rate !== undefined) await new Promise((resolve) => setTimeout(resolve, (bytesRead / rate) * 1000));
    }
  } finally {
    await handle.close();
  }
}
