/** `/e/ID` in an iframe of somebody's page: it tells its height to the page that asks, and to nobody else. */
import type { Frame } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserMissing } from '../support/browser.ts';
import { post } from '../support/host-pages.ts';
import { Visit } from '../support/visit.ts';
import { WidgetStage } from '../support/widget-stage.ts';

const missing = await browserMissing();

/** Heights, in CSS pixels, that the page around the frame was told, with who told them. */
interface Said {
  readonly origin: string;
  readonly data: unknown;
}

describe.skipIf(missing !== undefined)(
  `the widget in a frame${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let stage: WidgetStage;
    beforeAll(async () => {
      stage = await WidgetStage.start();
    });
    afterAll(() => stage.end());

    /** A page of another origin with the frame, which keeps all messages and asks for nothing by itself. */
    async function around(): Promise<{ visit: Visit; inner: Frame }> {
      const listen = "<script>window.said=[];addEventListener('message',({origin,data})=>said.push({origin,data}))</script>"; // prettier-ignore
      const frame = `<iframe id="lens" title="Logit lens" width="900" height="300" src="${stage.server.url}/e/${stage.id}"></iframe>`;
      stage.hosts.put('/framed.html', { body: post(listen, frame) });
      const visit = await Visit.open(stage.browser, stage.hosts.origin, 'framed.html');
      const grid = visit.page.frameLocator('#lens').getByRole('grid', { name: 'Logit lens' });
      await grid.getByRole('gridcell').last().waitFor();
      const inner = visit.page.frames().find((each) => each.url().startsWith(stage.server.url));
      if (!inner) throw new Error('the page has no frame');
      return { visit, inner };
    }
    const said = ({ page }: Visit): Promise<Said[]> =>
      page.evaluate(() => (globalThis as unknown as { said: Said[] }).said);
    const heightOf = (frame: Frame): Promise<number> =>
      frame.evaluate(() => Math.ceil(document.documentElement.getBoundingClientRect().height));
    const ask = ({ page }: Visit, data: unknown = { type: 'residscope-size' }): Promise<void> =>
      page.evaluate((message) => {
        document.querySelector('iframe')?.contentWindow?.postMessage(message, '*');
      }, data);
    const settles = async (visit: Visit, inner: Frame): Promise<number> => {
      const last = async (): Promise<unknown> => (await said(visit)).at(-1);
      await expect
        .poll(async () => [await last(), await heightOf(inner)])
        .toEqual([
          {
            origin: stage.server.url,
            data: { type: 'residscope-size', height: expect.any(Number) as number },
          },
          expect.any(Number) as number,
        ]);
      await expect
        .poll(
          async () => ((await last()) as { data: { height: number } }).data.height - (await heightOf(inner)),
        )
        .toBe(0);
      return heightOf(inner);
    };

    it('answers the page that asks, and again when it grows and shrinks', async () => {
      const { visit, inner } = await around();
      await ask(visit);
      const first = await settles(visit, inner);
      // A pin brings the chart: higher. Gone, it is as it was.
      await inner.getByRole('gridcell', { name: /^Layer 4, position 8 / }).click();
      await inner.getByRole('img', { name: /^Probability by layer/ }).waitFor();
      await expect.poll(() => heightOf(inner)).toBeGreaterThan(first + 100);
      const grown = await settles(visit, inner);
      expect(grown).toBeGreaterThan(first + 100);
      await inner.locator('residscope-lens td:focus').press('Escape');
      await expect.poll(() => heightOf(inner)).toBe(first);
      expect(await settles(visit, inner)).toBe(first);
      expect(visit.complaints).toEqual([]);
      await visit.end();
    });

    it('tells nothing unasked, nothing to other questions, nothing to others than the page around it', async () => {
      const { visit, inner } = await around();
      await inner.getByRole('gridcell', { name: /^Layer 4, position 8 / }).click();
      await inner.getByRole('img', { name: /^Probability by layer/ }).waitFor();
      for (const wrong of [null, 'residscope-size', { type: 'size' }, { height: 1 }]) await ask(visit, wrong);
      // Another frame of the page, of its origin, asks the widget's: it is not the page around it.
      stage.hosts.put('/sibling.html', {
        body: post(
          "<script>window.said=[];addEventListener('message',({data})=>said.push(data));parent.frames[0].postMessage({type:'residscope-size'},'*')</script>",
          '',
        ),
      });
      await visit.page.evaluate(() => {
        const sibling = document.createElement('iframe');
        sibling.src = '/sibling.html';
        document.body.append(sibling);
      });
      await visit.page.frameLocator('iframe >> nth=1').getByRole('heading', { name: 'A post' }).waitFor();
      await inner.locator('residscope-lens td:focus').press('Escape');
      // What was sent before has come before: only now does the page itself ask, and this is the first answer.
      expect(await said(visit)).toEqual([]);
      await ask(visit);
      await settles(visit, inner);
      const sibling = visit.page.frames().find((each) => each.url().endsWith('/sibling.html'));
      expect(await sibling?.evaluate('said')).toEqual([]);
      const types = (await said(visit)).map(({ data }) => Object.keys(data as object).sort());
      expect(new Set(types.map(String))).toEqual(new Set(['height,type']));
      await visit.end();
    });
  },
);
