/** docs/examples as a reader would build them, opened in a real browser. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pathOf } from '../support/addresses.ts';
import { browserMissing, launchBrowser } from '../support/browser.ts';
import { serveStatic, type StaticServer } from '../support/static-server.ts';
import { Visit } from '../support/visit.ts';
import { painted } from '../support/widget-stage.ts';

const missing = await browserMissing();

describe.skipIf(missing !== undefined)(
  `examples${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let host: StaticServer;
    let browser: Browser;
    beforeAll(async () => {
      [host, browser] = await Promise.all([
        serveStatic({ folders: { '/': pathOf('dist/site') }, isolated: false, cors: true }),
        launchBrowser({ webgpu: false }),
      ]);
    });
    afterAll(async () => {
      await browser.close();
      await host.close();
    });

    it('a post of Eleventy’s paints from the trace beside it', async () => {
      const out = await mkdtemp(join(tmpdir(), 'residscope-blog-'));
      // Its package names no binary among its exports.
      const eleventy = join(
        dirname(createRequire(import.meta.url).resolve('@11ty/eleventy')),
        '..',
        'cmd.cjs',
      );
      await promisify(execFile)(process.execPath, [eleventy, `--output=${out}`], {
        cwd: pathOf('docs/examples/blog'),
        env: { ...process.env, RESIDSCOPE_HOST: host.origin },
      });
      const blog = await serveStatic({ folders: { '/blog/': out }, isolated: false });
      try {
        const visit = await Visit.open(browser, blog.origin, 'blog/posts/eiffel/');
        await painted(visit);
        expect(await visit.text(7, 8)).toBe('·Paris');
        expect(visit.strangers).toEqual([`${host.origin}/embed.js`]);
        await expect(visit.page.getByText('From layer 4 on the model').isVisible()).resolves.toBe(false);
        expect(await visit.violations()).toEqual([]);
        expect(visit.complaints).toEqual([]);
        await visit.end();
      } finally {
        await blog.close();
        await rm(out, { recursive: true });
      }
    });
  },
);
