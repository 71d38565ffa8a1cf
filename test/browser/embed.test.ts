/**
 * The widget in other people's pages: the built `embed.js` from a real server, traces from its store, host pages of
 * another origin with policies, styles and contents as they come.
 */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeTrace } from '../../shared/trace/decode.ts';
import { TRACE_MEDIA_TYPE } from '../../shared/trace/format.ts';
import { browserMissing, launchBrowser } from '../support/browser.ts';
import { hostPages, post, type HostPage, type HostPages } from '../support/host-pages.ts';
import { realTrace } from '../support/real-trace.ts';
import { Visit } from '../support/visit.ts';
import { type Server, startServer } from '../support/wrangler.ts';

const missing = await browserMissing();
const PATIENCE = 30_000;

type HostOptions = { readonly head?: string } & Pick<HostPage, 'headers'> & BrowserContextOptions;

interface Told {
  readonly type: string;
  readonly detail: Readonly<Record<string, unknown>>;
}
interface HostWindow {
  told: Told[];
  /** Set by anything in a trace that runs. */
  hurt?: unknown;
}

/** Host pages note what the widgets tell them. */
const LISTEN =
  "window.told=[];for(const type of ['residscope-select','residscope-run','residscope-error'])addEventListener(type,({detail})=>told.push({type,detail}))";

describe.skipIf(missing !== undefined)(
  `the widget${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let server: Server;
    let browser: Browser;
    let hosts: HostPages;
    let id = '';
    let script = '';

    beforeAll(async () => {
      [server, browser, hosts] = await Promise.all([
        startServer(),
        launchBrowser({ webgpu: false }),
        hostPages(),
      ]);
      const stored = await fetch(`${server.url}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': TRACE_MEDIA_TYPE },
        body: JSON.stringify(await realTrace()),
      });
      ({ id } = (await stored.json()) as { id: string });
      script = `<script type="module" src="${server.url}/embed.js"></script>`;
    });
    afterAll(async () => {
      await browser.close();
      await Promise.all([server.stop(), hosts.close()]);
    });

    let count = 0;
    /** A host page that holds `body`, opened. */
    const open = async (
      body: string,
      { head = '', headers = {}, ...options }: HostOptions = {},
    ): Promise<Visit> => {
      const path = `/post-${++count}.html`;
      hosts.put(path, { body: post(`<script>${LISTEN}</script>${head}${script}`, body), headers });
      return Visit.open(browser, hosts.origin, path.slice(1), options);
    };
    const told = (page: Page): Promise<Told[]> =>
      page.evaluate(() => (globalThis as unknown as HostWindow).told);
    const painted = (visit: Visit): Promise<void> =>
      visit.grid.first().getByRole('gridcell').last().waitFor({ timeout: PATIENCE });

    it('paints from a trace with one request beside the script, and axe finds nothing', async () => {
      const visit = await open(`<residscope-lens trace="${id}"><p>a plain table</p></residscope-lens>`);
      await painted(visit);
      expect(visit.strangers).toEqual([`${server.url}/embed.js`, `${server.url}/v1/traces/${id}`]);
      await expect(visit.grid.getByRole('row').count()).resolves.toBe(1 + 9);
      await expect(visit.grid.getByRole('gridcell').count()).resolves.toBe(9 * 9);
      await expect(visit.text(7, 8)).resolves.toBe('·Paris');
      await expect(visit.cell(4, 8).getAttribute('aria-label')).resolves.toMatch(
        /^Layer 4, position 8 after “of”: “Paris”, probability 0\.\d{3}, settled from here on$/,
      );
      await expect(visit.page.getByText('a plain table').isVisible()).resolves.toBe(false);
      const crossed = await visit.page.evaluate(() => crossOriginIsolated);
      expect(crossed).toBe(false);
      expect(await visit.violations()).toEqual([]);
      expect(visit.complaints).toEqual([]);
      await visit.end();
    });

    it('is worked by keyboard: one stop of Tab, arrows, Enter pins, Escape clears; and tells the page', async () => {
      const visit = await open(`<residscope-lens trace="${id}"></residscope-lens><a href="#">after</a>`);
      await painted(visit);
      await visit.page.keyboard.press('Tab'); // Run live
      await visit.page.keyboard.press('Tab');
      const focused = visit.page.locator('residscope-lens td:focus');
      await expect(focused.textContent()).resolves.toBe('·Paris');
      await visit.page.keyboard.press('ArrowDown');
      await visit.page.keyboard.press('ArrowLeft');
      await expect(focused.getAttribute('aria-label')).resolves.toMatch(/^Layer 6, position 7 after “city”/);
      expect((await told(visit.page)).at(-1)).toMatchObject({
        type: 'residscope-select',
        detail: { layer: 6, pos: 7, after: ' city', token: ' of' },
      });
      await visit.page.keyboard.press('Enter');
      await visit.page.keyboard.press('2');
      const chart = visit.page.getByRole('img', { name: /^Probability by layer: “·of” after “·city”; / });
      await chart.waitFor();
      await expect(chart.locator('path').count()).resolves.toBe(2);
      await visit.page.getByRole('tooltip').waitFor();
      expect(await visit.violations()).toEqual([]);
      await visit.page.keyboard.press('Escape');
      await chart.waitFor({ state: 'detached' });
      await expect(visit.page.getByRole('tooltip').isVisible()).resolves.toBe(false);
      await visit.page.keyboard.press('Control+Home');
      await expect(focused.getAttribute('aria-label')).resolves.toMatch(/^Layer 7, position 0 /);
      await visit.page.keyboard.press('Tab'); // Open in Residscope
      await visit.page.keyboard.press('Tab');
      await expect(visit.page.locator('a:focus').textContent()).resolves.toBe('after');
      await visit.end();
    });

    it('shows what is inside it without JavaScript', async () => {
      const visit = await open(`<residscope-lens trace="${id}"><p>a plain table</p></residscope-lens>`, {
        javaScriptEnabled: false,
      });
      await expect(visit.page.getByText('a plain table').isVisible()).resolves.toBe(true);
      await visit.end();
    });

    const goLive = async (visit: Visit): Promise<void> => {
      await visit.page.getByRole('button', { name: 'Run live' }).click();
      await visit.page.waitForFunction(
        () => (globalThis as unknown as HostWindow).told.some(({ type }) => type !== 'residscope-select'),
        undefined,
        { timeout: 120_000 },
      );
    };

    it('runs live from another origin, without isolation: the same trace, then the reader’s own prompt', async () => {
      const visit = await open(
        `<residscope-lens trace="${id}"></residscope-lens><residscope-lens model="fable-4m" prompt="The capital of Japan is"></residscope-lens>`,
      );
      await painted(visit);
      const first = visit.page.locator('residscope-lens').first();
      await first.getByRole('button', { name: 'Run live' }).click();
      const prompt = first.getByRole('textbox', { name: 'Prompt' });
      await expect(prompt.inputValue()).resolves.toBe('The Eiffel Tower is in the city of');
      const ran = (n: number) =>
        visit.page.waitForFunction(
          (count) =>
            (globalThis as unknown as HostWindow).told.filter(({ type }) => type === 'residscope-run')
              .length === count,
          n,
          { timeout: 120_000 },
        );
      await ran(1);
      const [run] = (await told(visit.page)).filter(({ type }) => type === 'residscope-run');
      const live = decodeTrace(run?.detail['trace']);
      const stored = decodeTrace(await realTrace());
      expect([...live.ids]).toEqual([...stored.ids]);
      expect([...live.lens.topIds]).toEqual([...stored.lens.topIds]);
      live.lens.topLogprobs.forEach((logprob, i) =>
        expect(Math.abs(logprob - (stored.lens.topLogprobs[i] ?? NaN))).toBeLessThan(1e-3),
      );
      expect(live.device).toMatchObject({
        name: 'wasm',
        detail: expect.stringMatching(/1 thread/) as string,
      });
      await prompt.fill('The capital of Italy is');
      await prompt.press('Enter');
      await ran(2);
      await expect(
        first.getByRole('gridcell', { name: /^Layer 7, position 5 / }).textContent(),
      ).resolves.toBe('·Rome');
      // Typing went on where it was, and the second widget runs on the same engine.
      await expect(
        prompt.evaluate((box) => (box.getRootNode() as ShadowRoot).activeElement === box),
      ).resolves.toBe(true);
      const second = visit.page.locator('residscope-lens').nth(1);
      await second.getByRole('button', { name: 'Run live' }).click();
      await ran(3);
      await expect(
        second.getByRole('gridcell', { name: /^Layer 7, position 5 / }).textContent(),
      ).resolves.toBe('·Tokyo');
      expect(visit.page.frames().filter((frame) => frame.url() === `${server.url}/live/`)).toHaveLength(1);
      expect(visit.strangers.filter((url) => !url.startsWith(server.url))).toEqual([]);
      expect(visit.complaints).toEqual([]);
      expect(await visit.violations()).toEqual([]);
      await visit.end();
    }, 240_000);

    it('says in words why a live run can’t be had', async () => {
      const visit = await open(`<residscope-lens model="nobody-has-this" prompt="Hello"></residscope-lens>`);
      await goLive(visit);
      await expect(
        visit.page.getByRole('alert').filter({ hasText: 'nobody-has-this' }).textContent(),
      ).resolves.toMatch(/model "nobody-has-this": not a model that opens here/);
      await visit.end();
    }, 120_000);
  },
);
