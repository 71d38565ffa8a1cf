/** Other people's pages for tests of the widget: a server of its own origin, with the headers that each test gives. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HostPage {
  readonly body: string | Uint8Array;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HostPages {
  /** `http://localhost:PORT` */
  readonly origin: string;
  /** Paths that were asked for, in order. */
  readonly asked: readonly string[];
  put(path: string, page: HostPage): void;
  close(): Promise<void>;
}

/** Close it in `afterAll`. */
export async function hostPages(): Promise<HostPages> {
  const pages = new Map<string, HostPage>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    asked.push(pathname);
    const page = pages.get(pathname);
    response.writeHead(page ? 200 : 404, {
      'content-type': page?.type ?? 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      ...page?.headers,
    });
    response.end(page?.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://localhost:${port}`,
    asked,
    put: (path, page) => void pages.set(path, page),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** A post as somebody else wrote it. @param head markup in the head. */
export function post(head: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A post</title><link rel="icon" href="data:,">${head}</head><body><main><h1>A post</h1>${body}</main></body></html>`;
}
