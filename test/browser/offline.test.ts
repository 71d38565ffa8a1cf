/**
 * The built page as plain files under a path of a static host, without any header of our own server; and without a
 * network, after one visit.
 */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pathOf } from '../support/addresses.ts';
import { browserMissing, launchBrowser } from '../support/browser.ts';
import { serveStatic, type StaticServer } from '../support/static-server.ts';
import { Visit } from '../support/visit.ts';
import { type Server, startServer } from '../support/wrangler.ts';

const missing = await browserMissing();
const FOLDER = '/some/sub/path/';
const LIST = 'stone river moon fish stone river moon';

/** The service worker has all that it wants, and answers for this page. */
async function kept(page: Page): Promise<string[]> {
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null, undefined, {
    timeout: 90_000,
  });
  return page.evaluate(async () => {
    const cache = await caches.open('residscope-site');
    return (await cache.keys()).map(({ url }) => url);
  });
}

describe.skipIf(missing !== undefined)(
  `static and offline${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let host: StaticServer;
    let browser: Browser;
    beforeAll(async () => {
      [host, browser] = await Promise.all([
        serveStatic({ folders: { [FOLDER]: pathOf('dist/site') }, isolated: false }),
        launchBrowser({ webgpu: false }),
      ]);
    });
    afterAll(async () => {
      await browser.close();
      await host.close();
    });

    it('runs from any folder of a static host: every address lies in it', async () => {
      const visit = await Visit.open(browser, `${host.origin}${FOLDER.slice(0, -1)}`);
      await visit.state('done');
      expect(await visit.text(7, 8)).toContain('Paris');
      await visit.ask(LIST);
      await visit.page.getByRole('tab', { name: 'Attention' }).click();
      await visit.page.getByRole('heading', { name: /^Head \d/ }).waitFor();
      // It tells of every request: no origin has a path.
      expect(visit.strangers.length).toBeGreaterThan(20);
      expect(visit.strangers.filter((url) => !url.startsWith(`${host.origin}${FOLDER}`))).toEqual([]);
      expect(visit.complaints).toEqual([]);
      expect(new URL(visit.page.url()).pathname).toBe(FOLDER);
      await visit.end();
    });

    it('works without a network after one visit, and keeps no prompt', async () => {
      const own = await serveStatic({ folders: { [FOLDER]: pathOf('dist/site') }, isolated: false });
      const context = await browser.newContext();
      const page = await context.newPage();
      try {
        await page.goto(`${own.origin}${FOLDER}#prompt=A%20secret%20of%20mine`);
        await done(page);
        const urls = await kept(page);
        expect(urls.length).toBeGreaterThan(50);
        expect(urls.filter((url) => !/\?kept=[0-9a-f]{16}$/.test(url))).toEqual([]);
        // By whole words: a file's hash may hold any few letters.
        expect(urls.join('\n')).not.toMatch(/secret|\bmine\b|\/v1\/|\/healthz/);
        await own.close();
        await context.setOffline(true);
        await page.reload();
        await done(page);
        expect(await cell(page, 7, 3)).not.toBe('');
        await ask(page, LIST);
        expect(await cell(page, 7, 7)).toContain('fish');
        // The engine's frame opens for a widget beside it.
        const frame = await context.newPage();
        await frame.goto(`${own.origin}${FOLDER}live/`);
        await expect(frame.locator('script[src*="assets/live"]').count()).resolves.toBe(1);
        await frame.close();
        // Code that this visit has never fetched.
        await page.getByRole('tab', { name: 'Directions' }).click();
        await page.getByText('the first component has').waitFor({ timeout: 60_000 });
      } finally {
        await context.close();
      }
    });

    it('stays isolated offline where the server isolates, and passes the API by', async () => {
      const server: Server = await startServer();
      let stopped = false;
      const context: BrowserContext = await browser.newContext();
      try {
        const page = await context.newPage();
        await page.goto(server.url);
        await done(page);
        await kept(page);
        expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
        // The API is none of the service worker's business.
        expect(await page.evaluate(async () => (await fetch('/healthz')).status)).toBe(200);
        await server.stop();
        stopped = true;
        await context.setOffline(true);
        await page.reload();
        await done(page);
        expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
        expect(await cell(page, 7, 8)).toContain('Paris');
        expect(await page.evaluate(() => fetch('/healthz').then(() => 'answered', () => 'refused'))).toBe('refused'); // prettier-ignore
      } finally {
        await context.close();
        if (!stopped) await server.stop();
      }
    });
  },
);

async function done(page: Page): Promise<void> {
  await page.locator('html[data-state="done"]').waitFor({ timeout: 120_000 });
}

async function ask(page: Page, prompt: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Prompt' }).fill(prompt);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await done(page);
}

async function cell(page: Page, layer: number, position: number): Promise<string> {
  const name = new RegExp(`^Layer ${layer}, position ${position} `);
  return (await page.getByRole('gridcell', { name }).textContent()) ?? '';
}
