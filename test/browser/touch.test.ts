/** Fingers: a long press shows what hovering shows, in every table, map and chart, and stays until the next touch. */
import type { Locator } from 'playwright-core';
import { expect, it } from 'vitest';
import { describePage } from '../support/stage.ts';
import type { Visit } from '../support/visit.ts';

const PROMPT = 'The Eiffel Tower is in the city of';
const address = (view: string, more = ''): string =>
  `#device=wasm&prompt=${encodeURIComponent(PROMPT)}&view=${view}${more}`;

describePage('touch', { webgpu: false }, (stage) => {
  const open = async (view: string, more = ''): Promise<Visit> => {
    const visit = await stage.open(address(view, more), {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      isMobile: true,
    });
    await visit.state('done');
    return visit;
  };

  /** Rests a finger at a place within an element, given as shares of its sides, then moves it or lifts it. */
  async function press(visit: Visit, target: Locator, x: number, y: number, move = 0): Promise<void> {
    await target.scrollIntoViewIfNeeded();
    const box = await target.boundingBox();
    if (!box) throw new Error('nothing there to press');
    const protocol = await visit.page.context().newCDPSession(visit.page);
    const finger = { x: box.x + x * box.width, y: box.y + y * box.height };
    const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', at?: typeof finger): Promise<unknown> =>
      protocol.send('Input.dispatchTouchEvent', { type, touchPoints: at ? [at] : [] });
    await send('touchStart', finger);
    for (let step = 1; step <= 4 && move > 0; step++)
      await send('touchMove', { x: finger.x, y: finger.y - (move * step) / 4 });
    // A finger's rest, longer than the page asks for.
    await visit.page.waitForTimeout(800);
    await send('touchEnd');
    await protocol.detach();
  }

  /** In the page's header, beside everything. */
  async function tapAside(visit: Visit): Promise<void> {
    await visit.page.evaluate(() => scrollTo(0, 0));
    await visit.page.touchscreen.tap(385, 5);
  }

  it('the lens table: a card; a finger that scrolls shows none', async () => {
    const visit = await open('lens');
    const card = visit.page.getByRole('dialog', { name: 'Cell in short' });
    await press(visit, visit.cell(5, 7), 0.5, 0.5, 60);
    expect(await card.isVisible()).toBe(false);
    await press(visit, visit.cell(6, 7), 0.5, 0.5);
    await card.getByText('Layer 6, after').waitFor();
    await tapAside(visit);
    await expect.poll(() => card.isVisible()).toBe(false);
    await visit.end();
  });

  it('the compare table: a card', async () => {
    const visit = await open('compare', '&compare=The%20Colosseum%20is%20in%20the%20city%20of');
    const grid = visit.page.getByRole('grid', { name: 'Two runs side by side' });
    await grid.waitFor();
    await press(visit, grid.getByRole('gridcell').first(), 0.5, 0.5);
    const card = visit.page.getByRole('dialog').filter({ visible: true });
    await card.waitFor();
    await tapAside(visit);
    await expect.poll(() => card.count()).toBe(0);
    await visit.end();
  });

  it('attention: a map’s cell and a token of the text are looked at, not picked', async () => {
    const visit = await open('attention');
    const map = visit.page.locator('rs-attention-map');
    const told = visit.page.locator('rs-attention').locator('rs-attention-readout, .readout').first();
    await map.waitFor();
    const words = await told.innerText();
    // The row of the fifth token of nine.
    await press(visit, map.locator('canvas').first(), 0.35, 0.62);
    await expect.poll(() => told.innerText()).not.toBe(words);
    await tapAside(visit);
    await expect.poll(() => told.innerText()).toBe(words);

    const token = visit.page.locator('rs-attention-text').first().getByRole('radio', { name: '3: ·Tower' });
    await press(visit, token, 0.5, 0.5);
    await expect.poll(() => told.innerText()).not.toBe(words);
    await tapAside(visit);
    await expect.poll(() => told.innerText()).toBe(words);
    await visit.end();
  });

  it('directions: the angle of two layers', async () => {
    const visit = await open('directions');
    const picture = visit.page.getByRole('img', { name: /^Cosine similarity between/ });
    const card = visit.page.getByRole('region', { name: /^Angles between layers/ });
    await picture.waitFor();
    const said = card.locator('p.small');
    const words = await said.innerText();
    await press(visit, picture, 0.5, 0.5);
    await expect.poll(() => said.innerText()).not.toBe(words);
    await tapAside(visit);
    await expect.poll(() => said.innerText()).toBe(words);
    await visit.end();
  });

  it('heads: the score of a head', async () => {
    const visit = await open('heads');
    const run = visit.page.getByRole('tabpanel').getByRole('button', { name: 'Run', exact: true });
    const said = visit.page.locator('rs-heads .said').first();
    await said.or(run).first().waitFor();
    await said.waitFor({ timeout: 120_000 });
    expect(await said.innerText()).toMatch(/^Highest: /);
    await press(visit, visit.page.locator('rs-heat-map td[role]').first(), 0.5, 0.5);
    await expect.poll(() => said.innerText()).toMatch(/^(?!Highest)/);
    await tapAside(visit);
    await expect.poll(() => said.innerText()).toMatch(/^Highest: /);
    await visit.end();
  });

  it('charts: the layer under the finger, in the table too', async () => {
    const visit = await open('lens');
    const chart = visit.page.locator('rs-line-chart .u-over').first();
    await visit.page.locator('rs-lens-charts').scrollIntoViewIfNeeded();
    await chart.waitFor();
    const heading = visit.page.getByRole('heading', { name: /^Layer \d, after|^Embedding/ });
    const words = await heading.innerText();
    await press(visit, chart, 0.2, 0.5);
    await expect.poll(() => heading.innerText()).not.toBe(words);
    await tapAside(visit);
    await expect.poll(() => heading.innerText()).toBe(words);
    await visit.end();
  });
});
