/**
 * The page that `residscope lens --html` writes, as people keep it: a file opened without a network, a notebook's output
 * (an iframe's srcdoc), a reader without scripts; and texts in it that would like to be markup.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inlineScript } from '../../shared/picture/inline-script.ts';
import { lensHtml } from '../../shared/picture/lens-html.ts';
import { decodeTrace } from '../../shared/trace/decode.ts';
import { pathOf } from '../support/addresses.ts';
import { browserMissing, launchBrowser } from '../support/browser.ts';
import { post } from '../support/host-pages.ts';
import { PROMPT, realTrace } from '../support/real-trace.ts';

const missing = await browserMissing();

const EVIL = `</script><script>hurt=1</script><!--<script>\u2028\u2029]]><img src=x onerror="hurt=2">`;

describe.skipIf(missing !== undefined)(
  `lens --html${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let browser: Browser;
    let folder: string;
    let file: string;
    beforeAll(async () => {
      [browser, folder] = await Promise.all([
        launchBrowser({ webgpu: false }),
        mkdtemp(join(tmpdir(), 'residscope-html-')),
      ]);
      file = join(folder, 'lens.html');
      const args = [
        pathOf('dist/lib/cli.js'),
        'lens',
        'fable-4m',
        PROMPT,
        '--device',
        'wasm',
        '--html',
        file,
      ];
      await promisify(execFile)(process.execPath, args);
    });
    afterAll(async () => {
      await browser.close();
      await rm(folder, { recursive: true });
    });

    /** A page of a file, with the network off; what it asks for and complains of is kept. */
    async function open(path: string, options: BrowserContextOptions = {}) {
      const context = await browser.newContext({ offline: true, ...options });
      const page = await context.newPage();
      const [asked, complaints]: [string[], string[]] = [[], []];
      page.on('request', (request) => asked.push(request.url()));
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text());
      });
      page.on('pageerror', (error) => void complaints.push(error.message));
      await page.goto(pathToFileURL(path).href);
      return { page, asked, complaints, end: () => context.close() };
    }
    const last = (page: Pick<Page, 'getByRole'>) =>
      page.getByRole('gridcell', { name: /^Layer 7, position 8 after “of”: “Paris”/ });

    it('is the widget, from a file, with no request: cards and charts work', async () => {
      const { page, asked, complaints, end } = await open(file);
      await last(page).waitFor();
      await expect(page.getByRole('gridcell').count()).resolves.toBe(81);
      await page.getByRole('gridcell', { name: /^Layer 4, position 8 / }).click();
      await page.getByRole('img', { name: /^Probability by layer/ }).waitFor();
      await page.getByRole('gridcell', { name: /^Layer 3, position 8 / }).hover();
      await page.getByRole('tooltip').waitFor();
      // No host is known, so none is named and no live run offered; the plain table is out of sight.
      await expect(page.getByRole('button', { name: 'Run live' }).count()).resolves.toBe(0);
      await expect(page.getByRole('table').count()).resolves.toBe(0);
      expect(asked).toEqual([pathToFileURL(file).href]);
      expect(complaints).toEqual([]);
      await end();
    });

    it('is a plain table without scripts', async () => {
      const { page, end } = await open(file, { javaScriptEnabled: false });
      await expect(page.getByRole('table').isVisible()).resolves.toBe(true);
      await expect(page.getByRole('table').getByRole('cell').count()).resolves.toBe(81);
      await expect(page.getByRole('table').innerText()).resolves.toContain('·Paris');
      await end();
    });

    it('works in a notebook’s frame: srcdoc, sandboxed with scripts alone', async () => {
      const escaped = (await readFile(file, 'utf8')).replaceAll('&', '&amp;').replaceAll('"', '&quot;');
      const notebook = join(folder, 'notebook.html');
      await writeFile(
        notebook,
        post('', `<iframe sandbox="allow-scripts" width="900" height="500" srcdoc="${escaped}"></iframe>`),
      );
      const { page, complaints, end } = await open(notebook);
      const frame = page.frameLocator('iframe');
      await last(frame).waitFor();
      await frame.getByRole('gridcell', { name: /^Layer 4, position 8 / }).click();
      await frame.getByRole('img', { name: /^Probability by layer/ }).waitFor();
      expect(complaints).toEqual([]);
      await end();
    });

    it('lets no text of a trace become markup or script', async () => {
      const trace = (await realTrace()) as Record<'model' | 'prompt' | 'tokens', Record<string, unknown>>;
      const texts = (list: unknown): string[] => (list as string[]).map((text, i) => `${EVIL}${text}${i}`);
      const hostile = decodeTrace({
        ...trace,
        note: EVIL,
        model: { ...trace.model, id: EVIL },
        prompt: { ...trace.prompt, pieces: texts(trace.prompt['pieces']) },
        tokens: { ...trace.tokens, texts: texts(trace.tokens['texts']) },
      });
      const code = inlineScript(await readFile(pathOf('dist/lib/embed.js'), 'utf8'));
      const hash = `sha256-${createHash('sha256').update(code).digest('base64')}`;
      const text = lensHtml(hostile, { code, hash });
      // The data's script, the widget's, and no other; nothing that opens a comment.
      expect([...text.matchAll(/<script/gi)]).toHaveLength(2);
      expect([...text.matchAll(/<\/script/gi)]).toHaveLength(2);
      expect(text).not.toContain('<!--');
      const evil = join(folder, 'evil.html');
      await writeFile(evil, text);
      const { page, asked, complaints, end } = await open(evil);
      await expect.poll(() => page.getByRole('gridcell').count()).toBe(81);
      // The trace came whole: what it holds is what was put in.
      const kept = await page.evaluate(() => {
        const lens = document.querySelector('residscope-lens') as unknown as { data: { note: string } };
        return lens.data.note;
      });
      expect(kept).toBe(EVIL);
      expect(await page.evaluate(() => ['hurt' in globalThis, document.scripts.length, document.images.length])).toEqual([false, 2, 0]); // prettier-ignore
      expect(asked).toEqual([pathToFileURL(evil).href]);
      expect(complaints).toEqual([]);
      await end();
    });
  },
);
