/**
 * docs/examples/{react,vue,svelte}, built as their readers would build them and opened from an origin that isn't the
 * widget's: what the framework sets comes to the widget, what the widget says comes to the framework.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { visibleText } from '../../shared/picture/visible.ts';
import type { TraceData } from '../../shared/trace/data.ts';
import { decodeTrace } from '../../shared/trace/decode.ts';
import { pathOf } from '../support/addresses.ts';
import { browserMissing, launchBrowser } from '../support/browser.ts';
import { readJson } from '../support/read-json.ts';
import { traceOf } from '../support/real-trace.ts';
import { serveStatic, type StaticServer } from '../support/static-server.ts';
import { Visit } from '../support/visit.ts';
import { painted } from '../support/widget-stage.ts';

const missing = await browserMissing();

/** Milliseconds of a live run on a busy machine. */
const LIVE = 240_000;

/** What the table must say: each row's likeliest tokens, the last layer first, by the trace's own numbers. */
function tops({ lens, ids, texts }: TraceData): string[] {
  const rows = lens.rows.map((_, row) =>
    [...ids].map((_id, pos) =>
      visibleText(texts.get(lens.topIds[(row * ids.length + pos) * lens.k] ?? -1) ?? '?'),
    ),
  );
  return rows.toReversed().map((row) => row.join(' | '));
}

function shown({ page }: Visit): Promise<string[]> {
  return page
    .locator('residscope-lens')
    .evaluate(({ shadowRoot }) =>
      [...(shadowRoot?.querySelectorAll('tbody tr') ?? [])].map((row) =>
        [...row.querySelectorAll('td')].map((cell) => cell.textContent).join(' | '),
      ),
    );
}

describe.skipIf(missing !== undefined)(
  `the widget in frameworks${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let host: StaticServer;
    let browser: Browser;
    let japan: TraceData;
    let italy: TraceData;
    beforeAll(async () => {
      [host, browser] = await Promise.all([
        serveStatic({ folders: { '/': pathOf('dist/site') }, isolated: false, cors: true }),
        launchBrowser({ webgpu: false }),
      ]);
      const read = (name: string): TraceData =>
        decodeTrace(readJson(`docs/examples/traces/${name}.trace.json`));
      [japan, italy] = [read('japan'), read('italy')];
    });
    afterAll(async () => {
      await browser.close();
      await host.close();
    });

    it('the examples’ traces are what the command line writes', async () => {
      for (const trace of [japan, italy]) {
        const fresh = decodeTrace(await traceOf(trace.pieces.slice(1).join('')));
        expect([...fresh.ids]).toEqual([...trace.ids]);
        expect(tops(fresh)).toEqual(tops(trace));
      }
      expect(tops(japan)).not.toEqual(tops(italy));
    });

    const FRAMEWORKS = [
      // The package's entry is in the bundle, before React draws; the others load the host's script.
      { name: 'react', script: false },
      { name: 'vue', script: true },
      { name: 'svelte', script: true },
    ];

    describe.each(FRAMEWORKS)('$name', ({ name, script }) => {
      let site: StaticServer;
      let out: string;
      beforeAll(async () => {
        out = await mkdtemp(join(tmpdir(), `residscope-${name}-`));
        const root = pathOf(`docs/examples/${name}`);
        const given = process.env['VITE_RESIDSCOPE_HOST'];
        process.env['VITE_RESIDSCOPE_HOST'] = host.origin;
        try {
          await build({ root, logLevel: 'error', build: { outDir: out, emptyOutDir: true } });
        } finally {
          if (given === undefined) delete process.env['VITE_RESIDSCOPE_HOST'];
          else process.env['VITE_RESIDSCOPE_HOST'] = given;
        }
        const page = await readFile(join(out, 'index.html'), 'utf8');
        const late = page.replace(/<script[^>]*embed\.js"><\/script>/, '');
        expect(late !== page).toBe(script);
        site = await serveStatic({ folders: { '/': out }, texts: { '/late.html': late }, isolated: false });
      });
      afterAll(async () => {
        await site.close();
        await rm(out, { recursive: true });
      });

      it('shows the trace that the framework names, follows it to another, and tells it of a cell', async () => {
        const visit = await Visit.open(browser, site.origin);
        await painted(visit);
        expect(await shown(visit)).toEqual(tops(japan));
        expect(visit.strangers).toEqual(script ? [`${host.origin}/embed.js`] : []);

        await visit.page.getByRole('combobox', { name: 'Country' }).selectOption('Italy');
        await expect.poll(() => shown(visit), { timeout: 20_000 }).toEqual(tops(italy));

        const heard = visit.page.getByRole('status').filter({ hasText: /^Choose a cell|^Layer/ });
        await expect(heard.textContent()).resolves.toBe('Choose a cell.');
        await visit.cell(4, 5).click();
        const top = italy.texts.get(italy.lens.topIds[(5 * italy.ids.length + 5) * italy.lens.k] ?? -1);
        expect(italy.lens.rows[5]).toMatchObject({ layer: 4 });
        await visit.page.getByText(`Layer 4, “${top ?? ''}”`, { exact: true }).waitFor();

        // `top-k` came too: a card lists three.
        await visit.cell(4, 4).hover();
        await visit.page.getByRole('tooltip').waitFor();
        await expect(visit.page.getByRole('tooltip').locator('li').count()).resolves.toBe(3);
        expect(await visit.violations()).toEqual([]);
        expect(visit.complaints).toEqual([]);
        await visit.end();
      });

      it('takes its prompt to a live run, whose end the framework hears', async () => {
        const visit = await Visit.open(browser, site.origin);
        await painted(visit);
        await visit.page.getByRole('textbox', { name: 'Live prompt' }).fill('The capital of Italy is');
        // Of another country than the trace on the screen: what is run is the framework's prompt.
        expect(await shown(visit)).toEqual(tops(japan));
        await visit.page.getByRole('button', { name: 'Run live' }).click();
        await visit.page
          .getByText('Ran “The capital of Italy is”', { exact: true })
          .waitFor({ timeout: LIVE });
        expect(await shown(visit)).toEqual(tops(italy));
        const box = visit.page.locator('residscope-lens').getByRole('textbox', { name: 'Prompt' });
        await expect(box.inputValue()).resolves.toBe('The capital of Italy is');
        await visit.page.getByRole('textbox', { name: 'Live prompt' }).fill('The capital of Spain is');
        await expect(box.inputValue()).resolves.toBe('The capital of Spain is');
        expect(visit.complaints).toEqual([]);
        await visit.end();
      });

      if (!script) return; // in a bundle the element is there before the framework draws
      it('comes alive where the script comes after the framework has drawn', async () => {
        const visit = await Visit.open(browser, site.origin, 'late.html');
        await visit.page.getByRole('heading', { name: 'Where is the answer?' }).waitFor();
        const defined = (): Promise<boolean> =>
          visit.page.evaluate(() => customElements.get('residscope-lens') !== undefined);
        expect(await defined()).toBe(false);
        await visit.page.addScriptTag({ type: 'module', url: `${host.origin}/embed.js` });
        await painted(visit);
        expect(await shown(visit)).toEqual(tops(japan));
        await visit.page.getByRole('combobox', { name: 'Country' }).selectOption('Italy');
        await expect.poll(() => shown(visit), { timeout: 20_000 }).toEqual(tops(italy));
        await visit.end();
      });
    });
  },
);
