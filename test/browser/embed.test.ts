/**
 * The widget in other people's pages: the built `embed.js` from a real server, traces from its store, host pages of
 * another origin with policies, styles and contents as they come.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeTrace } from '../../shared/trace/decode.ts';
import { browserMissing } from '../support/browser.ts';
import { realTrace } from '../support/real-trace.ts';
import { heard, painted, told, WidgetStage } from '../support/widget-stage.ts';

const missing = await browserMissing();

describe.skipIf(missing !== undefined)(
  `the widget${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let stage: WidgetStage;
    beforeAll(async () => {
      stage = await WidgetStage.start();
    });
    afterAll(() => stage.end());

    it('paints from a trace with one request beside the script, and axe finds nothing', async () => {
      const visit = await stage.open(
        `<residscope-lens trace="${stage.id}"><p>a plain table</p></residscope-lens>`,
      );
      await painted(visit);
      expect(visit.strangers).toEqual([
        `${stage.server.url}/embed.js`,
        `${stage.server.url}/v1/traces/${stage.id}`,
      ]);
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
      const visit = await stage.open(
        `<residscope-lens trace="${stage.id}"></residscope-lens><a href="#">after</a>`,
      );
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
      const visit = await stage.open(
        `<residscope-lens trace="${stage.id}"><p>a plain table</p></residscope-lens>`,
        {
          javaScriptEnabled: false,
        },
      );
      await expect(visit.page.getByText('a plain table').isVisible()).resolves.toBe(true);
      await visit.end();
    });

    it('runs live from another origin, without isolation: the same trace, then the reader’s own prompt', async () => {
      const visit = await stage.open(
        `<residscope-lens trace="${stage.id}"></residscope-lens><residscope-lens model="fable-4m" prompt="The capital of Japan is"></residscope-lens>`,
      );
      await painted(visit);
      const first = visit.page.locator('residscope-lens').first();
      await first.getByRole('button', { name: 'Run live' }).click();
      const prompt = first.getByRole('textbox', { name: 'Prompt' });
      await expect(prompt.inputValue()).resolves.toBe('The Eiffel Tower is in the city of');
      const run = await heard(visit.page, 'residscope-run');
      const live = decodeTrace(run.detail['trace']);
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
      await heard(visit.page, 'residscope-run', 2);
      await expect(
        first.getByRole('gridcell', { name: /^Layer 7, position 5 / }).textContent(),
      ).resolves.toBe('·Rome');
      // Typing went on where it was, and the second widget runs on the same engine.
      await expect(
        prompt.evaluate((box) => (box.getRootNode() as ShadowRoot).activeElement === box),
      ).resolves.toBe(true);
      const second = visit.page.locator('residscope-lens').nth(1);
      await second.getByRole('button', { name: 'Run live' }).click();
      await heard(visit.page, 'residscope-run', 3);
      await expect(
        second.getByRole('gridcell', { name: /^Layer 7, position 5 / }).textContent(),
      ).resolves.toBe('·Tokyo');
      expect(visit.page.frames().filter((frame) => frame.url() === `${stage.server.url}/live/`)).toHaveLength(
        1,
      );
      expect(visit.strangers.filter((url) => !url.startsWith(stage.server.url))).toEqual([]);
      expect(visit.complaints).toEqual([]);
      expect(await visit.violations()).toEqual([]);
      await visit.end();
    }, 240_000);

    it('says in words why a live run can’t be had', async () => {
      const visit = await stage.open(
        `<residscope-lens model="nobody-has-this" prompt="Hello"></residscope-lens>`,
      );
      await visit.page.getByRole('button', { name: 'Run live' }).click();
      expect((await heard(visit.page, 'residscope-error')).detail).toMatchObject({ kind: 'not-found' });
      await expect(
        visit.page.getByRole('alert').filter({ hasText: 'nobody-has-this' }).textContent(),
      ).resolves.toMatch(/model "nobody-has-this": not a model that opens here/);
      await visit.end();
    }, 120_000);
  },
);
