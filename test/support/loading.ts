/** Drives `loading.page.ts`: a page of our own that loads models with the built library. */
import { readdir } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { pathOf } from './addresses.ts';
import { bundle } from './bundle.ts';
import type { LoadingPage, Visit, VisitRequest } from './loading.page.ts';
import { serveStatic, type StaticServer } from './static-server.ts';

const HTML =
  '<!doctype html><html lang="en"><title>Loading</title><link rel="icon" href="data:,"><script type="module" src="/loading.js"></script>';

/** Serves the page and the built library. Close it in `afterAll`. */
export async function serveLoadingPage(): Promise<StaticServer> {
  return serveStatic({
    folders: { '/dist/': pathOf('dist') },
    texts: {
      '/index.html': HTML,
      '/loading.js': await bundle('test/support/loading.page.ts', 'browser'),
    },
  });
}

/** Where `npm run build` puts onnxruntime-web's files: a folder named by its version. */
export async function runtimeFolder(): Promise<string> {
  const [version] = await readdir(pathOf('dist/site/ort'));
  return `/dist/site/ort/${version ?? ''}/`;
}

export async function openLoadingPage(page: Page, server: StaticServer): Promise<void> {
  await page.goto(`${server.origin}/index.html`);
  await page.waitForFunction(() => 'loading' in globalThis);
}

export function visitInPage(page: Page, request: VisitRequest): Promise<Visit> {
  return page.evaluate((ask) => (globalThis as unknown as LoadingPage).loading.visit(ask), request);
}
