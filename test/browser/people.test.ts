/** The gallery opens prompt, colour and cell; “Check against wasm” reruns the prompt and finds the same numbers. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserMissing, launchBrowser } from '../support/browser.ts';
import { Visit } from '../support/visit.ts';
import { type Server, startServer } from '../support/wrangler.ts';

const missing = await browserMissing();

describe.skipIf(missing !== undefined)(
  `gallery and checks${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let server: Server;
    let browser: Browser;
    beforeAll(async () => {
      [server, browser] = await Promise.all([startServer(), launchBrowser({ webgpu: false })]);
    });
    afterAll(async () => {
      await browser.close();
      await server.stop();
    });

    it.each([
      ['light', 1280],
      ['dark', 360],
    ] as const)('%s, %i px', async (colorScheme, width) => {
      const visit = await Visit.open(browser, server.url, '', {
        colorScheme,
        viewport: { width, height: 800 },
      });
      const { page } = visit;
      await visit.state('done');
      await page.getByRole('button', { name: 'Gallery…' }).click();
      const gallery = page.getByRole('dialog', { name: 'Gallery' });
      await gallery.waitFor();
      expect(await visit.violations()).toEqual([]);
      await gallery.getByRole('button', { name: 'Show: Input lost' }).click();
      await visit.state('done');
      await expect.poll(() => visit.prompt.inputValue()).toBe('The opposite of hot is');
      await page.getByRole('radio', { name: 'rank', exact: true, checked: true }).waitFor();
      await page.getByRole('heading', { name: /^Layer 0, after ·hot/ }).waitFor();

      await visit.state('done');
      await page.getByRole('button', { name: /^wasm/ }).click();
      const about = page.getByRole('dialog', { name: 'About this run' });
      await about.getByRole('button', { name: 'Check against wasm' }).click();
      await about.getByText(/over 54 cells: 0\s+top tokens and 0 ranks differ/).waitFor({ timeout: 120_000 });
      const items = await about.getByRole('listitem').allTextContents();
      expect(items.map((item) => /^\s*(log p|entropy|KL)/.exec(item)?.[1])).toEqual([
        'log p',
        'entropy',
        'KL',
      ]);
      for (const item of items) {
        expect(Number(/at most (\S+) nats/.exec(item.replace(/\s+/g, ' '))?.[1])).toBeLessThan(1e-3);
      }
      expect(await visit.violations()).toEqual([]);
      expect(visit.complaints).toEqual([]);
      await visit.end();
    });
  },
);
